"""Supervises the bot's process during a demo: started, killed, restarted, always on the same database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from bot.cli.child import BotProcess, ChildError
from bot.sandbox.sandbox import Sandbox

State = Literal["starting", "ready", "killed", "stopped", "failed"]
MAX_WORDS = 300
READS_EVERY_S = "10"
"""The bot looks for what no event told of more often than in life, so that people can watch it."""


class BotSupervisor:
    """``state`` is what the page shows; every change of it is written to the wire. One change at a time.

    ``at_first`` runs once, before the bot counts as ready for the first time.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, at_first: Callable[[], Awaitable[None]]) -> None:
        self.state: State = "starting"
        self.words = "an empty database, then the bot"
        self._sandbox, self._folder = sandbox, folder
        self._at_first: Callable[[], Awaitable[None]] | None = at_first
        self._process: BotProcess | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    def shown(self) -> dict[str, Any]:
        mode = "socket" if self._sandbox.socket_mode else "http"
        pid = self._process.pid if self._process and self.state == "ready" else None
        return {"state": self.state, "mode": mode, "pid": pid, "words": self.words}

    async def start(self) -> None:
        """Raises ChildError when it does not start."""
        async with self._lock:
            await self._start()

    async def restart(self, *, socket_mode: bool) -> None:
        """Stop it gracefully if it runs, and start it again. Raises ChildError when it does not start."""
        async with self._lock:
            if self.state == "ready":
                self._set_state("starting", "the one before finishes what it began", "Bot: stopping in order")
                await self._end(BotProcess.stop)
            self._sandbox.socket_mode = socket_mode
            await self._start()

    async def kill(self) -> None:
        async with self._lock:
            if self.state != "ready":
                raise ValueError("the bot does not run")
            self._set_state("killed", "its database is still there", "Bot: killed with kill -9")
            await self._end(BotProcess.kill)

    async def stop(self) -> None:
        """Stop it in order, and leave no process behind, whatever state it is in."""
        async with self._lock:
            self._set_state("stopped", "its database is still there", "Bot: stopped")
            await self._end(BotProcess.stop)

    async def _start(self) -> None:
        self._set_state("starting", "the bot opens its database")
        own = {"DATA_DIR": str(self._folder), "BACKFILL_INTERVAL_SECONDS": READS_EVERY_S}
        self._process = BotProcess(self._sandbox.environment() | own)
        try:
            await self._process.start()
        except ChildError:
            self._set_state("failed", _last_log_line(self._process), "Bot: did not start")
            raise
        await self._meet(self._process)
        if self._at_first:
            await self._at_first()
            self._at_first = None
        self._set_state("ready", "", "Bot: running, over Socket Mode" if self._sandbox.socket_mode else "Bot: running")
        self._watcher = asyncio.create_task(self._watch(self._process))

    async def _meet(self, process: BotProcess) -> None:
        """Connect both sides to it. Over Socket Mode it connects by itself, and is there after Slack's hello."""
        hellos = len(self._sandbox.wire.named("socket hello"))
        self._sandbox.meet(process.url)
        if self._sandbox.socket_mode and not self._sandbox.slack.sockets.open:
            await self._sandbox.wire.until(lambda: len(self._sandbox.wire.named("socket hello")) > hellos)

    async def _watch(self, process: BotProcess) -> None:
        await process.wait()
        if process is self._process and self.state == "ready":
            self._set_state("failed", _last_log_line(process), "Bot: ended by itself")

    async def _end(self, how: Callable[[BotProcess], Awaitable[object]]) -> None:
        if self._process:
            await how(self._process)
        if self._watcher:
            await self._watcher
        self._process = self._watcher = None

    def _set_state(self, state: State, words: str, on_the_wire: str = "") -> None:
        self.state, self.words = state, words
        if on_the_wire:
            self._sandbox.wire.write("world", "person", on_the_wire)


def _last_log_line(process: BotProcess) -> str:
    said = process.log[-1] if process.log else {}
    return str(said.get("reason") or said.get("event") or "")[-MAX_WORDS:]
