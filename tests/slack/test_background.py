"""Background tasks: kept alive, waited for at the end, and broken off when that takes too long."""

import asyncio

from bot.slack.background import BackgroundTasks


async def test_draining_waits_for_tasks_and_for_what_they_start() -> None:
    tasks, done = BackgroundTasks(), []

    async def second() -> None:
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        done.append("first")
        tasks.start(second())

    tasks.start(first())
    await tasks.drain(30.0)
    assert done == ["first", "second"]


async def test_what_takes_too_long_is_cancelled() -> None:
    tasks = BackgroundTasks()
    task = tasks.start(asyncio.Event().wait())
    await tasks.drain(0.01)
    assert task.cancelled()


async def test_a_result_can_be_waited_for() -> None:
    async def answer() -> int:
        return 42

    assert await BackgroundTasks().start(answer()) == 42
