"""The local Linq put together: one account, two ports, and everything a test or a page may ask of it."""

import asyncio
import random
import time
import uuid
from datetime import UTC, datetime

from aiohttp import web

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.control.linq_routes import Control
from bot.sandbox.linq.api.middleware import ApiMiddleware
from bot.sandbox.linq.catalog import EVENT_TYPES
from bot.sandbox.linq.endpoints.attachments import Attachments
from bot.sandbox.linq.endpoints.lookups import Lookups
from bot.sandbox.linq.endpoints.subscriptions import Subscriptions
from bot.sandbox.linq.endpoints.voicememos import VoiceMemos
from bot.sandbox.linq.fixtures import gather
from bot.sandbox.linq.media.upload_host import UploadHost
from bot.sandbox.linq.media.url_fetcher import UrlFetcher
from bot.sandbox.linq.phone import Phone
from bot.sandbox.linq.sending.delivery_progress import DeliveryProgress
from bot.sandbox.linq.sending.send_rules import SendRules
from bot.sandbox.linq.state.account import Account, memo_of
from bot.sandbox.linq.state.models import Chat, Memo, Reached, Service, Subscription
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.faults import WebhookFaults
from bot.sandbox.linq.webhooks.signing import new_secret
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender
from bot.sandbox.local_server import LocalServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

_PREFIX = "/api/partner"


class LinqServer:
    """A Linq on 127.0.0.1. ``start`` before asking for ``base_url``; ``stop`` leaves nothing running."""

    def __init__(self, wire: Wire, pace: TimeScale) -> None:
        self.switches = Switches()
        self.api_key = f"linq-{uuid.uuid4().hex}"
        self.webhook_secret = new_secret()
        self.account = Account(lambda: datetime.now(UTC), lambda: str(uuid.uuid4()))
        gather(self.account)
        chance = random.Random(time.time_ns())
        self._stopping = asyncio.Event()
        self._background = BackgroundTasks()
        self._postman = WebhookSender(self.account, self.switches, wire, pace, self._background, chance)
        self.fetcher = UrlFetcher(self.switches, wire)
        self._progress = DeliveryProgress(self.account, self.switches, self._postman, self._background)
        self._attachments = Attachments(self.account, pace)
        self._subscriptions = Subscriptions(self.account)
        self.phone = Phone(self.account, self._attachments, self._postman, self._progress, wire)
        self.mischief = WebhookFaults(self.account, self._attachments, self._postman)
        gates = SendRules(self.account, self.switches, pace)
        memos = VoiceMemos(self.account, self.switches, self._attachments, gates, self.fetcher, self._progress)
        reading = Lookups(self.account, self.switches, chance)
        crossing = ApiMiddleware(wire, self.switches, self.api_key, self._stopping)
        api = web.Application(middlewares=[crossing.middleware()])
        routes = [*self._attachments.routes(), *memos.routes(), *reading.routes(), *self._subscriptions.routes()]
        api.add_routes([under(_PREFIX, route) for route in routes])
        self._api = LocalServer(api)
        self._storage = LocalServer(UploadHost(self.account, self.switches, wire, self._stopping).app())
        self.switches.watch("down", self._obey_down)

    async def start(self, port: int = 0) -> None:
        await self._storage.start()
        self._attachments.storage = self._storage.origin
        await self._postman.start()
        await self.fetcher.start()
        await self._api.start(port)

    async def stop(self) -> None:
        self._stopping.set()
        await self._background.stop()
        await self._api.stop()
        await self._storage.stop()
        await self.fetcher.stop()
        await self._postman.stop()

    @property
    def base_url(self) -> str:
        return self._api.origin + _PREFIX

    def subscribe(self, target_url: str) -> Subscription:
        """The default subscription: every event, signed with ``webhook_secret``. Asking again moves it."""
        known = [each for each in self.account.subscriptions.values() if each.secret == self.webhook_secret]
        if known:
            known[0].target_url = target_url
            return known[0]
        return self._subscriptions.add(target_url, EVENT_TYPES, self.webhook_secret)

    def add_chat(self, *people: str, service: Service = "iMessage", chat_id: str = "") -> Chat:
        """One more chat with these addresses (E.164 or email); several make a group."""
        return self.account.add_chat(*people, service=service, chat_id=chat_id)

    def memos(self, chat_id: str) -> list[Memo]:
        """The memos of a chat, oldest first."""
        return self.account.memos(chat_id)

    def memo(self, memo_id: str) -> Memo:
        """KeyError for a memo that does not exist."""
        return memo_of(self.account.messages[memo_id])

    def advance(self, memo_id: str, status: Reached) -> None:
        """Move a memo by hand, for when ``progresses_automatically`` is off."""
        self._progress.advance(self.account.messages[memo_id], status)

    def control_routes(self) -> list[web.RouteDef]:
        """This surface over HTTP, under ``/linq``."""
        return Control(self).routes()

    def _obey_down(self) -> None:
        if self.switches.down == "refused":
            self._api.shut()
        else:
            self._api.open()


def under(prefix: str, route: web.RouteDef) -> web.RouteDef:
    """The same route below a prefix."""
    return web.RouteDef(route.method, prefix + route.path, route.handler, route.kwargs)
