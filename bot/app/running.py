"""A bot that runs: rooms, doors, server and worker, started in that order and drained in the reverse."""

import asyncio
import gc
import logging
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from enum import StrEnum
from types import TracebackType

from aiohttp.web import Application
from pydantic import SecretStr

from bot import server, telemetry
from bot.app import health
from bot.app.rooms import Around, Rooms, as_it_is, now, offline
from bot.engine.engine import Sweep
from bot.lender import Lender
from bot.linq.webhooks import Entrance
from bot.relay.errors import RelayError
from bot.relay.links import FROM_FILE
from bot.relay.model import ChannelId, ChatId, Link
from bot.slack.listeners import Listeners
from bot.slack.over_http import HttpEntrance
from bot.slack.over_socket import SocketEntrance
from bot.slack.pace import Pace
from bot.slack.web import Web
from config.settings import Settings, load_links

log = logging.getLogger("memobridge.app")

LOOK_EVERY_S = 5.0
KEEP_HOUSE_EVERY_S = 3600.0
DRAIN_S = 8.0


class Role(StrEnum):
    """What one process does: the doors, the work, or both."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


class Bot:
    """``async with Bot(...)``: ready inside the block; at its end it takes nothing new and finishes what it began."""

    def __init__(self, settings: Settings, role: Role, metrics: telemetry.Metrics, around: Around = as_it_is) -> None:
        self._settings = settings
        self._role = role
        self._metrics = metrics
        self._around = around
        self._stack = AsyncExitStack()
        self._working: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Bot":
        try:
            port = await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        gc.collect()
        gc.freeze()  # what is here now stays: the collector need not look at it again
        log.info("ready", extra={"port": port, "role": self._role})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        log.info("leaving")
        await self._stack.aclose()
        log.info("left")

    async def _start(self) -> int:
        rooms = await self._stack.enter_async_context(offline(self._settings, self._around))
        await self._take_over_links(rooms)
        pings: dict[str, health.Ping] = {"database": health.reason(rooms.database.ping)}
        pings["linq"] = health.now_and_then(health.reason(rooms.linq.ping))
        if self._role is not Role.WEB:
            await self._start_work(rooms)
            pings["worker"] = health.worker(rooms.database, lambda: not (self._working and self._working.done()))
        return await (self._serve(rooms, pings) if self._role is not Role.WORKER else self._watch(pings))

    async def _start_work(self, rooms: Rooms) -> None:
        await rooms.audio.open()
        engine = rooms.engine
        engine.register(rooms.clips.work, rooms.notices.announce, self._sweeps(rooms), rooms.database.owed)
        await engine.open(rooms.database.pool)
        self._working = asyncio.create_task(engine.run(self._settings.workers), name="engine")
        self._stack.push_async_callback(engine.stop, DRAIN_S)

    def _sweeps(self, rooms: Rooms) -> dict[str, Sweep]:
        async def forget() -> None:
            await rooms.database.forget(now() - timedelta(days=self._settings.retention_days))

        return {"look": (LOOK_EVERY_S, rooms.receipts.sweep), "forget": (KEEP_HOUSE_EVERY_S, forget)}

    async def _serve(self, rooms: Rooms, pings: dict[str, health.Ping]) -> int:
        """Both doors, on one port; Socket Mode opens Slack's from the inside."""
        webhooks = Entrance(rooms.receipts.add, secret=_shown(self._settings.linq_webhook_secret), now=now)
        listeners = rooms.slack.listeners(
            clips=rooms.clips,
            links=rooms.links,
            wishes=rooms.wishes,
            allowed_bots=self._settings.slack_allowed_bots,
        )
        pings["slack"] = rooms.slack.lookups.ping
        self._stack.push_async_callback(rooms.slack.answers.drain, DRAIN_S)
        lender = Lender(rooms.lending, rooms.slack.client, rooms.audio) if rooms.lending else None
        port = await self._listen(
            server.routes(
                pings=pings,
                metrics=self._metrics.text,
                slack_events=self._http_entrance(listeners),
                linq_webhooks=webhooks.webhook,
                lent_clips=lender.clip if lender else None,
            )
        )
        await self._keep_subscription(rooms, webhooks)
        await self._connect_socket(rooms, listeners, pings)
        return port

    def _http_entrance(self, listeners: Listeners) -> server.Handler | None:
        secret = _shown(self._settings.slack_signing_secret)
        return HttpEntrance(listeners.dispatch, secret).events if secret else None

    async def _connect_socket(self, rooms: Rooms, listeners: Listeners, pings: dict[str, health.Ping]) -> None:
        token = _shown(self._settings.slack_app_token)
        if not token:
            return
        web = Web(token, rooms.session, self._settings.slack_api_url, Pace(time.monotonic))
        socket = SocketEntrance(listeners.dispatch, web, clock=time.monotonic)
        socket.start()
        self._stack.push_async_callback(socket.stop, DRAIN_S)
        pings["slack"] = health.first_trouble(rooms.slack.lookups.ping, socket.ping)

    async def _watch(self, pings: dict[str, health.Ping]) -> int:
        """A worker serves no door, only its health."""
        return await self._listen(server.routes(pings=pings, metrics=self._metrics.text))

    async def _listen(self, app: Application) -> int:
        runner, port = await server.listen(app, self._settings.host, self._settings.port)
        self._stack.push_async_callback(runner.cleanup)
        return port

    async def _take_over_links(self, rooms: Rooms) -> None:
        pairs = load_links(self._settings.links_file) if self._settings.links_file else []
        await rooms.database.links.lay_under([Link(ChannelId(c), ChatId(chat), "", FROM_FILE) for c, chat in pairs])

    async def _keep_subscription(self, rooms: Rooms, entrance: Entrance) -> None:
        if rooms.subscriber is None:
            return
        try:
            heard = await rooms.subscriber.keep(has_secret=bool(_shown(self._settings.linq_webhook_secret)))
        except RelayError as error:
            log.warning("subscription not kept", extra={"code": error.code})
            return
        if heard.secret:
            entrance.trust(heard.secret)


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
