"""One worker process, seen from the bot."""

import asyncio
import json
import math
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from typing import Any

import psutil

from bot.audio.limits import Limits

_PROGRAM = """\
import json, sys
setup = json.loads(sys.argv[1])
sys.path[:] = setup["path"]
from bot.audio.worker.child import main
main(setup["memory_bytes"], setup["file_bytes"])
"""
"""The environment is empty, so where modules are found is told here."""

OUT_OF_MEMORY = 86
"""The exit code of a worker that has reached its memory limit. Whatever filled it, it is of no more use."""

_LONGEST_ANSWER = 64 * 1024
_FILE_BYTES = 2
"""A worker may write so many times the largest file that may go out, while FFmpeg moves the index to the front."""


class WorkerExitError(Exception):
    """The process is gone without an answer. ``returncode``: minus the signal that killed it, or its exit code."""

    def __init__(self, returncode: int) -> None:
        super().__init__(returncode)
        self.returncode = returncode


class WorkerProcess:
    def __init__(self, process: Process) -> None:
        self._process = process
        self.is_busy = False  # from a call on until its answer is complete; a busy worker can only be killed
        self.calls = 0
        self._usage: psutil.Process | None = None
        self._cpu_s_before = 0.0

    @classmethod
    async def start(cls, limits: Limits) -> "WorkerProcess":
        """Start it with an empty environment, and no open file but two pipes and standard error. Raises OSError."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",  # isolated: nothing is imported from the current folder
                "-X",
                "utf8",  # an empty environment names no encoding
                "-c",
                _PROGRAM,
                _setup(limits),
                stdin=PIPE,
                stdout=PIPE,
                env={},
                limit=_LONGEST_ANSWER,
                start_new_session=True,  # Ctrl-C and a closed terminal are the bot's to handle
            )
        )

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def call(self, function: Callable[..., object], *arguments: object) -> Any:
        """Return the answer as plain values. Raises WorkerExitError, or ValueError for an answer that is no JSON."""
        assert self._process.stdin
        assert self._process.stdout
        self.is_busy = True
        self.calls += 1
        self._cpu_s_before = self._cpu_seconds()
        try:
            self._process.stdin.write(pickle.dumps((function, arguments)))
            await self._process.stdin.drain()
            line = await self._process.stdout.readline()
        except ConnectionError:
            line = b""
        if not line:
            raise WorkerExitError(await self._process.wait())
        answer = json.loads(line, parse_float=_finite, parse_constant=_finite)
        self.is_busy = False
        return answer

    def cpu_seconds_of_call(self) -> float:
        """CPU time since the last call began."""
        return self._cpu_seconds() - self._cpu_s_before

    def _cpu_seconds(self) -> float:
        try:
            self._usage = self._usage or psutil.Process(self._process.pid)
            times = self._usage.cpu_times()
        except psutil.Error:
            return 0.0
        return times.user + times.system

    def kill(self) -> None:
        if self.is_running:
            self._process.kill()

    async def wait(self) -> None:
        """Until it has ended."""
        await self._process.wait()


def _setup(limits: Limits) -> str:
    path = [os.path.abspath(entry) for entry in sys.path]
    file_bytes = limits.size_bytes * _FILE_BYTES
    return json.dumps({"path": path, "memory_bytes": limits.memory_bytes, "file_bytes": file_bytes})


def _finite(text: str) -> float:
    """Parse a float of JSON. Python's parser also takes NaN and infinity, which no database column does."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
