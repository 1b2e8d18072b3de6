"""What a campaign leaves for whoever looks for the cause of a finding: in order of time, what crossed the wire, what
each process logged, what people said, and the rows of the database. It holds only what the campaign made up.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.crash.processes.database_folder import DatabaseFolder
from tests.crash.report import Result
from tests.crash.traffic import Traffic

ROWS = (
    *("links", "conversations", "deliveries", "messages", "marks", "receipts", "reactions", "notices"),
    "procrastinate_jobs",
)
LINE = dict[str, Any]


def write_evidence(path: Path, traffic: Traffic, database: DatabaseFolder, result: Result) -> None:
    """One JSON object a line, the findings first and the rows last."""
    timeline = sorted([*_wire(traffic), *_logs(traffic)], key=lambda line: str(line["at"]))
    rows = [{"table": table, **row} for table in ROWS for row in database.rows(table)]
    lines = [{"findings": result.findings.told, "trouble": result.trouble}, *_said(traffic), *timeline, *rows]
    path.write_text("".join(json.dumps(line, default=str) + "\n" for line in lines))


def _said(traffic: Traffic) -> list[LINE]:
    """Which message has which label."""
    team = [each for conversation in traffic.conversations for each in conversation.team]
    contact = [each for conversation in traffic.conversations for each in conversation.contact]
    return [
        *({"label": each.label, "clips": each.clips, "message": each.message.ts} for each in team),
        *({"label": each.label, "message": each.message.id} for each in contact),
    ]


def _wire(traffic: Traffic) -> list[LINE]:
    return [{**entry.shown(), "at": _time(entry.at)} for entry in traffic.sandbox.wire.entries]


def _logs(traffic: Traffic) -> list[LINE]:
    return [
        {**line, "at": line.get("at", ""), "bot": number}
        for number, bot in enumerate(traffic.forks.bots)
        for line in bot.log
    ]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
