"""The Slack app as data is held to the code: what is listened to is declared, what is declared is listened to."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.slack.actions.workflow_step import CHANNEL_INPUT, FILE_INPUT, SEND_VOICE_MEMO
from bot.slack.diagnosis import NEEDED_SCOPES
from bot.slack.dispatch import Dispatcher

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "config" / "slack_manifest.yaml"
SUBSCRIPTIONS = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "app_home_opened": "",
    "function_executed": "",
    "channel_unarchive": "channels:read",
    "group_unarchive": "groups:read",
    "member_joined_channel": "channels:read",
}
READ, HISTORY = {"channels:read", "groups:read"}, {"channels:history", "groups:history"}

# docs.slack.dev, reference of the Web API methods
SCOPES: dict[str, set[str]] = {
    "apps.connections.open": set(),  # an app-level token
    "auth.test": set(),
    "chat.delete": {"chat:write"},
    "chat.getPermalink": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write", "chat:write.customize"},
    "chat.update": {"chat:write"},
    "conversations.history": HISTORY,
    "conversations.info": READ,
    "conversations.replies": HISTORY,
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "files.info": {"files:read"},
    "functions.completeError": set(),
    "functions.completeSuccess": set(),
    "reactions.add": {"reactions:write"},
    "reactions.remove": {"reactions:write"},
    "usergroups.list": {"usergroups:read"},
    "usergroups.users.list": {"usergroups:read"},
    "users.conversations": READ,
    "users.info": {"users:read"},
    "views.open": set(),
    "views.publish": set(),
}
FAMILIES = "apps|auth|chat|conversations|files|functions|usergroups|users|views|reactions"


@pytest.fixture
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    return found


def methods_called() -> set[str]:
    sources = "\n".join(path.read_text() for path in (ROOT / "bot" / "slack").rglob("*.py"))
    return set(re.findall(rf'"((?:{FAMILIES})\.[a-zA-Z.]+)"', sources))


def test_every_event_listened_to_is_subscribed_and_no_other(manifest: dict[str, Any], dispatcher: Dispatcher) -> None:
    subscribed = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {event.partition(".")[0] for event in subscribed} == set(dispatcher.events)
    assert set(SUBSCRIPTIONS) <= set(subscribed)


def test_every_command_is_declared_and_no_other(manifest: dict[str, Any], dispatcher: Dispatcher) -> None:
    assert {one["command"] for one in manifest["features"]["slash_commands"]} == set(dispatcher.commands)


def test_mentions_come_with_their_ids(manifest: dict[str, Any]) -> None:
    """Else ``set senders @ann`` names nobody."""
    assert all(one["should_escape"] is True for one in manifest["features"]["slash_commands"])


def test_every_shortcut_is_declared_and_no_other(manifest: dict[str, Any], dispatcher: Dispatcher) -> None:
    shortcuts = manifest["features"]["shortcuts"]
    assert {one["callback_id"] for one in shortcuts} == set(dispatcher.shortcuts)
    assert {one["type"] for one in shortcuts} == {"message"}


def test_the_scopes_are_exactly_what_is_needed(manifest: dict[str, Any]) -> None:
    called = methods_called()
    assert called == set(SCOPES)
    needed = (
        {scope for method in called for scope in SCOPES[method]}
        | set(filter(None, SUBSCRIPTIONS.values()))
        | {"commands"}
    )
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed == set(NEEDED_SCOPES)


def test_texts_fit_slacks_limits(manifest: dict[str, Any]) -> None:
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    for command in manifest["features"]["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert len(command["usage_hint"]) <= 1000
    for shortcut in manifest["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150


def test_http_events_need_what_the_handbook_says_and_no_more(manifest: dict[str, Any]) -> None:
    """The four lines with the bot's address lose their comment sign, and Socket Mode is turned off."""
    text = MANIFEST.read_text()
    over_http = yaml.safe_load(re.sub(r"# (\w+: https://bot\.example\.com/)", r"\1", text))
    address = "https://bot.example.com/slack/events"
    assert [command.pop("url") for command in over_http["features"]["slash_commands"]] == [address]
    assert over_http["settings"]["event_subscriptions"].pop("request_url") == address
    assert over_http["settings"]["interactivity"].pop("request_url") == address
    assert over_http["settings"]["interactivity"].pop("message_menu_options_url") == address
    assert over_http == manifest
    assert manifest["settings"]["socket_mode_enabled"] is True
    handbook = (ROOT / "config/README.md").read_text()
    assert "four lines with `https://bot.example.com`" in handbook
    assert "`socket_mode_enabled`" in handbook


def test_home_tab_is_shown(manifest: dict[str, Any]) -> None:
    home = manifest["features"]["app_home"]
    assert (home["home_tab_enabled"], home["messages_tab_enabled"]) == (True, False)


def test_step_is_declared_with_the_inputs_that_are_read(manifest: dict[str, Any]) -> None:
    step = manifest["functions"][SEND_VOICE_MEMO]
    assert set(step["input_parameters"]) == {FILE_INPUT, CHANNEL_INPUT}
    assert step["input_parameters"][FILE_INPUT]["type"] == "slack#/types/rich_text"  # the one that a file fits into
    assert set(step["output_parameters"]) == {"status", "delivery_id"}
    assert manifest["settings"]["org_deploy_enabled"] is True


def test_buttons_need_interactivity(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
