"""The house rules, kept by the machine: imports, tree, budgets, names, pins, what is committed, linters, types."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
ROOT_FILES = {"pyproject.toml", "requirements.txt", "Procfile", "README.md", "LICENSE", "bot", "config", "tests"}
# Written in pieces, so that this file may be looked through like every other.
HOSTS = ("pypi" + ".org", "python" + "hosted", "registry" + ".npmjs", "npmjs" + ".org", "deb" + ".debian.org")
FOLDERS = ("/ro" + "ot/", "/wo" + "rk/")
FOREIGN = re.compile("|".join(map(re.escape, HOSTS + FOLDERS)))
LONGEST_MODULE, LONGEST_FUNCTION = 350, 50


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: what is committed cannot be told")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_imports_run_one_way() -> None:
    """In a process of its own: the linter sets up logging anew and silences every logger it finds."""
    program = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
    ],
    ids=lambda command: " ".join(command),
)
def test_tools_find_nothing(command: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_root_holds_nothing_unexpected() -> None:
    assert {name.split("/")[0] for name in tracked() if not name.startswith(".")} == ROOT_FILES


def test_nothing_committed_names_a_package_host_or_a_machine() -> None:
    found = [
        f"{name}:{number}"
        for name in tracked()
        if (text := _text(ROOT / name)) is not None
        for number, line in enumerate(text.splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert not found


def test_modules_and_functions_stay_within_budget() -> None:
    over = []
    for name in tracked():
        if name.endswith(".py") and name.startswith(("bot/", "config/")):
            source = (ROOT / name).read_text("utf-8")
            if source.count("\n") > LONGEST_MODULE:
                over.append(name)
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or 0) - node.lineno + 1
                    over += [f"{name}:{node.name}"] * (length > LONGEST_FUNCTION)
    assert not over


def test_no_two_classes_have_one_name() -> None:
    """The sandbox aside: it has words of its own for what the bot knows, too."""
    places: dict[str, list[str]] = {}
    for name in tracked():
        if name.endswith(".py") and name.startswith(("bot/", "config/")) and not name.startswith("bot/sandbox/"):
            for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_requirements_pin_everything_with_hashes() -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if re.match(r"^[a-z0-9]", line, re.IGNORECASE)]
    assert pins
    assert all("==" in pin for pin in pins)
    assert "://" not in "\n".join(lines)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_requirements_satisfy_pyproject_on_every_python(python: str) -> None:
    """A deployment installs the pins, the tests what pyproject allows: where they differ, nobody tested what runs."""
    where = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line.rstrip(" \\")) for line in lines if re.match(r"^[a-z0-9]", line, re.IGNORECASE)]
    pinned = {canonicalize_name(pin.name): pin for pin in pins if pin.marker is None or pin.marker.evaluate(where)}
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    for wanted in map(Requirement, declared):
        (exact,) = pinned[canonicalize_name(wanted.name)].specifier
        assert wanted.specifier.contains(exact.version, prereleases=True), f"{wanted} against {exact} on {python}"


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None
