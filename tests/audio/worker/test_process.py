"""What a worker process may reach: no secret, no file but those it is given, and when it ends."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.audio.limits import Limits
from bot.audio.worker.pool import WorkerPool
from tests.audio.worker import hostile_tasks
from tests.audio.worker.processes import until_gone

PATIENT_S = 60.0
LIMITS = Limits(size_bytes=1_000_000)
needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(1, LIMITS)
    yield pool
    await pool.close()


@needs_proc
async def test_environment_is_empty_from_the_start(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    assert await pool.run(PATIENT_S, str, hostile_tasks.environment_at_start) == ""


async def test_environment_holds_no_secret(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python itself may name its encoding."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    seen = await pool.run(PATIENT_S, dict[str, str], hostile_tasks.environment)
    assert set(seen) <= {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}


async def test_limits_are_set(pool: WorkerPool) -> None:
    limits = await pool.run(PATIENT_S, dict[str, int], hostile_tasks.limits)
    assert (limits["RLIMIT_CORE"], limits["RLIMIT_NOFILE"], limits["RLIMIT_FSIZE"]) == (0, 64, 2_000_000)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the kernel does not bound address space here")
async def test_address_space_is_bounded(pool: WorkerPool) -> None:
    limits = await pool.run(PATIENT_S, dict[str, int], hostile_tasks.limits)
    assert LIMITS.memory_bytes < limits["RLIMIT_AS"] < 2**32


async def test_large_file_cannot_be_written(pool: WorkerPool, tmp_path: Path) -> None:
    wrote = await pool.run(PATIENT_S, str, hostile_tasks.write_bytes, tmp_path / "large", 2_000_001)
    assert wrote == "File too large"


async def test_many_files_cannot_be_opened(pool: WorkerPool) -> None:
    assert await pool.run(PATIENT_S, str, hostile_tasks.open_many_files, 100) == "Too many open files"


@needs_proc
async def test_no_file_of_the_bot_is_open(pool: WorkerPool, tmp_path: Path) -> None:
    secret = os.open(tmp_path / "secret", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(secret, True)
    try:
        found = await pool.run(PATIENT_S, list[str], hostile_tasks.open_descriptors)
    finally:
        os.close(secret)
    assert not [target for target in found if str(tmp_path) in target]


async def test_written_files_are_private(pool: WorkerPool, tmp_path: Path) -> None:
    assert await pool.run(PATIENT_S, int, hostile_tasks.file_mode, tmp_path / "made") == 0o600


async def test_signals_meant_for_the_bot_do_not_end_its_workers(pool: WorkerPool) -> None:
    """Ctrl-C and a closed terminal reach the session; SIGTERM is sent to the whole service."""
    assert await pool.run(PATIENT_S, bool, hostile_tasks.ignores_sigterm)
    assert await pool.run(PATIENT_S, int, hostile_tasks.session_id) != os.getsid(0)


async def test_file_names_beyond_ascii_reach_the_worker(pool: WorkerPool, tmp_path: Path) -> None:
    assert await pool.run(PATIENT_S, str, hostile_tasks.filesystem_encoding) == "utf-8"
    assert await pool.run(PATIENT_S, str, hostile_tasks.write_bytes, tmp_path / "für Zoë 🎤", 10) == "written"
    assert (tmp_path / "für Zoë 🎤").stat().st_size == 10


BOT = """
import asyncio, os, sys
from pathlib import Path
from bot.audio.limits import Limits
from bot.audio.worker.pool import WorkerPool
from tests.audio.worker import hostile_tasks

async def live() -> None:
    pool = WorkerPool(2, Limits())
    busy, idle = map(Path, sys.argv[1:])
    work = asyncio.create_task(pool.run(600.0, str, hostile_tasks.{task}, busy))
    while not busy.exists():
        await asyncio.sleep(0.01)
    idle.write_text(str(await pool.run(60.0, int, hostile_tasks.own_pid)))
    {end}

asyncio.run(live())
"""


async def _run_bot(folder: Path, task: str, end: str) -> list[int]:
    """Run a small bot with a busy and an idle worker until it ends; the pids of both."""
    files = [folder / "busy", folder / "idle"]
    program = BOT.format(task=task, end=end)
    command = [sys.executable, "-c", program, *map(str, files)]
    await asyncio.to_thread(lambda: subprocess.run(command, timeout=PATIENT_S, check=False))
    return [int(file.read_text()) for file in files]


async def test_workers_end_with_the_bot(tmp_path: Path) -> None:
    for pid in await _run_bot(tmp_path, "hang", "await pool.close()"):
        await until_gone(pid)


@pytest.mark.parametrize("task", ["hang", "spin"])
async def test_workers_end_by_themselves_when_the_bot_is_killed(task: str, tmp_path: Path) -> None:
    for pid in await _run_bot(tmp_path, task, f"os.kill(os.getpid(), {int(signal.SIGKILL)})"):
        await until_gone(pid)
