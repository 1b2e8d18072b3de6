"""PeriodicTasks go on, whatever breaks in one of them."""

import asyncio

from bot.app.periodic import PeriodicTasks
from bot.relay.errors import RetryLater


async def test_an_error_in_one_round_does_not_end_the_rounds() -> None:
    rounds, done, went = PeriodicTasks(), asyncio.Event(), 0

    async def act() -> None:
        nonlocal went
        went += 1
        if went == 1:
            raise RetryLater("not now")
        if went == 2:
            raise ValueError("a fault of our own")
        done.set()

    rounds.start("trial", 0.001, act)
    await asyncio.wait_for(done.wait(), 10)
    await rounds.stop()
    after = went
    await asyncio.sleep(0)
    assert went == after
