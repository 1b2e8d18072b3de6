"""What really comes to the two receivers, before anybody mutates it."""

import json
from pathlib import Path
from typing import Any

from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import ANN, CREW
from bot.sandbox.slack.interactions.payloads import (
    click_payload,
    command_payload,
    interaction_payload,
    shortcut_payload,
)
from bot.sandbox.slack.state.models import Ephemeral, Message
from bot.sandbox.slack.state.workspace import Workspace

PAYLOADS = Path(__file__).parents[1] / "payloads"
DIRECT_CHAT, GROUP_CHAT, CHANNEL = (
    "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f",
    "7c1f0a52-9d64-4b1e-8a37-2f5e6d7c8b90",
    "C0MAP",
)
"""Where the recorded payloads happened."""
WORDS = (
    *("link +12025550123", "unlink", "status", "list", "help", ""),
    *("set mode conversation", "set senders @ann", "send https://example.com/a.mp3", "say *hello* <@U0ANN000001>"),
)
SHORTCUTS = ("send_as_voice_memo", "send_to_imessage", "resend_voice_memo", "unknown")
CLICKS = ("link_chat", "cancel_link", "resend", "confirm_delivered", "approve", "dismiss", "unknown")


def webhooks(chat: str) -> list[Any]:
    """Linq's events in both versions, as they were recorded and as if they were about this chat."""
    return [body for body in _recorded("linq", {DIRECT_CHAT: chat, GROUP_CHAT: chat}) if "event_type" in body]


def events(channel: str, bot_user: str) -> list[Any]:
    """Slack's envelopes, as they were recorded and as if they were about this channel."""
    recorded = _recorded("slack", {CHANNEL: channel, "U0MEMO": bot_user})
    whole = [body for body in recorded if "event" in body or body.get("type") == "app_rate_limited"]
    moved = {"type": "channel_id_changed", "old_channel_id": "C0OLD", "new_channel_id": "C0NEW"}
    verification = {"type": "url_verification", "challenge": "abc", "token": "t"}
    return [*whole, verification, whole[0] | {"event": moved}]


def _recorded(network: str, renamed: dict[str, str]) -> list[Any]:
    texts = [path.read_text() for path in sorted((PAYLOADS / network).glob("*.json"))]
    for text in list(texts):
        for old, new in renamed.items():
            text = text.replace(f'"{old}"', f'"{new}"').replace(f"<@{old}>", f"<@{new}>")
        texts.append(text)
    return [json.loads(text) for text in dict.fromkeys(texts)]


def commands(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The forms of slash commands, typed in a channel that is not linked."""
    workspace = sandbox.slack.workspace
    typed = [command_payload("/voicememo", text, workspace.channels[CREW], workspace.users[ANN]) for text in WORDS]
    return [form | _reply_addresses(sandbox) for form in typed]


def interactions(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Shortcuts, clicks, and what this app never asked for."""
    workspace = sandbox.slack.workspace
    message = Message(CREW, "1790000000.000100", ANN, "hello", client_msg_id="1b4e28ba")
    card = Ephemeral(CREW, ANN, "1790000000.000200")
    found = [_shortcut(workspace, message, name) for name in SHORTCUTS]
    for name in CLICKS:
        action = {"type": "button", "action_id": name, "value": "d1", "block_id": "b0"}
        found.append(click_payload(workspace.channels[CREW], card, action, workspace.users[ANN]))
    unasked = ("view_submission", "block_suggestion", "shortcut")
    found += [interaction_payload(kind, workspace.users[ANN]) for kind in unasked]
    return [body | _reply_addresses(sandbox) for body in found]


def _shortcut(workspace: Workspace, message: Message, name: str) -> dict[str, Any]:
    return shortcut_payload(name, workspace.channels[CREW], message, workspace.users[ANN], "1790000001.000000")


def _reply_addresses(sandbox: Sandbox) -> dict[str, Any]:
    return {"trigger_id": "13345224609.738474920", "response_url": f"{sandbox.slack.origin}/respond/nobody"}
