"""A bot that runs: services, receivers, server and worker, started in that order and drained in the reverse."""

import asyncio
import gc
import logging
import os
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
from bot.app.account import AccountEvents
from bot.app.alerts import Alerts
from bot.app.bootstrap import PortDecorator, Services, file_links, open_services, undecorated
from bot.app.periodic import PeriodicTasks
from bot.app.shutdown import DRAIN_FOR_S, Shutdown
from bot.app.webhook_watchdog import WebhookWatchdog
from bot.linq.inbound.http_receiver import WebhookReceiver
from bot.linq.inbound.ports import Sinks
from bot.media_route import MediaRoute
from bot.relay.errors import RetryLater
from bot.slack.inbound.http_receiver import Dispatch, HttpReceiver
from bot.slack.inbound.socket_receiver import SocketReceiver
from config.settings import Settings, renamed

log = logging.getLogger("memobridge.app")

POLL_EVERY_S = 5.0
BACKFILL_EVERY_S = 2.0
BACKFILL_CALLS_A_ROUND = 2
"""Together at most one call a second: Slack allows 50 a minute, Linq tolerates a call a second."""
RETENTION_EVERY_S = 3600.0
FILE_LINKS_RETRY_S = 15.0


class Role(StrEnum):
    """What one process does: receive, work, or both."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


class Service:
    """``async with Service(...)``: ready inside the block; at its end it takes nothing new and finishes what it has."""

    def __init__(
        self, settings: Settings, role: Role, metrics: telemetry.Metrics, decorate: PortDecorator = undecorated
    ) -> None:
        self._settings = settings
        self._role = role
        self._metrics = metrics
        self._decorate = decorate
        self._stack = AsyncExitStack()
        self._shutdown = Shutdown()
        self._periodic = PeriodicTasks()
        self._checks: dict[str, health.HealthCheck] = {}
        self._linq_checks: list[health.HealthCheck] = []
        self._slack_checks: list[health.HealthCheck] = []
        self._webhooks: WebhookReceiver | None = None
        self._watchdog: WebhookWatchdog | None = None
        self._socket: SocketReceiver | None = None
        self._has_file_links = False

    async def __aenter__(self) -> "Service":
        try:
            port = await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        gc.collect()
        gc.freeze()  # what is here now stays: the collector need not look at it again
        log.info("service.ready", extra={"port": port, "role": self._role})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        log.info("service.stopping")
        await self._stack.aclose()
        log.info("service.stopped")

    async def _start(self) -> int:
        for old, new in renamed(os.environ):
            log.warning("settings.renamed", extra={"old": old, "new": new})
        # Where processes share a database, another one mostly has the job first.
        prefetch = self._settings.workers if self._role is Role.ALL and self._settings.database_url is None else 0
        services = await self._stack.enter_async_context(
            open_services(self._settings, self._decorate, prefetch=prefetch)
        )
        self._stack.push_async_callback(self._shutdown.run)
        self._shutdown.add(self._periodic.stop)
        await self._start_with_file_links(services)
        self._add_checks(services)
        if self._role is not Role.WEB:
            await self._start_work(services)
        port = await (self._serve(services) if self._role is not Role.WORKER else self._serve_health())
        self._start_alerts(services)
        return port

    async def _start_with_file_links(self, services: Services) -> None:
        """Nothing is touched by a process that was given no file: another one may have been."""
        if self._settings.links_file is None:
            return
        try:
            await self._load_file_links(services)
        except RetryLater as later:  # Slack must say first which workspace the channels belong to
            log.warning("links_file.postponed", extra={"reason": later.reason})
            self._periodic.start("links file", FILE_LINKS_RETRY_S, partial(self._load_file_links, services))

    async def _load_file_links(self, services: Services) -> None:
        if not self._has_file_links:
            await services.database.links.replace_file_links(await file_links(services))
            self._has_file_links = True

    def _add_checks(self, services: Services) -> None:
        """The order is the one in which readiness shows them."""
        self._checks["database"] = health.database(services.database)
        self._slack_checks.append(services.slack.ping)
        self._checks["slack"] = health.first_problem(self._slack_checks)
        self._linq_checks.append(health.remembered(health.reason_of(services.linq.ping)))
        self._checks["linq"] = health.first_problem(self._linq_checks)
        self._checks["history"] = health.marks(services.database, self._metrics.oldest_mark.set)

    async def _start_work(self, services: Services) -> None:
        await services.audio.open()
        audio = await services.audio.self_test()
        if audio:
            log.error("audio.self_test_failed", extra={"reason": audio})
        self._checks["audio"] = health.remembered(services.audio.self_test) if audio else _fine
        await services.jobs.open(services.database.pool)
        await services.backfill.open_gaps()
        working = asyncio.create_task(services.jobs.run(), name="jobs")
        self._shutdown.add(partial(_stop_jobs, services, working))
        search_timeout = timedelta(seconds=self._settings.send_confirm_seconds)
        show = self._metrics.oldest_due.set
        self._checks["worker"] = health.worker(services.database, search_timeout, lambda: not working.done(), show)
        self._periodic.start("poll", POLL_EVERY_S, partial(self._poll, services))
        self._periodic.start("backfill", BACKFILL_EVERY_S, partial(self._read_history, services))
        self._periodic.start("retention", RETENTION_EVERY_S, partial(self._forget, services))

    async def _poll(self, services: Services) -> None:
        """News that a webhook should have brought says that webhooks do not reach us."""
        if not await services.receipts.poll_overdue():
            return
        if self._webhooks:
            self._webhooks.suspect_secret()
        if self._watchdog:
            await self._watchdog.suspect()

    async def _read_history(self, services: Services) -> None:
        for _ in range(BACKFILL_CALLS_A_ROUND):
            found = await services.backfill.read_next()
            if found is None:
                return
            if found and self._socket:
                self._socket.suspect_connection()

    async def _forget(self, services: Services) -> None:
        await services.database.retention.delete_older_than(timedelta(days=self._settings.retention_days))

    async def _serve(self, services: Services) -> int:
        """Both receivers, on one port; Socket Mode opens Slack's from the inside."""
        account = AccountEvents(self._suspect_webhooks)
        self._webhooks = webhooks = services.linq.webhook_receiver(
            Sinks(services.deliveries, services.receipts, services.database.people, account),
            secret=_shown(self._settings.linq_webhook_secret),
        )
        self._linq_checks += [webhooks.ping, account.health]
        dispatcher = services.slack.dispatcher(
            services.deliveries, services.links, services.actions, services.conversations
        )
        secret = _shown(self._settings.slack_signing_secret)
        slack = HttpReceiver(dispatcher.dispatch, secret) if secret else None
        self._shutdown.add(partial(services.slack.drain, DRAIN_FOR_S))
        port = await self._listen(
            server.routes(
                checks=self._checks,
                metrics=self._metrics.text,
                slack_events=slack.events if slack else None,
                linq_webhooks=webhooks.receive,
                clips=self._media_route(services),
            )
        )
        await self._watch_webhooks(services, webhooks)
        self._connect_socket(services, dispatcher.dispatch)
        return port

    def _media_route(self, services: Services) -> server.Handler | None:
        if services.temporary_urls is None:
            return None
        route = MediaRoute(services.temporary_urls, services.networks, services.voice, services.spool.path)
        self._stack.callback(route.close)
        return route.clip

    def _connect_socket(self, services: Services, dispatch: Dispatch) -> None:
        token = _shown(self._settings.slack_app_token)
        if not token:
            return
        self._socket = services.slack.socket_receiver(dispatch, token)
        self._socket.start()
        self._shutdown.add(partial(self._socket.stop, DRAIN_FOR_S))
        self._slack_checks.append(self._socket.ping)

    async def _serve_health(self) -> int:
        """A worker receives nothing; it shows its health."""
        return await self._listen(server.routes(checks=self._checks, metrics=self._metrics.text))

    async def _listen(self, app: Application) -> int:
        listener, port = await server.listen(app, self._settings.host, self._settings.port, stop_within_s=DRAIN_FOR_S)
        self._shutdown.add(listener.close)
        return port

    async def _watch_webhooks(self, services: Services, webhooks: WebhookReceiver) -> None:
        if services.linq.subscriber is None:
            return
        subscriber = services.linq.subscriber
        self._watchdog = WebhookWatchdog(
            lambda has_secret: subscriber.ensure(has_secret=has_secret),
            webhooks.add_secret,
            has_secret=bool(_shown(self._settings.linq_webhook_secret)),
            clock=time.monotonic,
        )
        self._linq_checks.append(self._watchdog.health)
        await self._watchdog.check()
        self._periodic.start("subscription", webhook_watchdog.EVERY_S, self._watchdog.check)

    async def _suspect_webhooks(self) -> None:
        if self._watchdog:
            await self._watchdog.suspect()

    def _start_alerts(self, services: Services) -> None:
        """Alerts tell what readiness shows, and the log is told even where no channel is."""
        channel, after_s = self._settings.slack_alert_channel, self._settings.alert_after_seconds
        speaker = "" if self._role is Role.ALL else f" ({self._role} process)"

        async def say(sentence: str) -> None:
            if channel:
                await services.slack.say(channel, sentence + speaker)

        watch = Alerts(lambda: server.reasons(self._checks), say, clock=time.monotonic, after_s=after_s)
        self._periodic.start("alerts", min(alerts.EVERY_S, after_s / 2), watch.check)


async def _stop_jobs(services: Services, working: asyncio.Task[None]) -> None:
    services.jobs.stop()
    await working


async def _fine() -> str:
    return ""


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
