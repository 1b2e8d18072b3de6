"""The room that listens to clips: what Linq and a phone take passes untouched, the rest is converted or refused."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio import inside
from bot.audio.sniff import sniff
from bot.audio.terms import Limits
from bot.audio.workers import Lane
from bot.relay.media.formats import AcceptedFormat, formats_of_extension
from bot.relay.ports import AudioFile

if TYPE_CHECKING:
    from bot.audio.listening import Conversion

_START_S = 60.0


class AudioRoom:
    """Fits the relay's ``Audio``. ``workers`` bounds conversions; as many looks may run beside them, so that a long
    conversion holds up nobody whose clip can pass."""

    def __init__(self, takes: Mapping[str, AcceptedFormat], *, workers: int = 2, limits: Limits | None = None) -> None:
        """``takes``: Linq's containers by ``sniff``'s names; "m4a" is what clips are converted to."""
        self._takes = dict(takes)
        self._workers = workers
        self._limits = limits or Limits()
        self._looks = Lane(workers, self._limits.memory_bytes)
        self._conversions = Lane(workers, self._limits.memory_bytes)

    async def open(self) -> None:
        """Start workers, so that the first clips need not wait for them, nor the event loop while a process is made."""
        await asyncio.gather(*(self._looks.run(_START_S, inside.warm) for _ in range(self._workers)))

    def declare(self, head: bytes, name: str) -> tuple[str, str] | None:
        """(content type, extension) Linq takes for a clip that begins so, or, without a beginning, is named so."""
        takes = self._takes.get(sniff(head)) if head else self._named(name)
        return (takes.content_type, takes.extension) if takes else None

    def _named(self, name: str) -> AcceptedFormat | None:
        return next(
            (self._takes[known.name] for known in formats_of_extension(name) if known.name in self._takes), None
        )

    async def fit(self, path: Path) -> AudioFile:
        """The clip itself, or a converted copy beside it. Refused says why not; RetryLater blames the bot's machine."""
        looked = await self._looks.run(self._limits.look_s, inside.look, path, self._takes, self._limits)
        return looked if isinstance(looked, AudioFile) else await self._convert(path, looked)

    async def _convert(self, path: Path, asked: "Conversion") -> AudioFile:
        target = path.with_name(f"{path.name}.memo.m4a")
        patience_s = self._limits.patience_s(asked.size_bytes)
        try:
            return await self._conversions.run(
                patience_s, inside.convert, path, target, asked.container, self._takes, self._limits
            )
        except BaseException:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            raise
