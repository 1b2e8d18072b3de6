"""Loaded by pytest before anything else: installs what the tests need where it is missing, and starts pytest anew.

``uv run pytest`` installs the project and pytest. The rest of the developers' tools is in the group ``tests``.
"""

import os
import shutil
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
GROUP = "tests"
DONE = "MEMOBRIDGE_TOOLS_INSTALLED"


def missing_tools(pyproject: Path = ROOT / "pyproject.toml") -> list[str]:
    """Requirements of the group that this environment does not meet."""
    groups = tomllib.loads(pyproject.read_text("utf-8"))["dependency-groups"]
    wanted = [Requirement(line) for line in groups[GROUP] if isinstance(line, str)]
    return [str(each) for each in wanted if not _is_met(each)]


def _is_met(wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False


def install_missing() -> None:
    """Does not return where something was missing: pytest starts anew, once."""
    missing = missing_tools()
    if not missing:
        return
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None or DONE in os.environ:
        sys.exit(f"The tests need {', '.join(missing)}: install the dependency group {GROUP}.")
    sys.stderr.write("Installing what the tests need.\n")
    command = [uv, "run", "--group", GROUP, "python", "-m", "pytest", *sys.argv[1:]]
    os.execve(uv, command, os.environ | {DONE: "1"})


install_missing()
