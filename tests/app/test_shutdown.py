"""Stopping takes as long as the slowest of what is under way, not as long as all of it, and ends in any case."""

import asyncio
import subprocess
import sys

import pytest

from bot.app.shutdown import DRAIN_S, EXIT_AFTER_S, RECEIVERS_S, Shutdown


async def test_drains_run_side_by_side() -> None:
    first, second = asyncio.Event(), asyncio.Event()

    async def meet(mine: asyncio.Event, other: asyncio.Event) -> None:
        mine.set()
        await other.wait()

    shutdown = Shutdown()
    shutdown.add(lambda: meet(first, second))
    shutdown.add(lambda: meet(second, first))
    await asyncio.wait_for(shutdown.run(), 60)


async def test_drain_that_breaks_is_logged_and_ends_no_other(caplog: pytest.LogCaptureFixture) -> None:
    broken, done = asyncio.Event(), asyncio.Event()

    async def breaks() -> None:
        broken.set()
        raise ValueError("a fault of our own")

    async def goes_on() -> None:
        await broken.wait()
        await asyncio.sleep(0)
        done.set()

    shutdown = Shutdown()
    shutdown.add(breaks)
    shutdown.add(goes_on)
    await shutdown.run()
    assert done.is_set()
    assert [record.message for record in caplog.records] == ["shutdown.drain_failed"]


def test_times_of_a_stop_add_up_to_the_promised_ten_seconds() -> None:
    assert RECEIVERS_S < DRAIN_S < EXIT_AFTER_S < 10


HANGS = """
import sys, threading
from bot.app.shutdown import exit_within

def last_act():
    print("last act", flush=True)
    if sys.argv[1] == "breaks":
        raise OSError("in the way")

exit_within(0.01, last_act)
threading.Event().wait()
"""


@pytest.mark.parametrize("last_act", ["works", "breaks"])
def test_process_that_hangs_does_its_last_act_and_exits_0(last_act: str) -> None:
    command = [sys.executable, "-c", HANGS, last_act]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "last act\n")
    assert ended.stderr.strip() == "shutdown.forced"
