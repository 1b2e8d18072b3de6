"""A process that runs jobs and notes which came, and another one that can be killed or frozen."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.jobs import Handlers, Intervals, JobRunner
from bot.relay.errors import RetryLater
from bot.store.database import Database
from tests.store.rows import ask

A, B = "chat:default/a", "chat:default/b"
NOTICE = "team:T0AAA/C0MAP#1"
TIMEOUT_S = 60
HOURS = 10_000.0  # so long that whatever waits for it is missed

# Everything happens soon, and nobody is taken for dead.
SOON = Intervals(
    notice_debounce_s=0.0,
    poll_jobs_s=0.2,
    enqueue_due_s=0.1,
    enqueue_missing_s=0.1,
    heartbeat_s=0.1,
    stalled_s=HOURS,
    restart_s=0.05,
    retry_s=0.05,
)

Act = Callable[[], Awaitable[None]]


@dataclass
class Toy:
    """``plans`` holds what the next jobs of a name do instead of returning. All of ``due`` are due until they all have
    come; ``missing`` are those that should have a job."""

    plans: dict[str, list[Act]] = field(default_factory=dict)
    came: list[str] = field(default_factory=list)
    looked: int = 0  # how often it was asked what is due
    due: list[str] = field(default_factory=list)
    missing: tuple[Sequence[str], Sequence[str]] = ((), ())
    trouble: list[Exception] = field(default_factory=list)  # of the question what is due
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def handlers(self) -> Handlers:
        return Handlers(self.note, self.note, self.give_due, self.give_missing)

    async def note(self, name: str) -> None:
        self.came.append(name)
        self.changed.set()
        if plan := self.plans.get(name):
            await plan.pop(0)()

    async def give_due(self) -> tuple[Sequence[str], Sequence[str]]:
        self.looked += 1
        self.changed.set()
        if self.trouble:
            raise self.trouble.pop(0)
        return (() if set(self.due) <= set(self.came) else self.due), ()

    async def give_missing(self) -> tuple[Sequence[str], Sequence[str]]:
        return self.missing

    async def until(self, *names: str) -> None:
        """Until exactly these have come, in this order."""
        await self.until_true(lambda: self.came == list(names))

    async def until_true(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


class Gate:
    """Holds whoever passes until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self) -> None:
        await self.opened.wait()


async def fail() -> None:
    raise ValueError("a bug")


async def retry_later() -> None:
    raise RetryLater("The database cannot be reached.")


async def nothing() -> None:
    return None


@asynccontextmanager
async def running(
    database: Database, toy: Toy, intervals: Intervals = SOON, *, workers: int = 4, stop_within_s: float = 0.1
) -> AsyncIterator[JobRunner]:
    runner = JobRunner(toy.handlers(), workers=workers, stop_within_s=stop_within_s, intervals=intervals)
    await runner.open(database.pool)
    run = asyncio.create_task(runner.run())
    try:
        await until_listening(str(database.pool.conninfo))
        yield runner
    finally:
        runner.stop()
        await run


# A connection that listens, or has listened and looked whether it is still there.
LISTENING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')
"""


async def until_listening(url: str, connections: int = 2) -> None:
    """Both queues of some process listen, each over a connection of its own."""
    await until_rows(url, LISTENING, lambda rows: len(rows) >= connections)


async def until_deaf(url: str) -> None:
    """Nobody listens any more: a worker that stops ends that first."""
    await until_rows(url, LISTENING, lambda rows: not rows)


async def until_rows(url: str, query: str, condition: Callable[[list[dict[str, object]]], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition(await asyncio.to_thread(ask, url, query)):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.02)


async def until_jobs(url: str, *expected: str) -> None:
    """Until these are all jobs there are, each as its name and its state."""
    query = "SELECT (args ->> 'name') || ' ' || status AS job FROM procrastinate_jobs"
    await until_rows(url, query, lambda rows: sorted(str(row["job"]) for row in rows) == sorted(expected))


async def enqueue(database: Database, *names: str, task: str = "send_next") -> None:
    """As the store does, one statement each."""
    for name in names:
        async with database.pool.connection() as connection:
            await connection.execute("SELECT enqueue_jobs(%s, %s)", (task, [name]))


ANOTHER = """
import asyncio, sys
from bot.jobs import Handlers, Intervals, JobRunner
from bot.store.database import Database

async def main():
    database = await Database.open(sys.argv[1])

    async def work(name):
        print("came", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        runner.stop()

    async def none():
        return (), ()

    runner = JobRunner(Handlers(work, work, none, none), workers=1, intervals=Intervals(heartbeat_s=0.1))
    await runner.open(database.pool)
    await runner.run()
    await database.close()

asyncio.run(main())
"""


@asynccontextmanager
async def another_process(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that has taken a job; once its input ends it finishes that one and stops."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", ANOTHER, url, stdin=pipe, stdout=pipe)
    try:
        assert child.stdout is not None
        async with asyncio.timeout(TIMEOUT_S):
            assert await child.stdout.readline() == b"came\n"
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
