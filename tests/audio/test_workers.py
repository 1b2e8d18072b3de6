import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bot.audio.workers import Lane
from bot.relay.errors import Refused, RetryLater
from tests.audio import rough_work

MEMORY = 64 * 1024 * 1024
PATIENT_S = 60.0
SOON_S = 30.0


@pytest.fixture
def lane() -> Lane:
    return Lane(1, MEMORY)


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + SOON_S
    while not _gone(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def _wait_until_there(path: Path) -> None:
    deadline = time.monotonic() + SOON_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


async def test_a_crash_is_a_refusal_and_the_next_call_works(lane: Lane) -> None:
    with pytest.raises(Refused, match="made the decoder crash"):
        await lane.run(PATIENT_S, rough_work.crash)
    assert await lane.run(PATIENT_S, rough_work.own_pid) != os.getpid()


async def test_one_dead_worker_is_not_yet_the_files_fault(lane: Lane, tmp_path: Path) -> None:
    assert await lane.run(PATIENT_S, rough_work.crash_the_first_time, tmp_path / "marker") == "done"


async def test_work_that_takes_too_long_is_refused_and_its_worker_killed(lane: Lane, tmp_path: Path) -> None:
    await lane.run(PATIENT_S, rough_work.own_pid)
    with pytest.raises(Refused, match="could not be decoded within 2 s"):
        await lane.run(2.0, rough_work.hang, tmp_path / "started")
    _wait_until_gone(int((tmp_path / "started").read_text()))


async def test_waiting_for_a_turn_is_not_held_against_the_work(lane: Lane, tmp_path: Path) -> None:
    await lane.run(PATIENT_S, rough_work.own_pid)
    slow = asyncio.create_task(lane.run(1.5, rough_work.hang, tmp_path / "started"))
    await asyncio.sleep(0)
    assert await lane.run(PATIENT_S, rough_work.own_pid)
    with pytest.raises(Refused):
        await slow


async def test_a_cancelled_call_kills_its_worker(lane: Lane, tmp_path: Path) -> None:
    started = tmp_path / "started"
    call = asyncio.create_task(lane.run(PATIENT_S, rough_work.hang, started))
    await asyncio.to_thread(_wait_until_there, started)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    _wait_until_gone(int(started.read_text()))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the kernel does not bound address space here")
async def test_work_that_devours_memory_is_refused(lane: Lane) -> None:
    with pytest.raises(Refused, match="more memory than any recording should"):
        await lane.run(PATIENT_S, rough_work.devour)


async def test_an_error_nobody_foresaw_is_a_refusal_that_names_it(lane: Lane) -> None:
    with pytest.raises(Refused, match="cannot be read") as caught:
        await lane.run(PATIENT_S, rough_work.stumble)
    assert caught.value.code == "LookupError"


async def test_a_full_disk_is_not_the_clips_fault(lane: Lane) -> None:
    with pytest.raises(RetryLater, match="No space left on device"):
        await lane.run(PATIENT_S, rough_work.fill_the_disk)


LAME_BOT = """
import asyncio, sys
from bot.audio.workers import Lane
from tests.audio import rough_work

sys.executable = "/nowhere/python"
asyncio.run(Lane(1, 1 << 26).run(60.0, rough_work.own_pid))
"""


def test_a_machine_that_cannot_start_workers_is_not_the_clips_fault() -> None:
    done = subprocess.run([sys.executable, "-c", LAME_BOT], capture_output=True, text=True, timeout=PATIENT_S)
    assert "RetryLater: The bot could not start a worker process: No such file or directory." in done.stderr


async def test_signals_meant_for_the_bot_do_not_end_its_workers(lane: Lane) -> None:
    assert await lane.run(PATIENT_S, rough_work.ignores_the_terminal) == (True, True)


BOT = """
import asyncio, sys
from pathlib import Path
from anyio import to_process
from bot.audio.inside import leashed
from bot.audio.workers import Lane
from tests.audio import rough_work

async def live() -> None:
    idle = Lane(1, 1 << 26)
    work = asyncio.create_task(to_process.run_sync(leashed, 0.5, 1 << 26, rough_work.hang, Path(sys.argv[1])))
    pid = await idle.run(60.0, rough_work.own_pid)
    Path(sys.argv[2]).write_text(str(pid))
    {end}

asyncio.run(live())
"""


def _live_and_end(folder: Path, end: str) -> list[int]:
    """Run a small bot with an idle and a busy worker; their pids once both are there."""
    files = [folder / "busy", folder / "idle"]
    bot = subprocess.Popen([sys.executable, "-c", BOT.format(end=end), *map(str, files)])
    try:
        bot.wait(PATIENT_S)
    finally:
        bot.kill()
    return [int(file.read_text()) for file in files if file.exists()]


def test_workers_end_with_the_bot(tmp_path: Path) -> None:
    for pid in _live_and_end(tmp_path, "work.cancel()"):
        _wait_until_gone(pid)


def test_workers_end_by_themselves_when_the_bot_is_killed(tmp_path: Path) -> None:
    wait = "while not Path(sys.argv[1]).exists(): await asyncio.sleep(0.01)"
    pids = _live_and_end(tmp_path, f"{wait}\n    import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    assert len(pids) == 2
    for pid in pids:
        _wait_until_gone(pid)
