"""The Slack app as data is held to the code: what is listened to is declared, what is declared is listened to."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.slack.door import SlackDoor
from bot.slack.listeners import Listeners
from tests.slack.fake_relay import FakeRelay

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "config" / "slack_manifest.yaml"
MESSAGES = {"message.channels": "channels:history", "message.groups": "groups:history"}
READ, HISTORY = {"channels:read", "groups:read"}, {"channels:history", "groups:history"}

# docs.slack.dev, reference of the Web API methods
SCOPES: dict[str, set[str]] = {
    "apps.connections.open": set(),  # an app-level token
    "auth.test": set(),
    "chat.delete": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": HISTORY,
    "conversations.info": READ,
    "conversations.replies": HISTORY,
    "files.info": {"files:read"},
    "users.info": {"users:read"},
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    return found


@pytest.fixture
def listeners(door: SlackDoor, relay: FakeRelay) -> Listeners:
    return door.listeners(clips=relay, links=relay, wishes=relay)


def methods_called() -> set[str]:
    sources = "\n".join(path.read_text() for path in (ROOT / "bot" / "slack").glob("*.py"))
    return set(re.findall(r'"((?:apps|auth|chat|conversations|files|users|views|reactions)\.[a-zA-Z.]+)"', sources))


def test_every_event_listened_to_is_subscribed_and_no_other(manifest: dict[str, Any], listeners: Listeners) -> None:
    subscribed = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {"message" if event in MESSAGES else event for event in subscribed} == set(listeners.events)
    assert set(MESSAGES) <= set(subscribed)


def test_every_command_is_declared_and_no_other(manifest: dict[str, Any], listeners: Listeners) -> None:
    assert {one["command"] for one in manifest["features"]["slash_commands"]} == set(listeners.commands)


def test_every_shortcut_is_declared_and_no_other(manifest: dict[str, Any], listeners: Listeners) -> None:
    shortcuts = manifest["features"]["shortcuts"]
    assert {one["callback_id"] for one in shortcuts} == set(listeners.shortcuts)
    assert {one["type"] for one in shortcuts} == {"message"}


def test_the_scopes_are_exactly_what_is_needed(manifest: dict[str, Any]) -> None:
    called = methods_called()
    assert called == set(SCOPES)
    needed = {scope for method in called for scope in SCOPES[method]} | set(MESSAGES.values()) | {"commands"}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed


def test_texts_fit_slacks_limits(manifest: dict[str, Any]) -> None:
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    for command in manifest["features"]["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert len(command["usage_hint"]) <= 1000
    for shortcut in manifest["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150


def test_http_events_need_what_the_readme_says_and_no_more(manifest: dict[str, Any]) -> None:
    """The three lines with the bot's address lose their comment sign, and Socket Mode is turned off."""
    text = MANIFEST.read_text()
    over_http = yaml.safe_load(re.sub(r"# (\w+: https://bot\.example\.com/)", r"\1", text))
    address = "https://bot.example.com/slack/events"
    assert [command.pop("url") for command in over_http["features"]["slash_commands"]] == [address]
    assert over_http["settings"]["event_subscriptions"].pop("request_url") == address
    assert over_http["settings"]["interactivity"].pop("request_url") == address
    assert over_http == manifest
    assert manifest["settings"]["socket_mode_enabled"] is True
    readme = (ROOT / "README.md").read_text()
    assert "three lines with `https://bot.example.com`" in readme
    assert "`socket_mode_enabled`" in readme


def test_buttons_need_interactivity(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
