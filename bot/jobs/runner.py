"""Runs errands as procrastinate's jobs, and sweeps. It knows no relay: what it runs is handed to ``register``.

Others put errands in line with the database's function ``put_in_line``. An errand's job is deleted once its process
returned. A job whose process raised is tried again, when ``RetryLater`` says or on a growing schedule: nothing is
lost by a bug. Work holds its chat's lock and announcements their notice's, so each chat goes in order and one slow
chat holds up no other. Announcements have a queue of their own: when Slack hangs, memos are still sent. They need no
``queueing_lock``: the store asks for a turn only when none is pending. A process that is alone is handed its jobs as
they are put in line; processes that share a database ask for theirs.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from typing import Protocol

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job
from procrastinate.utils import utcnow
from procrastinate.worker import Worker

from bot.jobs.heartbeat import Heartbeat
from bot.jobs.intervals import Intervals
from bot.jobs.listener import Connection, listen
from bot.jobs.manager import Jobs
from bot.jobs.schema import Schema, engine_schemas
from bot.relay.errors import RetryLater
from bot.relay.model import ChatId, NoticeId, RefreshNotice, RelayJob, SendNext

WORK, ANNOUNCE = "work", "announce"

# Side by side. Slack takes about an edit a second: more would only be in the way of memos, by a sixth in a burst.
ANNOUNCERS = 4

log = logging.getLogger("memobridge.engine")

Sweep = tuple[float, Callable[[], Awaitable[None]]]


class Pool(Protocol):
    """A psycopg pool, as far as it is asked for here."""

    def connection(self) -> AbstractAsyncContextManager[Connection]: ...


class Retries(BaseRetryStrategy):
    """Every failed job comes again: when its ``RetryLater`` says, else after 1, 2, 4 ... seconds."""

    def __init__(self, longest_pause_s: float, now: Callable[[], datetime]) -> None:
        self._longest_pause_s = longest_pause_s
        self._now = now

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        pause = timedelta(seconds=min(2.0 ** min(job.attempts, 30), self._longest_pause_s))
        if isinstance(exception, RetryLater) and exception.after is not None:
            pause = exception.after
        if isinstance(exception, asyncio.CancelledError):
            pause = timedelta()
        return RetryDecision(retry_at=self._now() + pause)


class Engine:
    """One process's share of the work. Any number of processes may share one database."""

    def __init__(self, tempo: Intervals | None = None, now: Callable[[], datetime] = utcnow) -> None:
        self._tempo = tempo or Intervals()
        self._now = now
        self._app = App(connector=PsycopgConnector())
        self._jobs = Jobs(self._app.connector, now)
        self._app.job_manager = self._jobs
        self._pool: Pool | None = None
        self._sweeps: dict[str, Sweep] = {}
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopped.set()
        self._patience_s = self._tempo.patience

    def schemas(self) -> Sequence[Schema]:
        return engine_schemas()

    def register(
        self,
        work: Callable[[ChatId], Awaitable[None]],
        announce: Callable[[NoticeId], Awaitable[None]],
        sweeps: Mapping[str, Sweep],
        owed: Callable[[], Awaitable[Sequence[RelayJob]]] | None = None,
        hold: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``sweeps`` run every so many seconds in one process. ``owed`` names the errands that must be in line.
        ``hold`` returns when the next errand may begin; it must not take long."""

        retries = Retries(self._tempo.longest_pause, self._now)

        @self._app.task(name=WORK, queue=WORK, retry=retries)
        async def run_work(chat: str) -> None:
            await _reported(WORK, work(ChatId(chat)))

        @self._app.task(name=ANNOUNCE, queue=ANNOUNCE, retry=retries)
        async def run_announce(notice: str) -> None:
            await _reported(ANNOUNCE, announce(NoticeId(notice)))

        self._sweeps = dict(sweeps)
        if hold:
            self._jobs.hold = hold
        if owed:
            self._sweeps["restore"] = (self._tempo.restore, lambda: self._restore(owed))

    async def open(self, pool: Pool) -> None:
        self._pool = pool
        await self._app.open_async(pool)

    async def run(self, concurrency: int = 16) -> None:
        """Work until ``stop``. Whatever breaks under it, it starts again."""
        self._stopped.clear()
        try:
            while not self._stopping.is_set():
                await self._serve_safely(concurrency)
        finally:
            self._stopped.set()

    async def stop(self, patience_s: float | None = None) -> None:
        """Take no new job, wait this long for those under way, then cancel them: they come again elsewhere."""
        self._patience_s = self._tempo.patience if patience_s is None else patience_s
        self._stopping.set()
        await self._stopped.wait()

    async def _serve_safely(self, concurrency: int) -> None:
        assert self._pool is not None, "open comes before run"
        try:
            async with self._pool.connection() as session, self._pool.connection() as ear:
                await self._serve(session, ear, concurrency)
        except Exception as error:
            log.warning("engine.interrupted", extra={"error": repr(error)})
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._tempo.restart)

    async def _serve(self, session: object, ear: Connection, concurrency: int) -> None:
        """One life of the workers: until ``stop``, or until any part of it breaks."""
        self._jobs.begin(session)
        pulse = Heartbeat(self._jobs, session, self._tempo)
        workers = [self._worker(WORK, concurrency), self._worker(ANNOUNCE, min(concurrency, ANNOUNCERS))]
        # procrastinate leaves run and stop without types
        running = [asyncio.create_task(worker.run()) for worker in workers]  # type: ignore[no-untyped-call]
        hearing = listen(ear, {WORK: 0.0, ANNOUNCE: self._tempo.breath}, self._jobs)
        beside = [pulse.run(), hearing, self._sweep(pulse.leading)]
        watching = [asyncio.ensure_future(each) for each in (*beside, self._jobs.lost.wait(), self._stopping.wait())]
        try:
            ended, _ = await asyncio.wait([*running, *watching], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._drain(workers, running)
            for each in watching:
                each.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            await self._jobs.end()
        for each in ended:
            each.result()
        if not self._stopping.is_set():
            log.warning("engine.interrupted", extra={"error": "a job's end could not be stored, or a worker gave up"})

    async def _drain(self, workers: Sequence[Worker], running: Sequence[asyncio.Task[None]]) -> None:
        self._jobs.close()
        for worker in workers:
            worker.shutdown_graceful_timeout = self._patience_s
            worker.stop()  # type: ignore[no-untyped-call]
        await asyncio.gather(self._jobs.give_back(), *running, return_exceptions=True)

    def _worker(self, queue: str, concurrency: int) -> Worker:
        return Worker(
            self._app,
            queues=[queue],
            name=queue,
            concurrency=concurrency,
            fetch_job_polling_interval=self._tempo.longest_pause,  # the pulse looks instead
            abort_job_polling_interval=self._tempo.longest_pause,  # nothing here aborts a job from outside
            delete_jobs="always",
            install_signal_handlers=False,
            shutdown_graceful_timeout=self._patience_s,
            update_heartbeat_interval=self._tempo.heartbeat,
            stalled_worker_timeout=self._tempo.stale,
        )

    async def _sweep(self, leading: asyncio.Event) -> None:
        """Never ends by itself, also where there is nothing to sweep."""
        await leading.wait()
        async with asyncio.TaskGroup() as sweeping:
            for name, (every_s, sweep) in self._sweeps.items():
                sweeping.create_task(_repeat(name, every_s, sweep))
            await asyncio.Event().wait()

    async def _restore(self, owed: Callable[[], Awaitable[Sequence[RelayJob]]]) -> None:
        """Put in line again what should be there and is not: the net below all else."""
        errands = await owed()
        chats = [errand.chat for errand in errands if isinstance(errand, SendNext)]
        notices = [errand.notice for errand in errands if isinstance(errand, RefreshNotice)]
        count = await self._jobs.restore(WORK, "chat", chats) + await self._jobs.restore(ANNOUNCE, "notice", notices)
        if count:
            log.warning("engine.restored", extra={"count": count})


async def _reported(errand: str, doing: Awaitable[None]) -> None:
    try:
        await doing
    except RetryLater as later:
        log.info("engine.later", extra={"errand": errand, "reason": later.reason})
        raise
    except Exception:
        log.exception("engine.failed", extra={"errand": errand})
        raise


async def _repeat(name: str, every_s: float, sweep: Callable[[], Awaitable[None]]) -> None:
    while True:
        with suppress(Exception):
            await _reported(name, sweep())
        await asyncio.sleep(every_s)
