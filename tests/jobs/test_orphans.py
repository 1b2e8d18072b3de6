"""Orphans: jobs of processes that died or hang go on elsewhere, and whoever wakes up again breaks nothing."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.store.database import Database
from tests.jobs.workers import SOON, A, B, Gate, Toy, another_process, enqueue, running, until_jobs, until_rows
from tests.store.rows import ask

# Short enough for a test, long beside the tenth of a second between two heartbeats.
STALLED_SOON = replace(SOON, stalled_s=2.0)


@asynccontextmanager
async def beside(url: str) -> AsyncIterator[Database]:
    """The same database as another process would open it."""
    database = await Database.open(url)
    try:
        yield database
    finally:
        await database.close()


async def test_jobs_of_a_killed_process_are_requeued(database: Database, database_url: str) -> None:
    toy = Toy()
    await enqueue(database, A)
    async with another_process(database_url) as child:
        child.send_signal(signal.SIGKILL)
        await child.wait()
    async with running(database, toy, STALLED_SOON):
        await toy.until_true(lambda: A in toy.came)


async def test_frozen_process_loses_its_jobs_and_breaks_nothing_when_it_wakes(
    database: Database, database_url: str
) -> None:
    """It ends a job that others have by now: the rows know what that room still has to do, and it gets another."""
    toy = Toy(plans={A: [Gate()] * 1000})
    await enqueue(database, A)
    async with another_process(database_url) as child, running(database, toy, STALLED_SOON):
        child.send_signal(signal.SIGSTOP)
        await toy.until_true(lambda: A in toy.came)
        child.send_signal(signal.SIGCONT)
        assert child.stdin is not None
        child.stdin.close()
        assert await child.wait() == 0
        toy.missing = ([A], [])
        await until_jobs(database_url, f"{A} doing")
        await enqueue(database, B)
        await toy.until_true(lambda: B in toy.came)


async def test_two_processes_requeue_the_same_orphan_once(database: Database, database_url: str) -> None:
    """Whoever comes second finds nothing to requeue, and goes on with its own jobs."""
    first, second = Toy(), Toy()
    await enqueue(database, A)
    async with another_process(database_url) as child:
        child.send_signal(signal.SIGKILL)
        await child.wait()
    async with (
        beside(database_url) as their_own,
        running(database, first, STALLED_SOON),
        running(their_own, second, STALLED_SOON),
    ):
        await until_jobs(database_url)
        await enqueue(database, B)
        await until_jobs(database_url)
    assert sorted({*first.came, *second.came}) == [A, B]


async def test_process_taken_for_dead_ends_no_job_of_others_and_goes_on(database: Database, database_url: str) -> None:
    first, toy = Gate(), Toy()
    toy.plans[A] = [first, *[Gate()] * 1000]
    async with running(database, toy):
        await enqueue(database, A)
        await toy.until(A)
        ask(database_url, "DELETE FROM procrastinate_workers")
        await toy.until(A, A)
        first.opened.set()
        await enqueue(database, B)
        await toy.until_true(lambda: B in toy.came)
        await until_jobs(database_url, f"{A} doing")


async def test_worker_that_stopped_leaves_no_trace(database: Database, database_url: str) -> None:
    async with running(database, Toy()):
        await until_rows(database_url, "SELECT id FROM procrastinate_workers", lambda rows: len(rows) == 2)
    assert ask(database_url, "SELECT id FROM procrastinate_workers") == []
