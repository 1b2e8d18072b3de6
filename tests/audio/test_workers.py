"""The self-test of the audio workers catches what would make every file fail."""

import os
import subprocess
import sys
from pathlib import Path

from bot.audio import AudioWorkers


async def test_self_test_passes_with_the_pinned_pyav(workers: AudioWorkers) -> None:
    assert await workers.self_test() == ""


async def test_self_test_says_that_the_folder_cannot_be_written(workers: AudioWorkers, tmp_path: Path) -> None:
    assert "could not write to its temporary folder" in await workers.self_test(tmp_path / "missing")


async def test_self_test_leaves_no_file(workers: AudioWorkers, tmp_path: Path) -> None:
    assert await workers.self_test(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


BOT = """
import asyncio
from bot.audio import AudioWorkers

async def live() -> None:
    workers = AudioWorkers(1)
    print(await workers.self_test())
    await workers.close()

asyncio.run(live())
"""


def _self_test_with(module: str, source: str, folder: Path) -> str:
    """What the self-test says where another module of this name comes first."""
    (folder / f"{module}.py").write_text(source)
    path = os.pathsep.join([str(folder), *(os.path.abspath(entry) for entry in sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", BOT],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return done.stdout.strip()


def test_self_test_names_a_pyav_that_cannot_be_loaded(tmp_path: Path) -> None:
    said = _self_test_with("av", "raise ImportError('libav is missing')", tmp_path)
    assert said.startswith("A fault in the bot (ImportError)")


def test_self_test_names_a_pyav_that_takes_other_arguments(tmp_path: Path) -> None:
    """A later version of PyAV opens files with other arguments: every file ended in a TypeError."""
    source = f"""
import importlib.machinery, importlib.util, sys
finder = importlib.machinery.PathFinder.find_spec("av", [entry for entry in sys.path if entry != {str(tmp_path)!r}])
sys.modules.pop("av")
av = importlib.util.module_from_spec(finder)
sys.modules["av"] = av
finder.loader.exec_module(av)

def open_otherwise(file, mode="r"):
    raise TypeError("open() got an unexpected keyword argument")

av.open = open_otherwise
"""
    said = _self_test_with("av", source, tmp_path)
    assert said.startswith("A fault in the bot (TypeError)")
