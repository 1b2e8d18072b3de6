"""What an engine does every few seconds: look for the dead, for the leader's chair, and for jobs that come due.

Every worker holds an advisory lock in a session that lives as long as its process, and the server frees it the moment
the process is gone. Heartbeats are for processes that hang.
"""

import asyncio
from datetime import timedelta

from bot.jobs.intervals import Intervals
from bot.jobs.manager import WORKERS, Jobs

LEADERS = 0x6D6C

BEAT = """
WITH dead AS (
    DELETE FROM procrastinate_workers AS worker WHERE id <> ALL(%(own)s) AND (
        last_heartbeat < now() - %(stale_s)s * interval '1 second'
        OR NOT EXISTS (
            SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %(workers)s AND objid = worker.id
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())))
)
SELECT CASE WHEN %(leading)s THEN true ELSE pg_try_advisory_lock(%(leaders)s, 0) END AS leading,
    CASE WHEN EXISTS (
        SELECT FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at <= now(), true))
    THEN 0 ELSE (
        SELECT extract(epoch FROM min(scheduled_at) - now()) FROM procrastinate_jobs WHERE status = 'todo')
    END::float AS due_in_s
"""
# The foreign key has taken the dead worker's name off its jobs. They go on at once.
INHERIT = """
UPDATE procrastinate_jobs SET status = 'todo', attempts = attempts + 1 WHERE status = 'doing' AND worker_id IS NULL
"""


class Heartbeat:
    """The heartbeat of one session. ``leading`` is set once this process has the leader's chair."""

    def __init__(self, jobs: Jobs, session: object, tempo: Intervals) -> None:
        self.leading = asyncio.Event()
        self._jobs = jobs
        self._session = session
        self._tempo = tempo

    async def run(self) -> None:
        """Ends with an error when the session breaks."""
        while True:
            await self._beat()
            await asyncio.sleep(self._tempo.beat)

    async def _beat(self) -> None:
        connector = self._jobs.connector
        row = await connector.execute_query_one_async_with_connection(
            self._session,
            BEAT,
            own=self._jobs.own,
            stale_s=self._tempo.stale,
            workers=WORKERS,
            leaders=LEADERS,
            leading=self.leading.is_set(),
        )
        await connector.execute_query_all_async_with_connection(self._session, INHERIT + " RETURNING id")
        if row["leading"]:
            self.leading.set()
        if row["due_in_s"] is not None:
            self._jobs.look_in(timedelta(seconds=row["due_in_s"]))
