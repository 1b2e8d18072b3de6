"""The operator's handbook says what is so: its unit is valid, and its tables name what the code does."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import cannot

ROOT = Path(__file__).parents[1]
HANDBOOK = (ROOT / "config" / "operations.md").read_text("utf-8")
README = (ROOT / "config" / "README.md").read_text("utf-8")


def section(name: str) -> str:
    return HANDBOOK.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_lines_fit_into_a_terminal() -> None:
    """A row of a table is one line, however long."""
    assert [line for line in HANDBOOK.splitlines() if len(line) > 120 and not line.startswith("|")] == []


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze") or cannot("systemd-analyze is not installed")
    [unit] = re.findall(r"```ini\n(# /etc/systemd/.*?)```", HANDBOOK, re.DOTALL)
    here = unit.replace("/opt/memobridge/.venv/bin/python", sys.executable).replace("/opt/memobridge", str(tmp_path))
    file = tmp_path / "memobridge.service"
    file.write_text(here)
    ran = subprocess.run([program, "verify", file], capture_output=True, text=True, check=False)
    assert "memobridge.service" not in ran.stderr, ran.stderr


def test_unit_and_container_give_the_bot_longer_to_stop_than_it_takes() -> None:
    from bot.app import EXIT_AFTER_S

    [timeout] = re.findall(r"TimeoutStopSec=(\d+)", HANDBOOK)
    assert int(timeout) > EXIT_AFTER_S


def test_every_act_of_the_audit_is_explained() -> None:
    code = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "bot" / "relay").rglob("*.py")))
    sql = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "bot" / "store").glob("*.sql")))
    acts = set(re.findall(r'_note\(\s*"(\w+)"', code)) | set(
        re.findall(r"'(link|set_link|unlink|accepted|restored)'", sql)
    )
    assert len(acts) > 12
    assert [act for act in sorted(acts) if f"`{act}`" not in section("Audit")] == []


@pytest.mark.parametrize("place", re.findall(r"\]\(operations\.md#([\w-]+)\)", README))
def test_links_into_the_handbook_lead_somewhere(place: str) -> None:
    headings = {
        re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in re.findall("^#+ (.+)$", HANDBOOK, re.M)
    }
    assert place in headings


def test_every_metric_is_in_the_handbook() -> None:
    source = (ROOT / "bot" / "telemetry.py").read_text("utf-8")
    ours = set(re.findall(r'"(memobridge_\w+)"', source))
    assert [name for name in sorted(ours) if name not in README] == []
