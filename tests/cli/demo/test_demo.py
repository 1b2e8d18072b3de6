"""``memobridge demo`` from outside: stories in the terminal, a busy port, and what it leaves behind."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from bot.sandbox.slack.fixtures import CLIPS
from tests.cli.demo.conftest import demo

pytestmark = pytest.mark.timeout(300)


def test_own_file_is_carried(environment: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own.m4a"
    own.write_bytes((Path(__file__).parents[3] / "bot/sandbox/sample.m4a").read_bytes())
    told = demo(environment, "--headless", "--file", str(own))
    assert told.returncode == 0
    assert "The memo's bytes are the clip's own" in told.stdout


def test_own_file_is_dropped_on_the_page(environment: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own.m4a"
    own.write_bytes((Path(__file__).parents[3] / "bot/sandbox/sample.m4a").read_bytes())
    command = [sys.executable, "-u", "-m", "bot", "demo", "--port", "0", "--file", str(own)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found is not None
    while process.stdout.readline() != "own.m4a is dropped in #clips.\n":
        assert process.poll() is None
    with urlopen(f"{found[0]}/slack/history?channel={CLIPS}") as history:
        assert b'"own.m4a"' in history.read()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def test_own_file_is_named_as_it_is_whatever_it_looks_like(environment: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own [bold] [!] :phone:.m4a"
    own.write_bytes((Path(__file__).parents[3] / "bot/sandbox/sample.m4a").read_bytes())
    told = demo(environment, "--headless", "--file", str(own))
    lines = [line for line in told.stdout.splitlines() if "own " in line]
    assert {line.split()[0] for line in lines} == {"Slack", "iMessage"}
    assert all(own.name in line for line in lines)


NO_RECORDINGS = {
    "notes.txt": (b"Dear diary", "The file holds text, not sound."),
    "notes.bin": (b"Dear diary", "The file holds text, not sound."),
    "notes.m4a": (b"Dear diary, " * 100, "The file holds text, not sound."),
    "empty.bin": (b"", "The file is empty (0 bytes)."),
    "page.pdf": (b"%PDF-1.7 and so on", "The file holds a document, not sound."),
}


@pytest.mark.parametrize("name", NO_RECORDINGS)
def test_file_without_sound_ends_the_demo_at_once(environment: dict[str, str], tmp_path: Path, name: str) -> None:
    """Whatever it is called: the bytes decide."""
    own = tmp_path / name
    content, reason = NO_RECORDINGS[name]
    own.write_bytes(content)
    told = demo(environment, "--headless", "--file", str(own))
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert f"{name} is no recording. {reason}" in told.stderr
    assert "Starting the bot" not in told.stdout


def test_headless_demo_says_at_once_what_it_does(environment: dict[str, str]) -> None:
    command = [sys.executable, "-u", "-m", "bot", "demo", "--headless"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "Starting a local Slack, a local Linq, a database and the bot.\n"
        process.stdout.read()
    assert process.returncode == 0


def test_wrong_arguments_are_one_line_and_exit_code_2(environment: dict[str, str], tmp_path: Path) -> None:
    for words in (("--story", "nothing"), ("--headless", "--file", str(tmp_path / "none.m4a"))):
        told = demo(environment, *words)
        assert told.returncode == 2
        assert told.stderr.count("\n") == 1
        assert "Traceback" not in told.stderr


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_busy_port_is_told_and_ctrl_c_leaves_nothing(environment: dict[str, str], busy_port: int) -> None:
    command = [sys.executable, "-u", "-m", "bot", "demo", "--port", str(busy_port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    assert f"Port {busy_port} is busy" in process.stdout.readline()
    assert re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert process.stdout.readline() == "The bot is running.\n"
    family = psutil.Process(process.pid).children(recursive=True)
    data_folder = _data_folder_of(family)
    assert data_folder.exists()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not data_folder.exists()
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert not _servers_in(data_folder)


def _data_folder_of(family: list[psutil.Process]) -> Path:
    return next(Path(found) for child in family if (found := child.environ().get("DATA_DIR")))


def _servers_in(folder: Path) -> list[int]:
    """Databases are no children: they leave the bot's family when they start."""
    return [p.pid for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]


def test_signal_while_the_bot_opens_its_database_leaves_nothing(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "bot", "demo", "--headless"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    data_folder = _data_folder_being_opened(process)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
    assert not _servers_in(data_folder)
    assert not data_folder.exists()


def _data_folder_being_opened(process: "subprocess.Popen[str]") -> Path:
    while True:
        assert process.poll() is None
        for child in psutil.Process(process.pid).children():
            with suppress(psutil.NoSuchProcess, StopIteration):
                folder = _data_folder_of([child])
                if (folder / "postgres" / "postmaster.pid").exists():
                    return folder
        time.sleep(0.01)  # no event tells


def test_database_is_made_once_and_copied_from_then_on(environment: dict[str, str]) -> None:
    """What is kept was never run with rows in it: it is older than any demo that copies it."""
    demo(environment, "--headless")
    [kept] = Path(environment["XDG_CACHE_HOME"]).glob("memobridge/empty-database-*")
    made = kept.stat().st_mtime_ns
    assert demo(environment, "--headless").returncode == 0
    assert kept.stat().st_mtime_ns == made
    assert {path.name.partition("-")[0] for path in kept.parent.iterdir()} <= {"empty", "spare"}


def test_page_caches_a_database_for_the_next_demo(environment: dict[str, str]) -> None:
    command = [sys.executable, "-u", "-m", "bot", "demo", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    while process.stdout.readline() != "The bot is running.\n":
        assert process.poll() is None
    cache = Path(environment["XDG_CACHE_HOME"]) / "memobridge"
    while not list(cache.glob("spare-*")):
        assert process.poll() is None
        time.sleep(0.05)  # no event tells
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert demo(environment, "--headless").returncode == 0
    assert not list(cache.glob("spare-*"))
