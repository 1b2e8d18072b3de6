"""The embedded server outlives a killed bot, and is stopped by the last process that uses it."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from bot.relay.errors import Refused
from bot.store.embedded import Embedded
from tests.conftest import cannot

STARTED = """
import sys
from pathlib import Path
from bot.store.embedded import Embedded
from tests.conftest import cannot
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


def test_server_left_by_a_killed_bot_is_used_again(folder: Path) -> None:
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


def test_half_made_database_is_made_again(folder: Path) -> None:
    kill_once(folder, lambda _: any(folder.glob("*/PG_VERSION")), os.killpg)
    server = Embedded.start(folder)
    assert is_up(server.url)
    server.stop()
    Embedded.start(folder).stop()
    assert {path.name for path in folder.iterdir()} == {"postgres", "run"}


def test_server_that_a_killed_bot_had_begun_to_start_is_awaited(folder: Path) -> None:
    Embedded.start(folder).stop()
    kill_once(folder, lambda process: bool(process.children()), os.kill)
    server = Embedded.start(folder)
    assert is_up(server.url)
    server.stop()


def test_processes_that_start_together_share_one_server(folder: Path) -> None:
    starters = [subprocess.Popen([sys.executable, "-c", STARTED, str(folder)]) for _ in range(3)]
    assert [starter.wait() for starter in starters] == [0, 0, 0]
    Embedded.start(folder).stop()


def test_server_that_somebody_else_uses_stays_up(folder: Path) -> None:
    server = Embedded.start(folder)
    with psycopg.connect(server.url):
        server.stop(others_leave_within_s=0.1)
        assert is_up(server.url)
    server.stop(others_leave_within_s=60)
    assert not is_up(server.url)


def test_server_is_stopped_once_the_last_other_connection_has_ended(folder: Path) -> None:
    """One that was closed just now is counted until its backend has ended."""
    server = Embedded.start(folder)
    with psycopg.connect(server.url, autocommit=True) as other, ThreadPoolExecutor() as threads:
        stopping = threads.submit(server.stop, others_leave_within_s=60)
        seen = "SELECT count(*) > 1 FROM pg_stat_activity WHERE query LIKE '%backend_type%'"  # besides this one
        while other.execute(seen).fetchone() != (True,):
            pass
        other.close()
        stopping.result()
    assert not is_up(server.url)


def test_stop_of_a_server_that_is_down_does_nothing(folder: Path) -> None:
    server = Embedded.start(folder)
    server.stop()
    server.stop()
    assert not is_up(server.url)


def test_pid_that_now_belongs_to_another_process_blocks_nothing(folder: Path) -> None:
    """As after a container was killed and started again on the same volume."""
    server = Embedded.start(folder)
    file = folder / "postgres" / "postmaster.pid"
    _, *rest = file.read_text().splitlines()
    server.stop()
    file.write_text("\n".join([str(os.getpid()), *rest]))
    again = Embedded.start(folder)
    assert is_up(again.url)
    again.stop()


async def test_server_that_dies_is_started_again(folder: Path) -> None:
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
def test_folder_below_a_home_is_refused_as_root(home: str) -> None:
    with pytest.raises(Refused, match=r"DATA_DIR .* lies below .* /var/lib/memobridge"):
        Embedded.start(Path(home) / "memobridge")


def test_path_too_long_for_a_socket_is_refused(folder: Path) -> None:
    with pytest.raises(Refused, match="too long"):
        Embedded.start(folder / ("x" * 100))


def test_folder_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(Refused, match="cannot be made"):
        Embedded.start(Path("/dev/null/data"))


def test_folder_in_which_nothing_can_be_made_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "run").touch()  # stops root too, who may write everywhere
    with pytest.raises(Refused, match=r"DATA_DIR .* cannot be made or written in: .*\. Choose a folder"):
        Embedded.start(folder)


STOPPED = """
import shutil, sys
from pathlib import Path
from bot.store.embedded import Embedded
from tests.conftest import cannot
Embedded.start(Path(sys.argv[1])).stop()
shutil.rmtree(sys.argv[1])
"""


def test_process_that_stopped_its_server_leaves_its_folder_alone(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", STOPPED, str(folder)], check=True)
    assert not folder.exists()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 200 MB of its own, which can be filled and made read-only. Its path is short, for the socket."""
    place = Path(tempfile.mkdtemp(prefix="memobridge-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        cannot("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)
    place.rmdir()


def test_full_disk_is_told_in_plain_words_and_nothing_is_lost(
    small_disk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = small_disk / "d"
    Embedded.start(folder).stop()
    with suppress(OSError), (small_disk / "filled").open("wb") as file:
        while True:
            file.write(bytes(2**20))
    with pytest.raises(Refused, match=r"its disk is full \(\d+ MB left\)\. Nothing is lost: make room"):
        Embedded.start(folder)
    assert capfd.readouterr().err == ""
    (small_disk / "filled").unlink()
    Embedded.start(folder).stop()


def test_read_only_file_system_is_told_in_plain_words(small_disk: Path) -> None:
    folder = small_disk / "d"
    Embedded.start(folder).stop()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(Refused, match="its file system is read-only"):
        Embedded.start(folder)
