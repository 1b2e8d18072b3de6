"""A bot that runs: services, receivers and worker, started in that order and drained side by side."""

import asyncio
import gc
import logging
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import TracebackType

from bot import server, telemetry
from bot.app import alerts, health
from bot.app.alerts import Alerts
from bot.app.bootstrap import PortDecorator, Services, open_services, undecorated
from bot.app.file_links import read_file_links
from bot.app.health import Checks
from bot.app.periodic import PeriodicTasks
from bot.app.receivers import Receivers
from bot.app.shutdown import Shutdown
from bot.linq.ids import NETWORK as LINQ
from bot.relay.errors import RelayError
from bot.relay.ids import network_of
from config.settings import Settings, renamed

log = logging.getLogger("memobridge.app")

POLL_EVERY_S = 5.0
COUNT_EVERY_S = 15.0  # as often as Prometheus asks
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
        self._checks = Checks()
        self._receivers: Receivers | None = None
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
        for old, new in renamed().items():
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
        self._receivers = receivers = Receivers(services, self._checks, self._metrics.text, self._periodic)
        self._shutdown.add(receivers.close)
        port = await (receivers.open() if self._role is not Role.WORKER else receivers.open_health())
        self._start_alerts(services)
        return port

    async def _start_with_file_links(self, services: Services) -> None:
        """A process that was given no file touches nothing: another one may have been given one."""
        path = self._settings.links_file
        if path is None:
            return
        try:
            await self._replace_file_links(services, path)
        except RelayError as error:  # Slack must say first which workspace the channels belong to
            log.warning("links_file.postponed", extra={"reason": error.reason})
            self._periodic.start("links file", FILE_LINKS_RETRY_S, partial(self._replace_file_links, services, path))

    async def _replace_file_links(self, services: Services, path: Path) -> None:
        if not self._has_file_links:
            links = await read_file_links(path, services.slack, services.linq)
            await services.database.links.replace_file_links(links)
            self._has_file_links = True

    def _add_checks(self, services: Services) -> None:
        """The order is the one in which readiness shows them."""
        problems = self._checks.problems
        problems["database"] = health.database(services.database)
        self._checks.slack.append(services.slack.ping)
        problems["slack"] = health.first_problem(self._checks.slack)
        self._checks.linq.append(health.remembered(health.reason_of(services.linq.ping)))
        problems["linq"] = health.first_problem(self._checks.linq)
        self._checks.warnings["rooms"] = health.rooms(services.database)
        problems["history"] = health.marks(services.database, self._metrics.oldest_mark.set)

    async def _start_work(self, services: Services) -> None:
        await self._start_audio(services)
        await services.jobs.open(services.database.pool)
        await services.backfill.open_gaps()
        working = asyncio.create_task(services.jobs.run(), name="jobs")
        self._shutdown.add(partial(_stop_jobs, services, working))
        search_timeout = timedelta(seconds=self._settings.send_confirm_seconds)
        show = self._metrics.oldest_due.set
        is_running = lambda: not working.done()  # noqa: E731
        self._checks.problems["worker"] = health.worker(services.database, search_timeout, is_running, show)
        self._periodic.start("counts", COUNT_EVERY_S, partial(self._count, services), at_once=True)
        self._periodic.start("poll", POLL_EVERY_S, partial(self._poll, services))
        for network in services.networks.names:
            read = partial(self._read_history, services, network)
            self._periodic.start(f"backfill of {network}", BACKFILL_EVERY_S, read)
        self._periodic.start("retention", RETENTION_EVERY_S, partial(self._forget, services))

    async def _start_audio(self, services: Services) -> None:
        """The workers prove themselves: once, a library of another version made every clip end as a broken file."""
        await services.audio.open()
        reason = await services.audio.self_test(services.spool.path)
        if reason:
            log.error("audio.self_test_failed", extra={"reason": reason})
        test = partial(services.audio.self_test, services.spool.path)
        self._checks.problems["audio"] = health.until_fine(health.remembered(test), reason)

    async def _count(self, services: Services) -> None:
        counts, metrics = await services.database.counts.read(), self._metrics
        metrics.show_deliveries(counts.deliveries)
        metrics.open_conversations.set(counts.open)
        metrics.waiting_conversations.set(counts.waiting)
        metrics.longest_wait.set(counts.longest_wait_s)
        metrics.unheard_chats.set(counts.unheard)
        metrics.first_answer.set(await services.database.conversations.first_answer_s())

    async def _poll(self, services: Services) -> None:
        """News that a webhook should have brought says that webhooks do not reach us."""
        if await services.receipts.poll_overdue() and self._receivers:
            await self._receivers.suspect(LINQ)

    async def _read_history(self, services: Services, network: str) -> None:
        """Each network on its own: while calls of one wait for their turn, up to 20 s each, the other's need not. With
        both in turn, the chats of twenty conversations were not all read within a minute after a start."""
        for _ in range(BACKFILL_CALLS_A_ROUND):
            read = await services.backfill.read_next(network)
            if read is None:
                return
            if read.is_event_missing and self._receivers:
                await self._receivers.suspect(network_of(read.room))

    async def _forget(self, services: Services) -> None:
        retention, settings = services.database.retention, self._settings
        await retention.delete_older_than(timedelta(days=settings.retention_days))
        await retention.delete_audit_older_than(timedelta(days=settings.audit_retention_days))
        if settings.linq_retention_days is None:
            await retention.forget_uploads_older_than(timedelta(days=settings.retention_days))
        else:
            await services.erasure.delete_uploads_older_than(timedelta(days=settings.linq_retention_days))

    def _start_alerts(self, services: Services) -> None:
        """Alerts tell what readiness shows, and the log is told even where no channel is."""
        channel, after_s = self._settings.slack_alert_channel, self._settings.alert_after_seconds
        speaker = "" if self._role is Role.ALL else f" ({self._role} process)"

        async def say(sentence: str) -> None:
            if channel:
                await services.slack.say(channel, sentence + speaker)

        async def reasons() -> dict[str, str]:
            found = await server.reasons(self._checks.problems | self._checks.warnings)
            self._metrics.show_dependencies(found)
            return found

        watch = Alerts(reasons, say, clock=time.monotonic, after_s=after_s)
        self._periodic.start("alerts", min(alerts.EVERY_S, after_s / 2), watch.check)


async def _stop_jobs(services: Services, working: asyncio.Task[None]) -> None:
    services.jobs.stop()
    await working
