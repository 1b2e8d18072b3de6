"""The bots of a scene: started, hit, and followed until they are gone."""

import asyncio
import time
from contextlib import suppress

import psutil

from bot.cli.child import BotProcess, ChildError
from bot.sandbox.wire import Entry
from tests.crash.blows import ANY_TIME, Blow
from tests.crash.scene import Scene

PATIENCE_S = 10.0  # for a boundary to be reached; then the blow falls where the process happens to be
LOOK_EVERY_S = 0.02
CARRYING = ("download", "attachments.create", "upload", "voicememo", "messages.list")


class Bot:
    """One process of the bot with the blow that awaits it."""

    def __init__(self, stage: Scene, blow: Blow | None = None, sign: str = "SIGKILL", *, is_cold: bool = False) -> None:
        """``is_cold``: by the command line, as an operator starts it; no boundary of its own can stop that one."""
        self.blow = blow
        self._stage = stage
        environment = stage.environment | (blow.environment(sign) if blow else {})
        self._process = BotProcess(environment) if is_cold else stage.nest.bot(environment)
        self._first_entry = len(stage.sandbox.wire.entries)
        self.started_at = time.time()

    async def start(self, *, faces_slack: bool = True) -> None:
        """Raises ChildError when it dies before it is ready, as one that meets its boundary in old work does."""
        await self._process.start()
        if faces_slack:
            self.face_slack()

    def face_slack(self) -> None:
        """Both sides turn to this process from now on."""
        self._stage.sandbox.meet(self._process.url)

    @property
    def pid(self) -> int:
        return self._process.pid

    def resumed_after_s(self) -> float | None:
        """From its start to the first thing it did for a clip; None when there was none."""
        first = next((entry.at for entry in self._since_start() if entry.what in CARRYING), None)
        return None if first is None else first - self.started_at

    def _since_start(self) -> list[Entry]:
        entries = self._stage.sandbox.wire.entries[self._first_entry :]
        return [entry for entry in entries if entry.direction == "from_bot"]

    async def fall(self) -> str:
        """Wait for the blow and see the process die of it; gives the name of where it did."""
        assert self.blow is not None
        if self.blow.at is not None:
            died = await self._dies()
        else:
            died = await self._comes() if self.blow.wire else await self._passes()
        name = self.blow.name if died else ANY_TIME
        await self._process.kill()
        return name

    async def _dies(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._process.wait()), PATIENCE_S)
            return True
        return False

    async def _comes(self) -> bool:
        """The wire shows what the blow waits for."""
        wire, start = self._stage.sandbox.wire, len(self._stage.sandbox.wire.entries)
        with suppress(TimeoutError):
            await wire.until(lambda: any(self._is_sign(entry) for entry in wire.entries[start:]), PATIENCE_S)
            return True
        return False

    def _is_sign(self, entry: Entry) -> bool:
        assert self.blow is not None
        return entry.what == self.blow.wire and entry.status in (200, 202, 201)

    async def _passes(self) -> bool:
        assert self.blow is not None
        await asyncio.sleep(self.blow.delay_s)
        return True

    async def freezes(self, starting: asyncio.Task[None]) -> bool:
        """Wait until it stands still by itself, if need be while it starts; False when it had to be stopped by hand."""
        for _ in range(round(PATIENCE_S / LOOK_EVERY_S)):
            await asyncio.sleep(LOOK_EVERY_S)
            if self._process.is_running and psutil.Process(self.pid).status() == psutil.STATUS_STOPPED:
                return True
        await starting
        psutil.Process(self.pid).suspend()
        return False

    def wake(self) -> None:
        psutil.Process(self.pid).resume()

    async def leave(self) -> tuple[int, float]:
        """Ask it to leave: its exit code and how many seconds it took."""
        asked_at = time.monotonic()
        waking = asyncio.create_task(self._keep_awake())
        code = await self._process.stop()
        waking.cancel()
        return code, time.monotonic() - asked_at

    async def _keep_awake(self) -> None:
        """One that was stopped by hand meets its own boundary after that, and would stand still again."""
        while self._process.is_running:
            with suppress(psutil.NoSuchProcess):
                self.wake()
            await asyncio.sleep(LOOK_EVERY_S)

    def last_words(self) -> str:
        return "; ".join(map(str, self._process.log[-12:]))

    async def kill(self) -> None:
        await self._process.kill()


__all__ = ["Bot", "ChildError"]
