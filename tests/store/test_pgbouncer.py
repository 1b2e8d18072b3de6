"""Behind a real pgbouncer: in session mode the store works, in any other it says what to set."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bot.relay.errors import Refused
from bot.store.database import Database
from tests.conftest import cannot
from tests.fakes import CHAT
from tests.store.rows import delivery

CONFIG = """
[databases]
* = host={host} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
"""


@pytest.fixture
def bouncer(database_url: str, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Starts pgbouncer in a mode; gives the address of this test's database behind it."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") or cannot("pgbouncer is not installed")
    running: list[subprocess.Popen[bytes]] = []

    def start(mode: str) -> str:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        parts = psycopg.conninfo.conninfo_to_dict(database_url)
        config = Path("/tmp") / f"memobridge-pgbouncer-{port}.ini"
        config.write_text(CONFIG.format(host=parts["host"], port=port, mode=mode))
        who = {"user": "pgserver"} if os.geteuid() == 0 else {}  # pgbouncer refuses to run as root
        running.append(subprocess.Popen([program, "--quiet", config], stderr=subprocess.DEVNULL, **who))  # type: ignore[call-overload]
        url = f"postgresql://postgres@127.0.0.1:{port}/{parts['dbname']}"
        _await(url)
        config.unlink()
        return url

    yield start
    for process in running:
        process.terminate()
        process.wait(30)


def _await(url: str) -> None:
    """Until it listens; by itself it says nothing."""
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


async def test_store_works_behind_pgbouncer_in_session_mode(bouncer: Callable[[str], str]) -> None:
    database = await Database.open(bouncer("session"))
    await database.deliveries.accept([delivery("a")])
    claim = await database.deliveries.claim(CHAT)
    await database.close()
    assert claim is not None


@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_pgbouncer_that_shares_sessions_is_refused_with_what_to_set(
    bouncer: Callable[[str], str], mode: str
) -> None:
    with pytest.raises(Refused, match="set pool_mode = session"):
        await Database.open(bouncer(mode))
