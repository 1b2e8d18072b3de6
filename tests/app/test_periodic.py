"""Periodic tasks go on, whatever breaks in one of them."""

import asyncio

from bot.app.periodic import PeriodicTasks
from bot.relay.errors import RetryLater

TIMEOUT_S = 60


async def test_error_in_one_run_does_not_end_the_task() -> None:
    periodic, done, runs = PeriodicTasks(), asyncio.Event(), 0

    async def act() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise RetryLater("not now")
        if runs == 2:
            raise ValueError("a fault of our own")
        done.set()

    periodic.start("trial", 0.001, act)
    await asyncio.wait_for(done.wait(), 60)
    await periodic.stop()
    after = runs
    await asyncio.sleep(0)
    assert runs == after


async def test_first_run_at_once_is_told_although_it_fails() -> None:
    periodic = PeriodicTasks()

    async def act() -> None:
        raise RetryLater("not now")

    done_once = periodic.start("trial", 3600, act, at_once=True)
    await asyncio.wait_for(done_once.wait(), 60)
    await periodic.stop()


async def test_task_that_answers_its_cancellation_with_an_error_is_ended() -> None:
    """As psycopg does where the database dies at that moment."""
    periodic, begun = PeriodicTasks(), asyncio.Event()

    async def act() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RetryLater("The database cannot be reached.") from None

    periodic.start("trial", 3600, act, at_once=True)
    await begun.wait()
    await asyncio.wait_for(periodic.stop(), TIMEOUT_S)
