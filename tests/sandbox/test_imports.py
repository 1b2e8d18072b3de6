"""The sandbox's import graph: no circles, at most a dozen files in a folder, nothing of the bot."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SANDBOX = ROOT / "bot" / "sandbox"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in SANDBOX.rglob("*.py")
}


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports, also those only type checkers or single functions need."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                yield f"{module}.{alias.name}" if f"{module}.{alias.name}" in MODULES else module


def graph() -> dict[str, set[str]]:
    return {name: {other for other in imported(path) if other in MODULES} for name, path in MODULES.items()}


def test_modules_form_no_circle() -> None:
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


@pytest.mark.parametrize("folder", ["", "linq", "slack", "page"])
def test_sibling_packages_form_no_circle(folder: str) -> None:
    """Beyond single modules: packages side by side do not import each other both ways."""
    prefix = ".".join(("bot", "sandbox", *filter(None, [folder])))

    def sibling(module: str) -> str:
        return module.removeprefix(f"{prefix}.").partition(".")[0] if module.startswith(f"{prefix}.") else ""

    packages: dict[str, set[str]] = {}
    for name, others in graph().items():
        if own := sibling(name):
            packages.setdefault(own, set()).update(
                found for other in others if (found := sibling(other)) not in ("", own)
            )
    try:
        TopologicalSorter(packages).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_packages_export_nothing() -> None:
    """A package's own file holds its docstring only: each thing has one address."""
    for path in SANDBOX.rglob("__init__.py"):
        [only] = ast.parse(path.read_text()).body
        assert isinstance(only, ast.Expr), path


def test_folders_hold_at_most_a_dozen_files() -> None:
    folders = [SANDBOX, *(path for path in SANDBOX.rglob("*") if path.is_dir() and path.name != "__pycache__")]
    crowded = {str(f.relative_to(ROOT)): n for f in folders if (n := sum(p.is_file() for p in f.iterdir())) > 12}
    assert crowded == {}


def test_sandbox_imports_nothing_of_the_bot() -> None:
    for name, path in MODULES.items():
        foreign = [
            other for other in imported(path) if other.split(".")[0] in ("config", "linq", "slack_sdk", "slack_bolt")
        ]
        foreign += [
            other for other in imported(path) if other.startswith("bot") and not other.startswith("bot.sandbox")
        ]
        assert foreign == [], name
