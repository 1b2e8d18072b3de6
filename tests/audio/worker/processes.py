"""Waiting until a process or a file is as it should be, for as long as a slow machine may need."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import psutil

_SOON_S = 60.0
_STEP_S = 0.01


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


async def until_gone(pid: int) -> None:
    await asyncio.to_thread(_until, lambda: is_gone(pid), f"process {pid} is still there")


async def until_no_child_but(known: set[psutil.Process]) -> None:
    await asyncio.to_thread(lambda: _until(lambda: set(psutil.Process().children()) <= known, "a child is left"))


async def until_there(path: Path) -> None:
    await asyncio.to_thread(_until, path.exists, f"{path} is still missing")


def _until(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + _SOON_S
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(_STEP_S)
