"""The real bot as a process of its own, for the demo and the stories: started, waited for, stopped or killed.

What it logs is how it is followed: each line is one JSON object on its stderr.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from config.settings import RENAMED, Settings

ROOT = Path(__file__).resolve().parents[2]
READY_S = 60.0
DRAIN_S = 12.0
LINE_BYTES = 1024 * 1024


class ChildError(Exception):
    """The bot did not come up; the message holds its last words."""


class BotProcess:
    """``async with BotProcess(environment)``: up and ready inside the block, gone after it.

    ``environment`` holds only the bot's own variables; the port is chosen by the system. ``module`` is what to run in
    place of the bot itself, for experiments on it. ``on_log`` sees every line.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        role: str = "all",
        module: str = "bot",
        on_log: Callable[[dict[str, Any]], None] | None = None,
        ready_s: float = READY_S,
    ) -> None:
        defaults = {"HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json", "ENV_FILE": ""}
        self._environment = defaults | dict(environment)
        self._command = (sys.executable, "-m", module, "run", "--role", role)
        self._on_log = on_log
        self._ready_s = ready_s
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.log: list[dict[str, Any]] = []
        self.port = 0

    async def __aenter__(self) -> "BotProcess":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Raises ChildError when it does not say that it is ready."""
        self._ready.clear()
        self._process = await self.spawn(_without_settings(os.environ) | self._environment)
        self._reading = asyncio.create_task(self._read())
        ready = asyncio.create_task(self._ready.wait())
        done, _ = await asyncio.wait({ready, self._reading}, timeout=self._ready_s, return_when="FIRST_COMPLETED")
        ready.cancel()
        if ready not in done:
            await self.kill()
            raise ChildError("The bot did not start. Its last words:\n" + "\n".join(map(_told, self.log[-8:])))

    async def spawn(self, environ: dict[str, str]) -> asyncio.subprocess.Process:
        """A new process with this environment, in a session of its own."""
        return await asyncio.create_subprocess_exec(
            *self._command,
            cwd=ROOT,
            env=environ,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=LINE_BYTES,
        )

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._take(line.decode(errors="replace").strip())

    def _take(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            said = {"event": line}
        self.log.append(said)
        if said.get("event") == "service.ready":
            self.port = said["port"]
            self._ready.set()
        if self._on_log is not None:
            self._on_log(said)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def signal(self, sign: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(sign)

    async def wait(self) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        assert self._reading is not None
        await asyncio.shield(self._reading)  # whoever loses patience must not end the reading
        return await self._process.wait()

    async def stop(self) -> int:
        """Ask it to leave, and give its exit code; after the time a drain may take, it is killed."""
        if self._process is None or self._process.returncode is not None:
            return 0 if self._process is None else self._process.returncode or 0
        self._process.terminate()
        try:
            return await asyncio.wait_for(self.wait(), DRAIN_S)
        except TimeoutError:
            await self.kill()
            return -signal.SIGKILL

    async def kill(self) -> None:
        """As a crash would: no last words, nothing put in order."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self.wait()


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without any setting of the bot: a demo must never meet a real account. (Nor does it
    read a file with settings, by an empty ENV_FILE.)"""
    settings = {*map(str.upper, Settings.model_fields), *RENAMED}
    return {name: value for name, value in environ.items() if name.upper() not in settings}


def _told(line: dict[str, Any]) -> str:
    """A line of its log for people: what happened, and the facts behind it."""
    facts = [f"{name} {value}" for name, value in line.items() if name not in ("at", "level", "event", "logger")]
    return ", ".join([str(line.get("event", "")), *facts])
