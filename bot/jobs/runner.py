"""Runs the jobs with procrastinate. It knows no relay: ``Handlers`` says what they do.

The rows are the truth, a job is only a permit to look at a room's next delivery, or at a notice: a lost or a spare one
does no harm. The store enqueues them with the SQL function ``enqueue_jobs``; each holds the lock of its room or notice,
so each room goes in order and a slow one holds up no other. Notices have a queue of their own: when the network that
shows them hangs, messages are still sent.

What has to wait waits in its row, and is enqueued when the wait is over: a job scheduled for later would hold up every
other job of its lock (procrastinate-org/procrastinate, issue 1599).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job

from bot.jobs.intervals import Intervals
from bot.jobs.listener import ListeningConnector, raise_if_cancelled
from bot.relay.errors import RelayError

SEND_NEXT, REFRESH_NOTICE = "send_next", "refresh_notice"
ABORT_WITHIN_S = 5.0  # for what a worker does after it has broken off the jobs under way
NOTICES_AT_ONCE = 64  # most of them wait: for the debounce, or for their turn within the network's rate limit

log = logging.getLogger("memobridge.jobs")

ENQUEUE_MISSING = "SELECT enqueue_missing_jobs(%(task)s, %(names)s::text[]) AS count"
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)  # in the past by any clock

Names = tuple[Sequence[str], Sequence[str]]


@dataclass(frozen=True)
class Handlers:
    """What the jobs do. ``due`` names the rooms and notices whose wait is over, ``missing`` all that need a job."""

    send_next: Callable[[str], Awaitable[None]]
    refresh_notice: Callable[[str], Awaitable[None]]
    due: Callable[[], Awaitable[Names]]
    missing: Callable[[], Awaitable[Names]]


class RetryAtOnce(BaseRetryStrategy):
    """Every failed job comes again: nothing is lost by a bug."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        del exception, job
        return RetryDecision(retry_at=AT_ONCE)


class JobRunner:
    """One process's share of the work. Any number of processes may share one database."""

    def __init__(
        self, handlers: Handlers, *, workers: int, stop_within_s: float = 10.0, intervals: Intervals | None = None
    ) -> None:
        """``workers``: how many rooms are worked on at once. ``stop_within_s``: what is under way when the bot stops is
        cancelled then, and found by the next start."""
        self._handlers = handlers
        self._workers = workers
        self._stop_within_s = stop_within_s
        self._intervals = intervals or Intervals()
        self._app = App(connector=ListeningConnector())
        self._running: dict[int, int | None] = {}  # the worker of each job that runs here
        self._own_workers: set[int | None] = set()
        self._suspects: set[int | None] = set()
        self._stopping = asyncio.Event()
        self._register()

    async def open(self, pool: Any) -> None:
        """Use these connections of the store's: a psycopg pool, about which nothing else is known here."""
        await self._app.open_async(pool)

    async def run(self) -> None:
        """Work until ``stop``, also when the database is gone for a while."""
        while not self._stopping.is_set():
            try:
                await self._serve()
            except Exception as error:
                log.warning("jobs.interrupted", extra={"reason": type(error).__name__})
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._intervals.restart_s)

    def stop(self) -> None:
        """Take no new job. ``run`` returns once those under way have ended."""
        self._stopping.set()

    def _register(self) -> None:
        retry = RetryAtOnce()

        @self._app.task(name=SEND_NEXT, queue=SEND_NEXT, retry=retry)
        async def send_next(name: str) -> None:
            await self._handlers.send_next(name)

        @self._app.task(name=REFRESH_NOTICE, queue=REFRESH_NOTICE, retry=retry)
        async def refresh_notice(name: str) -> None:
            await asyncio.sleep(self._intervals.notice_debounce_s)
            await self._handlers.refresh_notice(name)

    async def _serve(self) -> None:
        """One life of the workers: until ``stop``, or until any part of it breaks."""
        parts = [
            self._work(SEND_NEXT, self._workers),
            self._work(REFRESH_NOTICE, NOTICES_AT_ONCE),
            _repeat(self._intervals.enqueue_due_s, lambda: self._enqueue(self._handlers.due)),
            _repeat(self._intervals.enqueue_missing_s, lambda: self._enqueue(self._handlers.missing, log_missing=True)),
            _repeat(self._intervals.heartbeat_s, self._requeue_orphans),
            self._stopping.wait(),
        ]
        tasks = [asyncio.ensure_future(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(tasks, self._stop_within_s + ABORT_WITHIN_S)
        for task in done:
            task.result()

    async def _work(self, queue: str, concurrency: int) -> None:
        await self._app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=concurrency,
            fetch_job_polling_interval=self._intervals.poll_jobs_s,
            abort_job_polling_interval=3600.0,  # nothing here aborts a job from outside
            delete_jobs="always",
            install_signal_handlers=False,
            shutdown_graceful_timeout=self._stop_within_s,
            update_heartbeat_interval=self._intervals.heartbeat_s,
            stalled_worker_timeout=self._intervals.stalled_s,
            worker_middleware=[self._track],
        )

    async def _track(self, run: Callable[[], Awaitable[Any]], context: JobContext, worker: object) -> Any:
        """Know which jobs run here, and log what became of them: procrastinate's own log would show their arguments.

        The pause before another try is made here: procrastinate's would go by our clock, which may not be the server's.
        """
        del worker
        job = context.job
        assert job.id is not None
        self._running[job.id] = job.worker_id
        self._own_workers.add(job.worker_id)
        try:
            return await run()
        except RelayError as error:
            log.info("jobs.retried", extra={"task": job.task_name, "reason": error.reason})
            await asyncio.sleep(self._intervals.retry_s)
            raise
        except Exception:
            log.exception("jobs.failed", extra={"task": job.task_name})
            await asyncio.sleep(self._intervals.retry_s)
            raise
        finally:
            del self._running[job.id]

    async def _enqueue(self, names_of: Callable[[], Awaitable[Names]], *, log_missing: bool = False) -> None:
        for task, names in zip((SEND_NEXT, REFRESH_NOTICE), await names_of(), strict=True):
            if not names:
                continue
            row = await self._app.connector.execute_query_one_async(ENQUEUE_MISSING, task=task, names=list(names))
            if row["count"] and log_missing:
                log.warning("jobs.restored", extra={"task": task, "count": row["count"]})

    async def _requeue_orphans(self) -> None:
        """Jobs of processes that died or hang go on here; so do our own whose end could not be stored.

        A process that was only slow may still be at work: the fence of each row keeps its results out.
        """
        jobs = self._app.job_manager
        await jobs.prune_stalled_workers(self._intervals.stalled_s)
        orphans = list(await jobs.get_stalled_jobs(seconds_since_heartbeat=self._intervals.stalled_s))
        for job in [*orphans, *await self._lost_jobs()]:
            assert job.id is not None
            with suppress(ConnectorException):  # another process was faster
                await jobs.retry_job_by_id_async(job.id, retry_at=AT_ONCE)
                log.warning("jobs.requeued", extra={"task": job.task_name})

    async def _lost_jobs(self) -> list[Job]:
        """Jobs that the database counts as ours and that do not run here, twice in a row: one that was fetched or that
        ends just now is not lost."""
        listed: list[Job] = []
        for worker in self._own_workers:
            listed += await self._app.job_manager.list_jobs_async(status="doing", worker_id=worker)
        missing = {job.id: job for job in listed if job.id not in self._running}
        lost = [job for id_, job in missing.items() if id_ in self._suspects]
        self._suspects = set(missing)
        return lost


async def _repeat(every_s: float, act: Callable[[], Awaitable[None]]) -> None:
    """What the database does not allow now is done next time: no job under way is broken off for it."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await act()
        except (RelayError, ConnectorException) as error:
            log.info("jobs.not_looked_after", extra={"reason": type(error).__name__})
        raise_if_cancelled()


async def _end(tasks: Sequence[asyncio.Future[Any]], within_s: float) -> None:
    """A worker that is cancelled stops gracefully. Whoever has not ended in time has lost its cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=within_s)
    await asyncio.gather(*tasks, return_exceptions=True)
