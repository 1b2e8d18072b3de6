"""The database of a campaign: embedded in the bot, or a server of our own. Either can be killed or frozen."""

import asyncio
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
from typing import Any

import psutil
import psycopg
from psycopg.sql import SQL, Identifier

from bot.store.embedded import Embedded

IN_LINE = "state IN ('waiting', 'prepared', 'sending') AND NOT awaits_approval AND coalesce(not_before < now(), true)"
UNFINISHED = f"""
SELECT concat_ws(' ', 'delivery', source, parts, state, 'about', about, 'until', retry_at, reason, code)
    FROM deliveries WHERE {IN_LINE}
UNION ALL SELECT concat_ws(' ', 'notice', id, 'until', retry_at) FROM notices
    WHERE requested > started OR retry_at IS NOT NULL
UNION ALL SELECT concat_ws(' ', 'root', room, 'until', refresh_at) FROM conversations
    WHERE refresh_at IS NOT NULL AND root IS NOT NULL
UNION ALL SELECT concat_ws(' ', 'job', lock, status) FROM procrastinate_jobs
"""
OPEN = f"""
SELECT id, concat_ws(' ', parts -> 0 ->> 'kind', source, 'into', target, state, 'since', accepted_at, 'until', retry_at,
    reason) FROM deliveries WHERE {IN_LINE}
"""
# Nothing in its room waits until a lost answer is settled (35 s), or until a history was read (a minute).
FREE_TO_GO = f"""
{OPEN} AND coalesce(retry_at <= now(), true)
    AND NOT EXISTS (SELECT FROM deliveries AS first WHERE first.target = deliveries.target AND first.state = 'sending')
    AND NOT EXISTS (SELECT FROM marks WHERE room = origin AND has_gap)
"""
STEPPED_ASIDE = "SELECT part ->> 'name' FROM deliveries, jsonb_array_elements(parts) AS part WHERE is_late"
BACK_WITHIN_S = 60.0
START_LOCK = Lock()  # the package of the embedded server is made for one server in a process


@dataclass
class DatabaseFolder:
    """A folder with a PostgreSQL server in it, started by the bot (``is_shared`` False) or by us."""

    folder: Path
    is_shared: bool

    def settings(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url} if self.is_shared else {"DATA_DIR": str(self.folder)}

    @cached_property
    def url(self) -> str:
        """A later server of this folder has the same one."""
        return self.server().url

    def server(self) -> Embedded:
        """The running server; started if it is not. Blocks."""
        with START_LOCK:
            return Embedded.start(self.folder)

    def postmaster(self) -> psutil.Process:
        return psutil.Process(int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0]))

    def kill(self) -> None:
        """As a power cut would: the postmaster first, so that it tells nobody."""
        self.postmaster().kill()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its connections stay open and nobody answers on them, as when a machine has lost its disk."""
        postmaster = self.postmaster()
        family = [postmaster, *postmaster.children(recursive=True)]
        for each in family:
            each.suspend()
        try:
            yield
        finally:
            for each in family:
                each.resume()

    def end(self) -> None:
        """Stop the server, whoever is still connected, and wait until it is gone."""
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            postmaster = self.postmaster()
            postmaster.send_signal(signal.SIGINT)
            psutil.wait_procs([postmaster], timeout=BACK_WITHIN_S)

    def unfinished(self) -> list[str]:
        """Rows that still want work."""
        with self._connect() as connection:
            return [str(row) for (row,) in connection.execute(UNFINISHED).fetchall()]

    def open_deliveries(self) -> dict[str, str]:
        """What each is and waits for, by its id."""
        with self._connect() as connection:
            return {str(id_): str(told) for id_, told in connection.execute(OPEN).fetchall()}

    def free_deliveries(self) -> set[str]:
        """Those that wait for nothing but the bot."""
        with self._connect() as connection:
            return {str(id_) for id_, _ in connection.execute(FREE_TO_GO).fetchall()}

    def stepped_aside(self) -> set[str]:
        """The names of files that could not be had for a minute, so that others passed them, as their notice said."""
        with self._connect() as connection:
            return {str(name) for (name,) in connection.execute(STEPPED_ASIDE).fetchall()}

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All of one table."""
        with self._connect() as connection:
            found = connection.execute(SQL("SELECT to_jsonb(each) FROM {} AS each").format(Identifier(table)))
            return [row for (row,) in found.fetchall()]

    def _connect(self) -> psycopg.Connection:
        """Waits for a server that is just coming back."""
        end = time.monotonic() + BACK_WITHIN_S
        while True:
            try:
                return psycopg.connect(self.url, connect_timeout=5)
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


@asynccontextmanager
async def database_folder(*, is_shared: bool) -> AsyncIterator[DatabaseFolder]:
    """Its path is short, because a socket lives in it."""
    folder = Path(tempfile.mkdtemp(prefix="memobridge-"))
    made = DatabaseFolder(folder, is_shared)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.end)
        shutil.rmtree(folder, ignore_errors=True)
