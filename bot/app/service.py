"""A bot that runs: rooms, doors, server and worker, started in that order and drained in the reverse."""

import asyncio
import gc
import logging
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from enum import StrEnum
from functools import partial
from types import TracebackType

from aiohttp.web import Application
from pydantic import SecretStr

from bot import server, telemetry
from bot.app import alerts, health, webhook_watchdog
from bot.app.alerts import Alerts
from bot.app.bootstrap import PortDecorator, Services, as_it_is, links_kept, now, offline
from bot.app.periodic import PeriodicTasks
from bot.app.shutdown import DRAIN_S, Shutdown
from bot.app.webhook_watchdog import WebhookWatchdog
from bot.jobs.runner import Sweep
from bot.linq.webhooks import Entrance
from bot.media_route import MediaRoute
from bot.relay.media.spool import clear_spools
from bot.relay.model import ChannelId
from bot.slack.listeners import Listeners
from bot.slack.over_http import Dispatch, HttpEntrance
from bot.slack.over_socket import SocketEntrance
from bot.slack.pace import Pace
from bot.slack.web import Web
from config.settings import Settings

log = logging.getLogger("memobridge.app")

LOOK_EVERY_S = 5.0
KEEP_HOUSE_EVERY_S = 3600.0


class Role(StrEnum):
    """What one process does: the doors, the work, or both."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


class Bot:
    """``async with Bot(...)``: ready inside the block; at its end it takes nothing new and finishes what it began."""

    def __init__(
        self, settings: Settings, role: Role, metrics: telemetry.Metrics, around: PortDecorator = as_it_is
    ) -> None:
        self._settings = settings
        self._role = role
        self._metrics = metrics
        self._around = around
        self._stack = AsyncExitStack()
        self._drains = Shutdown()
        self._working: asyncio.Task[None] | None = None
        self._pings: dict[str, health.Ping] = {}
        self._rounds = PeriodicTasks()
        self._entrance: Entrance | None = None
        self._subscribed: WebhookWatchdog | None = None
        self._socket: SocketEntrance | None = None
        self._linq_pings: list[health.Ping] = []

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
        # Where processes share a database, another one mostly has the job first.
        ahead = self._settings.workers if self._role is Role.ALL and self._settings.database_url is None else 0
        rooms = await self._stack.enter_async_context(offline(self._settings, self._around, ahead=ahead))
        self._stack.push_async_callback(self._drains.run)
        await rooms.database.links.lay_under(links_kept(self._settings))
        if ahead:
            rooms.carrier.head_starts.know(link.channel for link in await rooms.database.links.all())
        self._pings["database"] = health.reason(rooms.database.ping)
        self._linq_pings.append(health.now_and_then(health.reason(rooms.linq.ping)))
        self._pings["linq"] = health.first_trouble(self._linq_pings)
        if self._role is not Role.WEB:
            await self._start_work(rooms)
        self._drains.add(self._rounds.stop)
        port = await (self._serve(rooms) if self._role is not Role.WORKER else self._watch())
        self._keep_watch(rooms)
        return port

    async def _start_work(self, rooms: Services) -> None:
        await rooms.audio_workers.open()
        engine = rooms.engine
        hold = rooms.carrier.head_starts.rush.over
        engine.register(rooms.clips.work, rooms.notices.announce, self._sweeps(rooms), rooms.database.owed, hold)
        await engine.open(rooms.database.pool)
        self._working = asyncio.create_task(engine.run(self._settings.workers), name="engine")
        self._drains.add(partial(engine.stop, DRAIN_S))
        is_running = lambda: not (self._working and self._working.done())  # noqa: E731
        find_for = timedelta(seconds=self._settings.find_seconds)
        self._pings["worker"] = health.worker(rooms.database, find_for, is_running, self._metrics.oldest_due.set)

    def _sweeps(self, rooms: Services) -> dict[str, Sweep]:
        async def look() -> None:
            if not await rooms.receipts.sweep():
                return
            if self._entrance:
                self._entrance.doubt()
            if self._subscribed:
                await self._subscribed.doubt()

        async def forget() -> None:
            await rooms.database.forget(now() - timedelta(days=self._settings.retention_days))
            await asyncio.to_thread(clear_spools, None, time.time())

        return {"look": (LOOK_EVERY_S, look), "forget": (KEEP_HOUSE_EVERY_S, forget)}

    async def _serve(self, rooms: Services) -> int:
        """Both doors, on one port; Socket Mode opens Slack's from the inside."""
        secret = _shown(self._settings.linq_webhook_secret)
        self._entrance = webhooks = Entrance(rooms.receipts.add, secret=secret, now=now)
        self._linq_pings.append(webhooks.ping)
        listeners = rooms.slack.listeners(
            clips=rooms.clips,
            links=rooms.links,
            wishes=rooms.wishes,
            allowed_bots=self._settings.slack_allowed_bots,
        )
        slack_pings: list[health.Ping] = [rooms.slack.lookups.ping]
        self._pings["slack"] = health.first_trouble(slack_pings)
        self._drains.add(partial(rooms.slack.answers.drain, DRAIN_S))
        dispatch = self._listen_back(rooms, listeners, slack_pings)
        lender = MediaRoute(rooms.lending, rooms.slack.client, rooms.audio) if rooms.lending else None
        port = await self._listen(
            server.routes(
                pings=self._pings,
                metrics=self._metrics.text,
                slack_events=self._http_entrance(dispatch),
                linq_webhooks=webhooks.webhook,
                lent_clips=lender.clip if lender else None,
            )
        )
        await self._keep_subscription(rooms, webhooks)
        self._connect_socket(rooms, dispatch, slack_pings)
        return port

    def _listen_back(self, rooms: Services, listeners: Listeners, slack_pings: list[health.Ping]) -> Dispatch:
        """Look now and then for clips that Slack never told of."""
        every_s = self._settings.hear_check_seconds
        if not every_s:
            return listeners.dispatch
        allowed, grace = self._settings.slack_allowed_bots, timedelta(seconds=every_s)
        unheard = rooms.slack.unheard(clips=rooms.clips, links=rooms.links, grace=grace, allowed_bots=allowed)

        async def look() -> None:
            if await unheard.look() and self._socket:
                self._socket.doubt()

        self._rounds.start("unheard", every_s, look)
        slack_pings.append(unheard.ping)
        return unheard.listening(listeners.dispatch)

    def _http_entrance(self, dispatch: Dispatch) -> server.Handler | None:
        secret = _shown(self._settings.slack_signing_secret)
        return HttpEntrance(dispatch, secret).events if secret else None

    def _connect_socket(self, rooms: Services, dispatch: Dispatch, slack_pings: list[health.Ping]) -> None:
        token = _shown(self._settings.slack_app_token)
        if not token:
            return
        web = Web(token, rooms.session, self._settings.slack_api_url, Pace(time.monotonic))
        self._socket = SocketEntrance(dispatch, web, clock=time.monotonic)
        self._socket.start()
        self._drains.add(partial(self._socket.stop, DRAIN_S))
        slack_pings.append(self._socket.ping)

    async def _watch(self) -> int:
        """A worker serves no door, only its health."""
        return await self._listen(server.routes(pings=self._pings, metrics=self._metrics.text))

    async def _listen(self, app: Application) -> int:
        runner, port = await server.listen(app, self._settings.host, self._settings.port, patience_s=DRAIN_S)
        self._drains.add(runner.cleanup)
        return port

    async def _keep_subscription(self, rooms: Services, entrance: Entrance) -> None:
        if rooms.subscriber is None:
            return
        has_secret = bool(_shown(self._settings.linq_webhook_secret))
        self._subscribed = WebhookWatchdog(rooms.subscriber, entrance, has_secret=has_secret, clock=time.monotonic)
        self._linq_pings.append(self._subscribed.ping)
        await self._subscribed.look()
        self._rounds.start("subscription", webhook_watchdog.EVERY_S, self._subscribed.look)

    def _keep_watch(self, rooms: Services) -> None:
        """The alarm watches whatever readiness shows, and the log is told even where no channel is."""
        channel, lasts_s = ChannelId(self._settings.slack_alert_channel), self._settings.alert_after_seconds
        speaker = "" if self._role is Role.ALL else f" ({self._role} process)"

        async def say(sentence: str) -> None:
            if channel:
                await rooms.slack.client.say(channel, sentence + speaker)

        watch = Alerts(lambda: server.reasons(self._pings), say, clock=time.monotonic, lasts_s=lasts_s)
        self._rounds.start("alarm", min(alerts.EVERY_S, lasts_s / 2), watch.look)


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
