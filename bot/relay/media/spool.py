"""A copy of a clip on disk while it is being carried, and what is made of it. Readers may begin before it is whole."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path

CHUNK_BYTES = 64 * 1024
PREFIX = "memobridge-clip-"
ABANDONED_AFTER_S = 6 * 3600.0  # the last of many clips may wait for hours until its conversion begins


class Spool:
    """One writer, any number of readers. The file goes when the step ends, whatever the end."""

    def __init__(self, folder: Path | None) -> None:
        self._handle, name = tempfile.mkstemp(prefix=PREFIX, dir=folder)
        self.path = Path(name)
        self._files = {self.path}
        self._is_filled = False
        self._grown = asyncio.Event()

    async def fill(self, head: bytes, rest: AsyncIterator[bytes]) -> None:
        """Writes go to the page cache and are not waited for in a thread."""
        try:
            with os.fdopen(self._handle, "wb", closefd=False) as file:
                self._write(file, head)
                async for chunk in rest:
                    self._write(file, chunk)
        finally:
            self._is_filled = True
            self._grown.set()

    def _write(self, file: BufferedWriter, chunk: bytes) -> None:
        file.write(chunk)
        file.flush()
        self._grown.set()

    async def follow(self) -> AsyncIterator[bytes]:
        """All that is filled in, as it comes. Where the filling fails, this ends early: whoever fills it learns why."""
        with self.path.open("rb", buffering=0) as file:
            while True:
                if chunk := file.read(CHUNK_BYTES):
                    yield chunk
                elif self._is_filled:
                    return
                else:
                    self._grown.clear()
                    await self._grown.wait()

    def keep(self, made: Path) -> None:
        """What was made of the clip goes with it."""
        self._files.add(made)

    def close(self) -> None:
        os.close(self._handle)
        for file in self._files:
            file.unlink(missing_ok=True)


def clear_spools(folder: Path | None, now: float) -> None:
    """Remove the clips that killed processes left behind: those that nobody has written to for hours."""
    for left in Path(folder or tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if now - left.stat().st_mtime > ABANDONED_AFTER_S:
                left.unlink()
