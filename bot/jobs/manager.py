"""Procrastinate's job manager with three gaps closed: missed wake-ups, late retries, and jobs that were taken over.

Where a worker is alone with its queue, the database gives it jobs without being asked, see ``0003_hands.sql``.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import Any

from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, JobInserted, Status
from procrastinate.manager import JobManager, NotificationCallback

WORKERS = 0x6D77  # first key of the advisory locks; the second is the worker's id
DUE_MARGIN_S = 0.005  # timers may fire a little early

# One statement, so that nobody sees a worker that does not hold its lock yet.
REGISTER = """
WITH worker AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id)
SELECT id, pg_advisory_lock(%(workers)s, id::integer) FROM worker
"""
# The worker's id is the fence: a job that was taken from a frozen process is not its to end when it wakes.
FINISH = "DELETE FROM procrastinate_jobs WHERE id = %(id)s AND worker_id = %(worker)s AND status = 'doing'"
# By the server's clock, with which it is compared later. Ours may be another.
RETRY = """
UPDATE procrastinate_jobs
SET status = 'todo', attempts = attempts + 1, worker_id = NULL, scheduled_at = now() + %(pause)s
WHERE id = %(id)s AND worker_id = %(worker)s AND status = 'doing'
"""
# This worker may be given jobs. It must be listening when this is stored.
READY = "INSERT INTO engine_hands (worker, queue) VALUES (%(worker)s, %(queue)s) ON CONFLICT DO NOTHING"
RESTORE = """
WITH missing AS (
    SELECT name FROM unnest(%(names)s::text[]) AS given (name) WHERE NOT EXISTS (
        SELECT FROM procrastinate_jobs WHERE lock = %(kind)s || ':' || name AND status IN ('todo', 'doing'))
)
SELECT put_in_line(%(errand)s, %(kind)s, ARRAY(SELECT name FROM missing)), (SELECT count(*) FROM missing) AS count
"""


class Jobs(JobManager):
    """Where procrastinate's workers get their jobs. A worker here serves one queue.

    ``lost`` is set when the end of a job could not be stored: only a new worker can make that good. ``hold`` returns
    when the next job may begin.
    """

    def __init__(self, connector: BaseConnector, now: Callable[[], datetime]) -> None:
        super().__init__(connector)
        self._now = now
        self.lost = asyncio.Event()
        self.own: list[int] = []
        self.hold: Callable[[], Awaitable[None]] = _at_once
        self._session: object = None
        self._told: defaultdict[str, float] = defaultdict(lambda: inf)
        self._given: defaultdict[str, deque[Job]] = defaultdict(deque)
        self._is_listening = False
        self._is_closed = False
        self._ready: set[int] = set()
        self._listeners: dict[str, NotificationCallback] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._waking: set[asyncio.Task[None]] = set()

    def begin(self, session: object) -> None:
        """The workers to come hold their locks in this session; whoever registered before is gone."""
        self._session = session
        self.own = []
        self.lost.clear()
        self._listeners.clear()
        self._told.clear()
        self._given.clear()
        self._ready.clear()
        self._is_listening = self._is_closed = False

    def close(self) -> None:
        """Take nothing new from now on."""
        self._is_closed = True

    async def give_back(self) -> None:
        """What was given and not begun goes back in line. Where it cannot, whoever takes over finds it."""
        for given in self._given.values():
            while given and not self.lost.is_set():
                await self._give_back(given.popleft())

    async def end(self) -> None:
        """Give back what the session holds."""
        if self._alarm:
            self._alarm.cancel()
        await self.connector.execute_query_one_async_with_connection(self._session, "SELECT pg_advisory_unlock_all()")

    async def register_worker(self) -> int:
        row = await self.connector.execute_query_one_async_with_connection(self._session, REGISTER, workers=WORKERS)
        self.own.append(row["id"])
        return int(row["id"])

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """What was given; else asks the database for as many jobs as were told of, or until it has none.

        Procrastinate's worker asks once more after each job, and forgets what it hears while it asks.
        """
        (queue,) = queues or ()
        await self._get_ready(queue, worker_id)
        await self.hold()
        while not self._is_closed and (self._given[queue] or self._told[queue] > 0):
            if self._given[queue]:
                return self._given[queue].popleft()
            told, self._told[queue] = self._told[queue], 0
            if job := await super().fetch_job([queue], worker_id):
                self._told[queue] += told - 1
                return await self._if_wanted(job)
        return None

    async def _if_wanted(self, job: Job) -> Job | None:
        """None for one that came while we began to leave."""
        if not self._is_closed:
            return job
        await self._give_back(job)
        return None

    async def _get_ready(self, queue: str, worker_id: int) -> None:
        if self._is_listening and worker_id not in self._ready:
            self._ready.add(worker_id)
            await self.connector.execute_query_async(READY, worker=worker_id, queue=queue)

    async def listening(self) -> None:
        """From now on everything is heard. What came before has told nobody."""
        self._is_listening = True
        await self.wake_all()

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Nothing is listened to here: ``wake`` is called by who does."""
        (queue,) = queues or ()
        self._listeners[queue] = on_notification
        await asyncio.Event().wait()

    async def wake(self, queue: str, jobs: float = inf) -> None:
        """Let the worker of this queue look for so many jobs."""
        self._told[queue] += jobs
        await self._stir(queue)

    async def _stir(self, queue: str) -> None:
        if listener := self._listeners.get(queue):
            await listener(channel="", notification=JobInserted(type="job_inserted", job_id=0))

    async def _give(self, queue: str, job: Job) -> None:
        if self._is_closed:
            await self._give_back(job)
            return
        self._given[queue].append(job)
        await self._stir(queue)

    async def _give_back(self, job: Job) -> None:
        await self._settle(RETRY, job, pause=timedelta())

    async def wake_all(self) -> None:
        for queue in tuple(self._listeners):
            await self.wake(queue)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await self._settle(FINISH, job)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        now = self._now()
        pause = max((retry_at or now) - now, timedelta())
        await self._settle(RETRY, job, pause=pause)
        self.look_in(pause)

    async def restore(self, errand: str, kind: str, names: Sequence[str]) -> int:
        """Put those in line that no job waits for or works on; gives how many they were."""
        if not names:
            return 0
        row = await self.connector.execute_query_one_async(RESTORE, errand=errand, kind=kind, names=list(names))
        return int(row["count"])

    def wake_in(self, seconds: float, queue: str, jobs: float) -> None:
        """``wake``, but not before so many seconds."""
        asyncio.get_running_loop().call_later(seconds, self._start, lambda: self.wake(queue, jobs))

    def give_in(self, seconds: float, queue: str, row: Mapping[str, Any]) -> None:
        """This job, which the database has marked as ours, comes next, but not before so many seconds."""
        if row["worker_id"] in self.own:
            job = Job.from_row(dict(row))
            asyncio.get_running_loop().call_later(seconds, self._start, lambda: self._give(queue, job))

    def look_in(self, delay: timedelta) -> None:
        """Look for due jobs after this time, unless a look is due before."""
        loop = asyncio.get_running_loop()
        when = loop.time() + max(0.0, delay.total_seconds()) + DUE_MARGIN_S
        if self._alarm and not self._alarm.cancelled() and loop.time() < self._alarm.when() <= when:
            return
        if self._alarm:
            self._alarm.cancel()
        self._alarm = loop.call_at(when, self._start, self.wake_all)

    def _start(self, wake: Callable[[], Coroutine[Any, Any, None]]) -> None:
        waking = asyncio.ensure_future(wake())
        self._waking.add(waking)
        waking.add_done_callback(self._waking.discard)

    async def _settle(self, query: str, job: Job, **params: object) -> None:
        try:
            await self.connector.execute_query_async(query, id=job.id, worker=job.worker_id, **params)
        except ConnectorException:
            self.lost.set()


async def _at_once() -> None:
    pass
