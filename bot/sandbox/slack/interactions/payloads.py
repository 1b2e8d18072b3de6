"""Commands, shortcuts, button clicks and view submissions in Slack's own words."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.fixtures import APP, DOMAIN, TEAM
from bot.sandbox.slack.state.models import Channel, Ephemeral, Message, User
from bot.sandbox.slack.state.serializers import message_body


def command_payload(command: str, text: str, channel: Channel, user: User) -> Json:
    """Render the form of a slash command; a private channel's name is withheld."""
    return {
        "team_id": TEAM,
        "team_domain": DOMAIN,
        "channel_id": channel.id,
        "channel_name": "privategroup" if channel.is_private else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
    }


def interaction_payload(kind: str, user: User) -> Json:
    """Render what every interaction says about the person who acts."""
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": DOMAIN},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "api_app_id": APP,
        "is_enterprise_install": False,
        "enterprise": None,
    }


def shortcut_payload(callback_id: str, channel: Channel, message: Message, user: User, action_ts: str) -> Json:
    return interaction_payload("message_action", user) | {
        "callback_id": callback_id,
        "action_ts": action_ts,
        "message_ts": message.ts,
        "channel": _channel(channel),
        "message": message_body(message),
    }


def click_payload(channel: Channel, shown: Message | Ephemeral, action: Json, user: User) -> Json:
    """Render a click in a message; one that only this person sees comes without the message itself."""
    ephemeral = isinstance(shown, Ephemeral)
    container: Json = {"type": "message", "message_ts": shown.ts, "channel_id": channel.id}
    container["is_ephemeral"] = ephemeral
    if shown.thread_ts:
        container["thread_ts"] = shown.thread_ts
    body = interaction_payload("block_actions", user) | {"container": container, "channel": _channel(channel)}
    body |= {"actions": [action], "state": {"values": {}}}
    if isinstance(shown, Message):
        body["message"] = message_body(shown)
    return body


def view_click_payload(view: Json, action: Json, values: Json, user: User) -> Json:
    """Render a click in a modal or a Home tab."""
    filled = view | {"state": {"values": values}}
    container = {"type": "view", "view_id": view["id"]}
    return interaction_payload("block_actions", user) | {"container": container, "view": filled, "actions": [action]}


def submission_payload(view: Json, values: Json, user: User) -> Json:
    filled = view | {"state": {"values": values}}
    return interaction_payload("view_submission", user) | {"view": filled, "response_urls": []}


def suggestion_payload(view: Json, action: Json, typed: str, user: User) -> Json:
    named = {"action_id": action["action_id"], "block_id": action["block_id"], "value": typed}
    return interaction_payload("block_suggestion", user) | {**named, "view": view, "container": {"type": "view"}}


def find_action(blocks: list[Json], action_id: str, value: str | None = None) -> Json | None:
    """Find the first element with that action_id (and value, if given), with its block's id, as in ``actions[]``.

    An option of an overflow menu or a select comes as ``selected_option``.
    """
    for number, block in enumerate(blocks):
        elements = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        for element in elements:
            if not isinstance(element, dict) or element.get("action_id") != action_id:
                continue
            found = element | {"block_id": block.get("block_id") or f"b{number}"}
            if value in (None, element.get("value")):
                return found
            if option := next((o for o in element.get("options", []) if o.get("value") == value), None):
                return found | {"selected_option": option}
    return None


def _channel(channel: Channel) -> Json:
    return {"id": channel.id, "name": "privategroup" if channel.is_private else channel.name}
