"""The laws of the embedded server: it outlives a killed bot, and the last one to leave turns it off."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from bot.relay.errors import Refused
from bot.store.embedded import Embedded

STARTED = """
import sys
from pathlib import Path
from bot.store.embedded import Embedded
Embedded.start(Path(sys.argv[1]))
"""
KILLED = (
    STARTED
    + """
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as made:
        yield Path(made) / "data"


def is_up(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_server_left_by_a_killed_bot_is_used_again_and_stopped_in_the_end(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False, timeout=60)
    pid = (folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]
    server = Embedded.start(folder)
    assert (folder / "postgres" / "postmaster.pid").read_text().splitlines()[0] == pid
    assert is_up(server.url)
    server.stop()
    assert not is_up(server.url)


def kill_once(folder: Path, seen: Callable[[psutil.Process], bool], kill: Callable[[int, int], None]) -> None:
    """Start the server from a process that is killed as soon as that is seen of it."""
    command = (sys.executable, "-c", STARTED, str(folder))
    with subprocess.Popen(command, start_new_session=True) as starter:
        process = psutil.Process(starter.pid)
        while not seen(process):
            assert starter.poll() is None
        kill(starter.pid, signal.SIGKILL)


def test_a_database_that_was_half_made_when_the_power_went_is_made_anew(folder: Path) -> None:
    kill_once(folder, lambda _: any(folder.glob("*/PG_VERSION")), os.killpg)
    server = Embedded.start(folder)
    assert is_up(server.url)
    server.stop()
    Embedded.start(folder).stop()
    assert {path.name for path in folder.iterdir()} == {"postgres", "run"}


def test_a_server_that_a_killed_bot_had_begun_to_start_is_waited_for(folder: Path) -> None:
    Embedded.start(folder).stop()
    kill_once(folder, lambda process: bool(process.children()), os.kill)
    server = Embedded.start(folder)
    assert is_up(server.url)
    server.stop()


def test_processes_that_start_together_share_one_server(folder: Path) -> None:
    starters = [subprocess.Popen([sys.executable, "-c", STARTED, str(folder)]) for _ in range(3)]
    assert [starter.wait() for starter in starters] == [0, 0, 0]
    Embedded.start(folder).stop()


def test_a_server_that_somebody_else_uses_stays_up(folder: Path) -> None:
    server = Embedded.start(folder)
    with psycopg.connect(server.url):
        server.stop()
        assert is_up(server.url)
    server.stop()
    assert not is_up(server.url)


def test_a_pid_that_now_belongs_to_somebody_else_holds_nobody_up(folder: Path) -> None:
    """As after a container was killed and started again on the same volume."""
    server = Embedded.start(folder)
    file = folder / "postgres" / "postmaster.pid"
    _, *rest = file.read_text().splitlines()
    server.stop()
    file.write_text("\n".join([str(os.getpid()), *rest]))
    again = Embedded.start(folder)
    assert is_up(again.url)
    again.stop()


async def test_a_server_that_dies_is_started_again(folder: Path) -> None:
    server = await asyncio.to_thread(Embedded.start, folder)
    os.kill(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    async with asyncio.timeout(60):
        while await asyncio.to_thread(is_up, server.url):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
        async with server.watched(every_s=0.05):
            while not await asyncio.to_thread(is_up, server.url):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
    await asyncio.to_thread(server.stop)


@pytest.mark.skipif(os.geteuid() != 0, reason="only as root does the database run as another user")
@pytest.mark.parametrize("home", ["/root", "/home/ann"])
def test_as_root_a_folder_below_a_home_is_refused(home: str) -> None:
    with pytest.raises(Refused, match=r"DATA_DIR .* lies below .* /var/lib/memobridge"):
        Embedded.start(Path(home) / "memobridge")


def test_a_path_too_long_for_a_socket_is_refused(folder: Path) -> None:
    with pytest.raises(Refused, match="too long"):
        Embedded.start(folder / ("x" * 100))


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(Refused, match="cannot be made"):
        Embedded.start(Path("/dev/null/data"))


def test_a_folder_in_which_nothing_can_be_made_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "run").touch()  # stops root too, who may write everywhere
    with pytest.raises(Refused, match=r"DATA_DIR .* cannot be made or written in: .*\. Choose a folder"):
        Embedded.start(folder)


STOPPED = """
import shutil, sys
from pathlib import Path
from bot.store.embedded import Embedded
Embedded.start(Path(sys.argv[1])).stop()
shutil.rmtree(sys.argv[1])
"""


def test_a_process_that_stopped_its_server_leaves_a_removed_folder_alone(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", STOPPED, str(folder)], check=True)
    assert not folder.exists()
