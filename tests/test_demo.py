"""``memobridge demo`` from outside: stories in the terminal, a busy port, and what it leaves behind."""

import os
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

from bot.cli.demo.stories import STORIES
from bot.sandbox.slack.fixtures import CLIPS

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A cache of its own and no display."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith("DISPLAY")}
    return clean | {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")), "COLUMNS": "200"}


def demo(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bot", "demo", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)


@pytest.mark.parametrize("story", STORIES)
def test_every_story_ends_as_it_should(environment: dict[str, str], story: str) -> None:
    told = demo(environment, "--headless", "--story", story)
    assert (told.returncode, told.stderr) == (0, "")
    assert "It ended as it should." in told.stdout


def test_a_file_of_ones_own_is_carried(environment: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own.m4a"
    own.write_bytes((Path(__file__).parents[1] / "bot/sandbox/sample.m4a").read_bytes())
    told = demo(environment, "--headless", "--file", str(own))
    assert told.returncode == 0
    assert "The memo's bytes are the clip's own" in told.stdout


def test_a_file_of_ones_own_is_dropped_on_the_page(environment: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own.m4a"
    own.write_bytes((Path(__file__).parents[1] / "bot/sandbox/sample.m4a").read_bytes())
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


def test_a_file_is_named_as_it_stands_whatever_its_name_looks_like(environment: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own [bold] [!] :phone:.m4a"
    own.write_bytes((Path(__file__).parents[1] / "bot/sandbox/sample.m4a").read_bytes())
    told = demo(environment, "--headless", "--file", str(own))
    lines = [line for line in told.stdout.splitlines() if "own " in line]
    assert {line.split()[0] for line in lines} == {"Slack", "iMessage"}
    assert all(own.name in line for line in lines)


def test_wrong_words_are_one_line_and_exit_code_2(environment: dict[str, str], tmp_path: Path) -> None:
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


def test_a_busy_port_is_told_and_ctrl_c_leaves_nothing(environment: dict[str, str], busy_port: int) -> None:
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


def test_told_to_leave_while_the_bot_opens_its_database_it_leaves_nothing(environment: dict[str, str]) -> None:
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


def test_a_database_is_made_once_and_copied_from_then_on(environment: dict[str, str]) -> None:
    """What is kept was never run with rows in it: it is older than any demo that copies it."""
    demo(environment, "--headless")
    [kept] = Path(environment["XDG_CACHE_HOME"]).glob("memobridge/empty-database-*")
    made = kept.stat().st_mtime_ns
    assert demo(environment, "--headless").returncode == 0
    assert kept.stat().st_mtime_ns == made
    assert {path.name.partition("-")[0] for path in kept.parent.iterdir()} <= {"empty", "spare"}


def test_a_page_lays_a_database_by_and_the_next_demo_takes_it(environment: dict[str, str]) -> None:
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
