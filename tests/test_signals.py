"""However a process is told to stop, it leaves no server, no decoder and no folder behind."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bot.sandbox.sandbox import Sandbox
from config.settings import RENAMED, Settings

pytestmark = pytest.mark.timeout(300)
TIMEOUT_S = 120


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """With a short path, since the server's socket is in it."""
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture
async def environment(data_dir: Path, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    settings = {*map(str.upper, Settings.model_fields), *RENAMED}
    clean = {name: value for name, value in os.environ.items() if name.upper() not in settings}
    clean = {name: value for name, value in clean.items() if not name.endswith("DISPLAY")}
    local = {"HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": str(data_dir), "XDG_CACHE_HOME": str(tmp_path)}
    async with Sandbox() as sandbox:
        yield clean | sandbox.environment() | local


class Terminal:
    """A terminal with one program in it."""

    def __init__(self, environment: dict[str, str], *words: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.said = ""

    def until(self, words: str) -> None:
        """Read what it says until it says this."""
        while words not in self.said:
            self.said += os.read(self._master, 4096).decode(errors="replace")

    def close(self) -> int:
        """As a person closes the window; gives the exit code."""
        os.close(self._master)
        return self.process.wait(TIMEOUT_S)


OpenTerminal = Callable[..., Terminal]


@pytest.fixture
def open_terminal(environment: dict[str, str]) -> Iterator[OpenTerminal]:
    """Nothing that a failed test left running outlives it."""
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        opened.append(Terminal(environment, *words))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.process.kill()
    for process in psutil.process_iter(["cmdline"]):
        with suppress(psutil.Error):
            if any(folder in _where(process) for folder in {environment["DATA_DIR"], environment["XDG_CACHE_HOME"]}):
                process.kill()


def _where(process: psutil.Process) -> str:
    """Command line and environment: both name the folders that a process of this test works in."""
    return " ".join([*process.cmdline(), *process.environ().values()])


def family(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def servers_in(folder: Path) -> list[int]:
    """Databases are no children: they leave the bot's family when they start."""
    return [p.pid for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # no event tells


def assert_all_ended(processes: list[psutil.Process], folder: Path) -> None:
    assert psutil.wait_procs(processes, timeout=TIMEOUT_S)[1] == []
    assert servers_in(folder) == []


async def test_closed_terminal_ends_run(open_terminal: OpenTerminal, data_dir: Path) -> None:
    terminal = open_terminal("run")
    terminal.until("service.ready")
    running = family(terminal.process)
    assert servers_in(data_dir)
    assert terminal.close() == 0
    assert_all_ended(running, data_dir)


async def test_closed_terminal_ends_the_demo(open_terminal: OpenTerminal) -> None:
    terminal = open_terminal("demo", "--port", "0")
    terminal.until("The bot is running.")
    running = family(terminal.process)
    folder = next(Path(found) for child in running if (found := child.environ().get("DATA_DIR")))
    terminal.close()
    assert_all_ended(running, folder)
    assert not folder.exists()


def start(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bot", "run"], env=environment, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_signal_while_the_server_starts_leaves_no_server(
    environment: dict[str, str], data_dir: Path, sign: signal.Signals
) -> None:
    process = start(environment)
    until((data_dir / "postgres" / "postmaster.pid").exists)
    process.send_signal(sign)
    assert process.wait(TIMEOUT_S) == 0
    assert servers_in(data_dir) == []


def server_of(folder: Path) -> list[psutil.Process]:
    first = psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]))
    return [first, *first.children(recursive=True)]


async def test_server_that_hung_while_the_bot_left_ends_when_it_wakes(
    open_terminal: OpenTerminal, data_dir: Path
) -> None:
    """The bot keeps its ten seconds, and its last act asks the server to end."""
    terminal = open_terminal("run")
    terminal.until("service.ready")
    server = server_of(data_dir)
    for each in server:
        with suppress(psutil.NoSuchProcess):
            each.suspend()
    terminal.process.send_signal(signal.SIGTERM)
    terminal.until("shutdown.forced")
    assert terminal.close() == 0
    for each in server:
        with suppress(psutil.NoSuchProcess):
            each.resume()
    until(lambda: not servers_in(data_dir))
