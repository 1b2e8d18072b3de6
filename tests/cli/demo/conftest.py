"""The demo as a process, with a cache of its own."""

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A cache of its own and no display."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith("DISPLAY")}
    return clean | {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")), "COLUMNS": "200"}


def demo(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bot", "demo", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)
