"""The first test run installs the developers' tools, so that the demo need not."""

import os
import subprocess
import sys
from pathlib import Path

from tests.install_tools import DONE, ROOT, missing_tools

GROUPS = '[dependency-groups]\ndev = ["pytest"]\ntests = [{{ include-group = "dev" }}, {}]\n'


def write(tmp_path: Path, requirements: str) -> Path:
    path = tmp_path / "pyproject.toml"
    path.write_text(GROUPS.format(requirements))
    return path


def test_nothing_is_missing_where_the_tests_run() -> None:
    assert missing_tools() == []


def test_absent_and_outdated_tools_are_missing(tmp_path: Path) -> None:
    named = '"no-such-tool>=1", "pytest>=1", "mypy>=999"'
    assert missing_tools(write(tmp_path, named)) == ["no-such-tool>=1", "mypy>=999"]


def test_pytest_starts_anew_with_the_group_and_its_own_arguments(tmp_path: Path) -> None:
    """With a uv that only says how it was called."""
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "$@"\n')
    uv.chmod(0o755)
    program = """
import sys
from pathlib import Path
import tests.install_tools as tools
tools.missing_tools = lambda: ["no-such-tool"]
sys.argv = ["pytest", "-n", "0", "tests/x.py"]
tools.install_missing()
"""
    first = {name: value for name, value in os.environ.items() if name != DONE} | {"UV": str(uv)}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=first,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "run --group tests python -m pytest -n 0 tests/x.py\n"
    again = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**first, DONE: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1, "not without end"
    assert "no-such-tool" in again.stderr
