"""The databases of the campaigns: embedded in the bot, or a server of our own that can be killed."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

import psutil
import psycopg

from bot.store.embedded import Embedded

LEFT_OVER = """
SELECT (SELECT count(*) FROM deliveries WHERE step IN ('waiting', 'prepared', 'sending'))
    + (SELECT count(*) FROM notices WHERE wanted > taken)
    + (SELECT count(*) FROM procrastinate_jobs)
"""
BACK_WITHIN_S = 60.0
ONE_AT_A_TIME = Lock()  # the embedded server's package is made for one server in a process
OPEN = "SELECT name FROM deliveries WHERE step IN ('waiting', 'prepared', 'sending')"


@dataclass
class Place:
    """A folder with a PostgreSQL server in it, started by the bot (``is_shared`` False) or by us."""

    folder: Path
    is_shared: bool

    def settings(self) -> dict[str, str]:
        if not self.is_shared:
            return {"DATA_DIR": str(self.folder)}
        return {"DATABASE_URL": self.url}

    @cached_property
    def url(self) -> str:
        """Of the server, which is started if it is not running. A later server of this folder has the same one."""
        return self.server().url

    def server(self) -> Embedded:
        """The running server; started if it is not. Blocks."""
        with ONE_AT_A_TIME:
            return Embedded.start(self.folder)

    def kill(self) -> None:
        """As a power cut would: the postmaster first, so that nobody is told."""
        os.kill(self._postmaster(), signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its connections stay open and nobody answers on them, as when a machine has lost its disk."""
        postmaster = psutil.Process(self._postmaster())
        family = [postmaster, *postmaster.children(recursive=True)]
        for each in family:
            each.suspend()
        try:
            yield
        finally:
            for each in family:
                each.resume()

    def end(self) -> None:
        """Take the server down, whoever is still connected, and see it gone."""
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            postmaster = psutil.Process(self._postmaster())
            postmaster.send_signal(signal.SIGINT)
            psutil.wait_procs([postmaster], timeout=BACK_WITHIN_S)

    def _postmaster(self) -> int:
        return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])

    def _connected(self) -> psycopg.Connection:
        """Waits for a server that is just coming back."""
        end = time.monotonic() + BACK_WITHIN_S
        while True:
            try:
                return psycopg.connect(self.url, connect_timeout=5)
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def left_over(self) -> int:
        """Rows that still want work."""
        with self._connected() as connection:
            row = connection.execute(LEFT_OVER).fetchone()
        assert row is not None
        return int(row[0])

    def open_clips(self) -> set[str]:
        """The clips that are still on their way."""
        with self._connected() as connection:
            return {str(name) for (name,) in connection.execute(OPEN).fetchall()}


@asynccontextmanager
async def place(*, is_shared: bool) -> AsyncIterator[Place]:
    """A short path, because a socket lives in it."""
    folder = Path(tempfile.mkdtemp(prefix="memobridge-"))
    made = Place(folder, is_shared)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.end)
        shutil.rmtree(folder, ignore_errors=True)
