"""What really comes to the two entrances, before anybody twists it."""

import json
from pathlib import Path
from typing import Any

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import ANN, CLIPS, CREW
from bot.sandbox.slack.interactions.payloads import (
    click_payload,
    command_payload,
    interaction_payload,
    shortcut_payload,
)
from bot.sandbox.slack.state.models import Ephemeral, Message
from bot.sandbox.slack.state.workspace import Workspace

PAYLOADS = Path(__file__).parents[1] / "payloads"
WORDS = (
    "link +12025550123",
    f"link {Chats.ANN}",
    "unlink",
    "status",
    "list",
    "send https://example.com/a.mp3",
    "help",
    "",
)


def webhooks() -> list[Any]:
    """Linq's events, in both versions."""
    found = [json.loads(path.read_text()) for path in sorted((PAYLOADS / "linq").glob("*.json"))]
    return [body for body in found if "event_type" in body]


def events() -> list[Any]:
    """Slack's envelopes; a few of them about the channel that is linked."""
    found = [json.loads(path.read_text()) for path in sorted((PAYLOADS / "slack").glob("*.json"))]
    whole = [body for body in found if "event" in body or body.get("type") == "app_rate_limited"]
    here = json.loads((PAYLOADS / "slack" / "file_share.json").read_text())
    here["event"]["channel"] = CLIPS
    moved = {"type": "channel_id_changed", "old_channel_id": "C0OLD", "new_channel_id": "C0NEW"}
    return [*whole, here, {"type": "url_verification", "challenge": "abc", "token": "t"}, here | {"event": moved}]


def commands(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The forms of slash commands, typed in a channel that is not linked."""
    workspace = sandbox.slack.workspace
    typed = [command_payload("/voicememo", text, workspace.channels[CREW], workspace.users[ANN]) for text in WORDS]
    return [form | _answered(sandbox) for form in typed]


def gestures(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Shortcuts, presses, and what this app never asked for."""
    workspace = sandbox.slack.workspace
    message = Message(CREW, "1790000000.000100", ANN, "hello", client_msg_id="1b4e28ba")
    card = Ephemeral(CREW, ANN, "1790000000.000200")
    found = [_shortcut(workspace, message, name) for name in ("send_as_voice_memo", "resend_voice_memo", "unknown")]
    for name, value in (("link_chat", str(Chats.ANN)), ("cancel_link", "cancel"), ("resend", "d1"), ("arrived", "d1")):
        action = {"type": "button", "action_id": name, "value": value, "block_id": "b0"}
        found.append(click_payload(workspace.channels[CREW], card, action, workspace.users[ANN]))
    found += [
        interaction_payload(kind, workspace.users[ANN]) for kind in ("view_submission", "block_suggestion", "shortcut")
    ]
    return [body | _answered(sandbox) for body in found]


def _shortcut(workspace: Workspace, message: Message, name: str) -> dict[str, Any]:
    return shortcut_payload(name, workspace.channels[CREW], message, workspace.users[ANN], "1790000001.000000")


def _answered(sandbox: Sandbox) -> dict[str, Any]:
    return {"trigger_id": "13345224609.738474920", "response_url": f"{sandbox.slack.origin}/respond/nobody"}
