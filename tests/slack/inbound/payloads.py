"""The recorded shapes of Slack's events."""

import json
from pathlib import Path
from typing import Any

from bot.slack.ids import BotIdentity

ME = BotIdentity(team="T0AAA", user="U0MEMO", bot="B0MEMO")
FOLDER = Path(__file__).parents[2] / "payloads" / "slack"
MESSAGES = sorted(
    path.stem for path in FOLDER.glob("*.json") if not path.stem.startswith(("clip_", "app_", "reaction_"))
)


def body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def event(name: str, **changes: Any) -> dict[str, Any]:
    inner: dict[str, Any] = body(name)["event"]
    return inner | changes


def file(**fields: Any) -> dict[str, Any]:
    return {"id": "F0X", "mode": "hosted", "name": "memo.m4a", "mimetype": "audio/mp4", "filetype": "m4a"} | fields


def message(*files: dict[str, Any], **fields: Any) -> dict[str, Any]:
    shape = {"type": "message", "channel": "C0MAP", "user": "U0ANN", "ts": "1790000005.606609", "files": list(files)}
    return shape | fields
