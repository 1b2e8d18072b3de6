"""Connections of the pool: whoever is cancelled while waiting for one ends, and keeps none."""

import asyncio

from bot.store.pool import Pool

STEPS = 30  # of the event loop; more than lie between a connection that is given back and whoever waits for it
TIMEOUT_S = 60


async def test_cancellation_that_meets_a_connection_is_not_lost(database_url: str) -> None:
    """In each step on the way of the connection: ``asyncio.wait_for`` drops it in some of them before Python 3.12."""
    pool = Pool(database_url, size=1, timeout_s=TIMEOUT_S)
    await pool.open()
    for steps in range(STEPS):
        waiting = await waits_for_the_only_connection(pool)
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        done, _ = await asyncio.wait({waiting}, timeout=TIMEOUT_S)
        assert done, f"cancelled after {steps} steps, and it goes on"
        assert waiting.cancelled()
        assert await pool.row("SELECT 1 AS one") == {"one": 1}  # the connection is back
    await pool.close()


async def waits_for_the_only_connection(pool: Pool) -> "asyncio.Task[None]":
    """A task that keeps its connection until it is cancelled. Just now somebody else has given it back."""
    async with pool.connection():
        waiting = asyncio.create_task(keep_one(pool))
        while not pool.raw.get_stats()["requests_waiting"]:  # noqa: ASYNC110 - the pool sets no event
            await asyncio.sleep(0)
    return waiting


async def keep_one(pool: Pool) -> None:
    async with pool.connection():
        await asyncio.Event().wait()
