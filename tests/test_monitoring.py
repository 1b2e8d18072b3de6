"""Dashboard and alert rules: every metric, label and event that they name exists, and promtool takes the rules."""

import json
import logging
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.telemetry import Metrics
from tests.conftest import cannot

ROOT = Path(__file__).parents[1]
RULES = ROOT / "config" / "prometheus_rules.yaml"
DASHBOARD = ROOT / "config" / "grafana_dashboard.json"
METRIC = re.compile(r"\b(?:memobridge|process|python)_\w+")
EVENTS = re.compile(r'event=~?"([^"]+)"')
STATUSES = re.compile(r'status="([^"]+)"')


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return found


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


@pytest.fixture
def shown() -> str:
    """What a process shows once each kind of thing has happened."""
    metrics = Metrics()
    sent = {"name": "memobridge.relay", "msg": "delivery.sent", "network": "linq", "after_s": 1.5}
    metrics.emit(logging.makeLogRecord(sent))
    metrics.show_deliveries({("failed", "4001"): 2})
    metrics.show_dependencies({"slack": ""})
    return metrics.text().decode()


def series(shown: str) -> set[str]:
    return {line.partition("{")[0].partition(" ")[0] for line in shown.splitlines() if not line.startswith("#")}


def test_every_metric_named_by_a_rule_or_panel_exists(shown: str) -> None:
    named = {name for expression in expressions() for name in METRIC.findall(expression)}
    assert len(named) > 8
    assert named - series(shown) == set()


def test_every_metric_of_ours_is_watched_by_a_rule_or_panel(shown: str) -> None:
    ours = {name for name in series(shown) if name.startswith("memobridge_")}
    named = {name for expression in expressions() for name in METRIC.findall(expression)}
    unwatched = {re.sub("_(bucket|count|sum|created|total)$", "", name) for name in ours - named}
    assert unwatched - {re.sub("_(bucket|count|sum|created|total)$", "", name) for name in named} == set()


def test_every_metric_has_a_help_text(shown: str) -> None:
    helped = dict(re.findall(r"^# HELP (\S+) (.+)$", shown, re.MULTILINE))
    kinds = re.findall(r"^# TYPE (\S+) ", shown, re.MULTILINE)
    assert [name for name in kinds if not helped.get(name)] == []


def test_every_metric_of_ours_stands_in_the_handbook(shown: str) -> None:
    handbook = (ROOT / "config" / "README.md").read_text("utf-8")
    ours = re.findall(r"^# TYPE (memobridge_\S+) ", shown, re.MULTILINE)
    assert [name for name in ours if not name.endswith("_created") and name not in handbook] == []


def test_every_event_named_by_a_rule_or_panel_is_logged_somewhere() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "bot").rglob("*.py"))
    named = {event for each in expressions() for events in EVENTS.findall(each) for event in events.split("|")}
    assert named
    assert [event for event in sorted(named) if f'"{event}"' not in source] == []


def test_every_status_named_by_a_rule_or_panel_is_shown(shown: str) -> None:
    named = {status for expression in expressions() for status in STATUSES.findall(expression)}
    assert named == {"queued", "held", "failed", "unconfirmed"}
    assert [status for status in named if f'memobridge_deliveries{{code="",status="{status}"}}' not in shown] == []


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    assert [rule["alert"] for rule in rules() if not {"summary", "action"} <= set(rule["annotations"])] == []


def test_every_panel_has_a_title_and_says_what_it_shows() -> None:
    assert [panel["id"] for panel in panels() if not (panel["title"] and panel["description"])] == []
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_panels_do_not_lie_over_each_other() -> None:
    taken = [
        (panel["gridPos"]["x"] + dx, panel["gridPos"]["y"] + dy)
        for panel in panels()
        for dx in range(panel["gridPos"]["w"])
        for dy in range(panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_promtool_takes_the_rules() -> None:
    promtool = shutil.which("promtool") or cannot("promtool is not installed")
    ran = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
