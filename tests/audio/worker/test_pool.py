"""One hostile file costs one worker and one call; what is our own fault never blames the file."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot.audio.limits import Limits
from bot.audio.worker.pool import WorkerPool
from bot.relay.errors import Refused, Remedy, RetryLater
from tests.audio.worker import hostile_tasks
from tests.audio.worker.processes import is_gone, until_gone, until_no_child_but, until_there

PATIENT_S = 60.0
LIMITS = Limits(memory_bytes=64 * 1024 * 1024)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(1, LIMITS)
    yield pool
    await pool.close()


async def _pid(pool: WorkerPool) -> int:
    return await pool.run(PATIENT_S, int, hostile_tasks.own_pid)


async def test_crash_twice_is_refused_and_the_next_call_works(pool: WorkerPool) -> None:
    with pytest.raises(Refused, match="made the decoder crash"):
        await pool.run(PATIENT_S, str, hostile_tasks.crash)
    assert await _pid(pool) != os.getpid()


async def test_one_crash_is_tried_again(pool: WorkerPool, tmp_path: Path) -> None:
    assert await pool.run(PATIENT_S, str, hostile_tasks.crash_the_first_time, tmp_path / "marker") == "done"


async def test_worker_killed_by_the_machine_does_not_blame_the_file(pool: WorkerPool) -> None:
    with pytest.raises(RetryLater, match="The machine ended the bot's worker process"):
        await pool.run(PATIENT_S, str, hostile_tasks.be_killed)


async def test_worker_serves_one_call_after_another(pool: WorkerPool) -> None:
    assert await _pid(pool) == await _pid(pool)


async def test_work_beyond_its_time_is_refused_and_its_worker_killed(pool: WorkerPool, tmp_path: Path) -> None:
    await _pid(pool)
    with pytest.raises((Refused, RetryLater), match="within 2 s"):
        await pool.run(2.0, str, hostile_tasks.spin, tmp_path / "started")
    await until_gone(int((tmp_path / "started").read_text()))


async def test_time_out_without_work_blames_the_machine(pool: WorkerPool, tmp_path: Path) -> None:
    await _pid(pool)
    with pytest.raises(RetryLater, match="too busy to decode the file within 1 s"):
        await pool.run(1.0, str, hostile_tasks.hang, tmp_path / "started")


async def test_waiting_for_a_turn_does_not_count_as_work(pool: WorkerPool, tmp_path: Path) -> None:
    await _pid(pool)
    slow = asyncio.create_task(pool.run(1.5, str, hostile_tasks.hang, tmp_path / "started"))
    await until_there(tmp_path / "started")
    assert await _pid(pool)
    with pytest.raises(RetryLater):
        await slow


async def test_cancelled_call_kills_its_worker(pool: WorkerPool, tmp_path: Path) -> None:
    started = tmp_path / "started"
    call = asyncio.create_task(pool.run(PATIENT_S, str, hostile_tasks.hang, started))
    await until_there(started)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until_gone(int(started.read_text()))
    assert await _pid(pool)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the kernel does not bound address space here")
async def test_work_that_devours_memory_is_refused(pool: WorkerPool) -> None:
    with pytest.raises(Refused, match="more memory than any recording should"):
        await pool.run(PATIENT_S, int, hostile_tasks.devour_memory)
    assert await _pid(pool)


async def test_unknown_exception_is_our_fault_and_logged_with_its_places(
    pool: WorkerPool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "memobridge"), pytest.raises(RetryLater, match="A fault in the bot") as caught:
        await pool.run(PATIENT_S, str, hostile_tasks.stumble, "+15550100")
    assert caught.value.code == "LookupError"
    (logged,) = caplog.records
    said = vars(logged)
    assert (logged.msg, said["reason"]) == ("audio.worker_fault", "LookupError")
    assert any("hostile_tasks.py" in place and place.endswith(" stumble") for place in said["places"])
    assert "+15550100" not in str(said) + caught.value.reason


async def test_full_disk_does_not_blame_the_file(pool: WorkerPool) -> None:
    with pytest.raises(RetryLater, match="No space left on device"):
        await pool.run(PATIENT_S, str, hostile_tasks.fill_the_disk)


async def test_errors_of_a_task_arrive_as_they_were_raised(pool: WorkerPool) -> None:
    with pytest.raises(Refused, match="The file is odd") as refused:
        await pool.run(PATIENT_S, str, hostile_tasks.refuse)
    with pytest.raises(RetryLater, match="The bot is busy") as later:
        await pool.run(PATIENT_S, str, hostile_tasks.postpone)
    assert (refused.value.code, later.value.code) == ("odd", "busy")
    assert refused.value.remedy is Remedy.SEND_FILE_AGAIN


async def test_answer_of_another_type_is_not_believed(pool: WorkerPool) -> None:
    with pytest.raises(RetryLater, match="A fault in the bot"):
        await pool.run(PATIENT_S, int, hostile_tasks.environment)


@pytest.mark.parametrize(
    "raw", ["[1, 2]", "{}", '{"result": NaN}', '{"refused": 1, "code": ""}', "no JSON", '{"result": 1e999}']
)
async def test_nonsense_from_a_worker_is_not_believed(pool: WorkerPool, raw: str) -> None:
    with pytest.raises(RetryLater):
        await pool.run(PATIENT_S, float, hostile_tasks.answer_nonsense, raw)


async def test_endless_answer_ends_the_worker(pool: WorkerPool) -> None:
    with pytest.raises(RetryLater):
        await pool.run(PATIENT_S, str, hostile_tasks.answer_an_endless_line)
    assert await _pid(pool)


async def test_what_a_library_prints_is_no_answer(pool: WorkerPool) -> None:
    assert await pool.run(PATIENT_S, str, hostile_tasks.print_to_standard_output) == "the answer"
    assert await _pid(pool)


async def test_close_ends_idle_and_busy_workers(tmp_path: Path) -> None:
    pool = WorkerPool(2, LIMITS)
    call = asyncio.create_task(pool.run(PATIENT_S, str, hostile_tasks.hang, tmp_path / "started"))
    await until_there(tmp_path / "started")
    idle = await _pid(pool)
    await pool.close()
    with pytest.raises(RetryLater, match="stopping"):
        await call
    assert is_gone(idle)
    assert is_gone(int((tmp_path / "started").read_text()))
    with pytest.raises(RetryLater, match="stopping"):
        await _pid(pool)


async def test_worker_that_was_killed_while_idle_is_replaced(pool: WorkerPool) -> None:
    first = await _pid(pool)
    os.kill(first, signal.SIGKILL)
    assert await _pid(pool) != first


async def test_idle_worker_is_ended_after_its_time() -> None:
    pool = WorkerPool(1, LIMITS, idle_s=0.05)
    first = await _pid(pool)
    await until_gone(first)
    assert await _pid(pool) != first
    await pool.close()


async def test_open_starts_every_worker() -> None:
    pool = WorkerPool(2, LIMITS)
    await pool.open()
    assert len(pool._idle) == 2
    await pool.close()


async def test_worker_that_cannot_load_its_libraries_is_not_left_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "av.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(str(tmp_path))
    pool, before = WorkerPool(1, LIMITS), set(psutil.Process().children())
    with pytest.raises(RetryLater, match="A fault in the bot"):
        await pool.open()
    await until_no_child_but(before)
    await pool.close()


MACHINE_WITHOUT_PYTHON = """
import asyncio, sys
from bot.audio.limits import Limits
from bot.audio.worker.pool import WorkerPool

sys.executable = "/nowhere/python"
asyncio.run(WorkerPool(1, Limits()).open())
"""


def test_worker_that_cannot_start_does_not_blame_the_file() -> None:
    done = subprocess.run([sys.executable, "-c", MACHINE_WITHOUT_PYTHON], capture_output=True, text=True, timeout=60)
    assert "RetryLater: The bot could not start a worker process: No such file or directory." in done.stderr
