"""A copy of a recording on disk while it is transferred, and what is made of it. Readers may begin before it is whole.

The files of a process lie in a private folder of its own, which the next start clears when that process is gone.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path

CHUNK_BYTES = 64 * 1024
FOLDER_PREFIX = "memobridge-spool-"
LOCK_NAME = "lock"


class SpoolFolder:
    """A folder that only this user can look into (0700), locked by this process as long as it lives."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls, parent: Path | None = None) -> "SpoolFolder":
        """Make one below ``parent`` (None: the system's temporary folder), and remove those whose process is gone."""
        below = Path(parent or tempfile.gettempdir())
        _remove_abandoned(below)
        made = Path(tempfile.mkdtemp(prefix=f".{FOLDER_PREFIX}", dir=below))
        lock = os.open(made / LOCK_NAME, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = made.rename(made.with_name(made.name[1:]))  # under this name it is always locked, or abandoned
        return cls(path, lock)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_abandoned(below: Path) -> None:
    """The kernel frees the lock of a process that died, however it died."""
    for folder in below.glob(f"{FOLDER_PREFIX}*"):
        with suppress(OSError):  # another user's, or one that is being made or removed just now
            if folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder / LOCK_NAME, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


class Spool:
    """One writer, any number of readers. The files go when the transfer ends, whatever the end."""

    def __init__(self, folder: Path) -> None:
        self._handle, name = tempfile.mkstemp(prefix="clip-", dir=folder)
        self.path = Path(name)
        self.copy_path = Path(f"{name}.converted")
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

    def close(self) -> None:
        os.close(self._handle)
        for file in (self.path, self.copy_path):
            file.unlink(missing_ok=True)
