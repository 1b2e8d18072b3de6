"""Leaving takes as long as the slowest of what is under way, not as long as all of it."""

import asyncio
import subprocess
import sys

import pytest

from bot.app.shutdown import Shutdown


async def test_all_are_drained_at_once() -> None:
    first, second = asyncio.Event(), asyncio.Event()

    async def say_and_hear(mine: asyncio.Event, other: asyncio.Event) -> None:
        mine.set()
        await other.wait()

    drains = Shutdown()
    drains.add(lambda: say_and_hear(first, second))
    drains.add(lambda: say_and_hear(second, first))
    await asyncio.wait_for(drains.run(), 10)


async def test_one_that_breaks_is_logged_and_keeps_none_from_its_end(caplog: pytest.LogCaptureFixture) -> None:
    broken, done = asyncio.Event(), asyncio.Event()

    async def breaks() -> None:
        broken.set()
        raise ValueError("a fault of our own")

    async def goes_on() -> None:
        await broken.wait()
        await asyncio.sleep(0)
        done.set()

    drains = Shutdown()
    drains.add(breaks)
    drains.add(goes_on)
    await drains.run()
    assert done.is_set()
    assert [record.message for record in caplog.records] == ["drain broke"]


HANGS = """
import threading
from bot.app.shutdown import leave_within
leave_within(0.01)
threading.Event().wait()
"""


def test_a_process_that_hangs_is_gone_in_time_with_exit_code_0() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr.strip()) == (0, "left in haste")
