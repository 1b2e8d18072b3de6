"""The handbooks are held to the code: their links, their settings, their events, metrics, commands and maps."""

import re
from pathlib import Path

import pytest

from bot.linq.api.limits import WEBHOOK_EVENTS, WEBHOOK_VERSION
from bot.telemetry import Metrics
from config.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
HANDBOOKS = sorted(
    path for folder in ("", "bot", "config", "tests") for path in (ROOT / folder).glob("README.md") if path.is_file()
)
FRONT, CODE, OPERATION = (ROOT / name / "README.md" for name in ("", "bot", "config"))
LONGEST_FRONT = 150
PYTHON = [path for path in (ROOT / "bot").rglob("*.py") if "sandbox" not in path.parts]


def read(path: Path) -> str:
    return path.read_text("utf-8")


def heading_names(page: str) -> set[str]:
    """The fragments by which headings can be linked, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def named_events(page: str) -> set[str]:
    """Words in the form of our log events, in an area that has some."""
    areas = {event.partition(".")[0] for event in logged_events()}
    found = re.findall(r"`([a-z_]+\.[a-z_]+)`", page)
    return {event for event in found if event.partition(".")[0] in areas and not event.endswith((".py", ".sql"))}


def logged_events() -> set[str]:
    call = re.compile(r"log\.(?:debug|info|warning|error|exception)\(\s*\"([a-z_]+\.[a-z_]+)\"")
    return {event for path in PYTHON for event in call.findall(read(path))}


def test_front_page_stays_short() -> None:
    assert len(read(FRONT).splitlines()) < LONGEST_FRONT


@pytest.mark.parametrize("page", HANDBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if target.startswith("https://"):
            continue
        name, _, fragment = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (fragment and fragment not in heading_names(read(path))):
            broken.append(target)
    assert broken == []


def test_map_names_every_package_and_module() -> None:
    rooms = {path.name for path in (ROOT / "bot").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    for room in rooms - {"__init__.py"}:
        assert re.search(rf"^{re.escape(room)}/?\s", read(CODE), re.MULTILINE), f"bot/README.md does not name {room}"


def test_test_command_is_what_is_run_before_landing() -> None:
    command = read(ROOT / ".ci" / "run").splitlines()[-1]
    assert f"```console\n{command}\n```" in read(FRONT)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_setting_is_documented(name: str) -> None:
    example = read(ROOT / "config/example.env")
    assert re.search(rf"^# ?{name.upper()}=|^{name.upper()}=", example, re.MULTILINE), "config/example.env"
    assert f"`{name.upper()}`" in read(OPERATION), "config/README.md"


def test_example_names_no_setting_that_does_not_exist() -> None:
    named = re.findall(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=", read(ROOT / "config/example.env"), re.MULTILINE)
    assert {name.lower() for name in named} == set(Settings.model_fields)


def test_operators_read_which_webhook_events_to_subscribe_to() -> None:
    handbook = read(OPERATION)
    assert [event for event in WEBHOOK_EVENTS if f"`{event}`" not in handbook] == []
    assert f"/linq/webhooks?version={WEBHOOK_VERSION}`" in handbook


def test_documented_defaults_are_the_ones_of_the_code() -> None:
    """Of every setting that has a number or a word as its default: in the example and in the table of the handbook."""
    example, handbook = read(ROOT / "config/example.env"), read(OPERATION)
    for name, field in Settings.model_fields.items():
        default = field.default
        if not isinstance(default, str | int | float) or not default:
            continue
        shown = f"{default:g}" if isinstance(default, float) else str(default)
        assert f"{name.upper()}={shown}\n" in example, f"{name} in config/example.env"
        row = next(line for line in handbook.splitlines() if line.startswith("|") and f"`{name.upper()}`" in line)
        assert f"`{shown}`" in row, f"{name} in config/README.md"


@pytest.mark.parametrize("page", HANDBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_log_events_are_logged(page: Path) -> None:
    assert named_events(read(page)) <= logged_events()


def test_handbook_names_events_worth_an_alert() -> None:
    """So that the rule before can fail: it would hold for a page that names none."""
    assert len(named_events(read(CODE))) > 20


@pytest.mark.parametrize("page", HANDBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_metrics_are_kept(page: Path) -> None:
    kept = Metrics().text().decode()
    for metric in set(re.findall(r"\bmemobridge_[a-z_]+", read(page))):
        assert re.search(rf"^# TYPE {metric} ", kept, re.MULTILINE), metric
