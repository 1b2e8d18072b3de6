"""The local Linq put together: one account, its API, its hosts for files, and everything a test or the page may ask."""

import asyncio
import random
import time
import uuid
from datetime import UTC, datetime

from aiohttp import web

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.linq.administration import Administration
from bot.sandbox.linq.api.middleware import ApiMiddleware
from bot.sandbox.linq.endpoints.attachments import Attachments
from bot.sandbox.linq.endpoints.blocked_handles import BlockedHandles
from bot.sandbox.linq.endpoints.chats import ChatActivity, ChatCreation, ChatLists
from bot.sandbox.linq.endpoints.messages import MessageChanges, MessageLists, MessageSends
from bot.sandbox.linq.endpoints.participants import Participants
from bot.sandbox.linq.endpoints.phone_numbers import PhoneNumbers
from bot.sandbox.linq.endpoints.reactions import Reactions
from bot.sandbox.linq.endpoints.subscriptions import Subscriptions
from bot.sandbox.linq.endpoints.voicememos import VoiceMemos
from bot.sandbox.linq.fixtures import add_fixtures
from bot.sandbox.linq.media.attachment_store import AttachmentStore
from bot.sandbox.linq.media.media_host import PATH as MEDIA_PATH
from bot.sandbox.linq.media.media_host import MediaHost
from bot.sandbox.linq.media.upload_host import UploadHost
from bot.sandbox.linq.media.url_fetcher import UrlFetcher
from bot.sandbox.linq.phone import Phone
from bot.sandbox.linq.sending.delivery_progress import DeliveryProgress
from bot.sandbox.linq.sending.groups import Groups
from bot.sandbox.linq.sending.idempotency import Replays
from bot.sandbox.linq.sending.message_sender import MessageSender
from bot.sandbox.linq.sending.send_rules import SendRules
from bot.sandbox.linq.sending.tapbacks import Tapbacks
from bot.sandbox.linq.state.account import Account, memo_of
from bot.sandbox.linq.state.models import Chat, DeliveryStep, Memo, Message, Service, Subscription
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.event_factory import EventFactory
from bot.sandbox.linq.webhooks.event_types import EVENT_TYPES
from bot.sandbox.linq.webhooks.signing import new_secret
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender
from bot.sandbox.local_server import LocalServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

_PREFIX = "/api/partner"


class LinqServer:
    """A Linq on 127.0.0.1. ``start`` before asking for ``base_url``; ``stop`` leaves nothing running.

    ``phone`` is what people do, ``admin`` what Linq does by itself, ``switches`` what goes wrong.
    """

    def __init__(self, wire: Wire, time_scale: TimeScale) -> None:
        self.switches = Switches()
        self.api_key = f"linq-{uuid.uuid4().hex}"
        self.webhook_secret = new_secret()
        self.account = Account(lambda: datetime.now(UTC), lambda: str(uuid.uuid4()))
        add_fixtures(self.account)
        self._wire, self._time_scale, self._chance = wire, time_scale, random.Random(time.time_ns())
        self._stopping, self._background = asyncio.Event(), BackgroundTasks()
        self.store = AttachmentStore(self.account, self.switches, time_scale)
        self.fetcher = UrlFetcher(self.switches, wire)
        self._subscriptions = Subscriptions(self.account)
        self._webhooks = WebhookSender(self.account, self.switches, wire, time_scale, self._background, self._chance)
        self._events = EventFactory(self.account.new_id, self.store.address)
        self._tapbacks = Tapbacks(self.account, self.switches, self._events, self._webhooks)
        self._groups = Groups(self.account, self._events, self._webhooks)
        self._progress = DeliveryProgress(self.account, self.switches, self._events, self._webhooks, self._background)
        self.phone = Phone(
            self.account, self.store, self._events, self._webhooks, self._progress, self._tapbacks, self._groups, wire
        )
        self.admin = Administration(self.account, self.store, self._events, self._webhooks)
        self._media = MediaHost(self.account, self.switches, self.store, wire)
        self._api = LocalServer(self._api_app())
        self._uploads = LocalServer(UploadHost(self.account, self.switches, wire, self._stopping).app())
        self._own_media = LocalServer(self._media.app())
        self.switches.watch("down", self._apply_down)

    def _api_app(self) -> web.Application:
        """The API below its prefix, behind its middleware; media beside it, without any."""
        middleware = ApiMiddleware(self._wire, self.switches, self.api_key, self._stopping)
        api = web.Application(middlewares=[middleware.middleware()])
        api.add_routes(self._routes())
        app = web.Application()
        app.add_subapp(_PREFIX, api)
        app.router.add_get(MEDIA_PATH, self._media.serve)
        return app

    def _routes(self) -> list[web.RouteDef]:
        account, switches, store = self.account, self.switches, self.store
        rules, replays = SendRules(account, switches, self._time_scale), Replays(account)
        sender = MessageSender(account, switches, store, self.fetcher, rules, self._progress)
        events, webhooks = self._events, self._webhooks
        endpoints = (
            Attachments(account, store, self._time_scale),
            BlockedHandles(account),
            ChatLists(account, switches, self._chance),
            ChatActivity(account, rules),
            ChatCreation(account, switches, sender, replays, store, events, webhooks),
            MessageLists(account, switches, store, self._chance),
            MessageSends(account, switches, sender, replays, store),
            MessageChanges(account, switches, rules, store, events, webhooks),
            Participants(account, rules, self._groups),
            PhoneNumbers(account),
            Reactions(account, switches, rules, self._tapbacks),
            VoiceMemos(account, switches, store, sender),
            self._subscriptions,
        )
        return [route for endpoint in endpoints for route in endpoint.routes()]

    async def start(self, port: int = 0) -> None:
        """Listen; ``port`` is the API's, 0 for any free one. Raises OSError when it is taken."""
        await self._uploads.start()
        await self._own_media.start()
        await self._webhooks.start()
        await self.fetcher.start()
        await self._api.start(port)
        self.store.upload_origin, self.store.media_origin = self._uploads.origin, self._own_media.origin
        self.store.api_origin = self._api.origin

    async def stop(self) -> None:
        self._stopping.set()
        await self._background.cancel()
        for server in (self._api, self._uploads, self._own_media):
            await server.stop()
        await self.fetcher.stop()
        await self._webhooks.stop()

    @property
    def base_url(self) -> str:
        return self._api.origin + _PREFIX

    def subscribe(self, target_url: str) -> Subscription:
        """Make the default subscription: every event, signed with ``webhook_secret``. A second call moves it."""
        known = [each for each in self.account.subscriptions.values() if each.secret == self.webhook_secret]
        if known:
            known[0].target_url = target_url
            return known[0]
        return self._subscriptions.add(target_url, EVENT_TYPES, self.webhook_secret)

    def add_chat(self, *people: str, service: Service = "iMessage", chat_id: str = "", line: str = "") -> Chat:
        """Add a chat with these addresses (E.164 or e-mail); several make a group."""
        return self.account.add_chat(*people, service=service, chat_id=chat_id, line=line)

    def memos(self, chat_id: str) -> list[Memo]:
        """List the voice memos of ours in a chat, oldest first."""
        return self.account.memos(chat_id)

    def memo(self, memo_id: str) -> Memo:
        """Raises KeyError for a memo that does not exist."""
        return memo_of(self.account.messages[memo_id])

    def sent(self, chat_id: str) -> list[Message]:
        """List what was sent into a chat through the API, memos too, oldest first."""
        return [message for message in self.account.messages_in(chat_id) if message.sender.is_me]

    def advance(self, message_id: str, status: DeliveryStep) -> None:
        """Move a message by hand, for when ``progresses_automatically`` is off."""
        self._progress.advance(self.account.messages[message_id], status)

    def _apply_down(self) -> None:
        if self.switches.down == "refused":
            self._api.close()
        else:
            self._api.open()
