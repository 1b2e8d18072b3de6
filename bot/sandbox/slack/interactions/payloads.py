"""Commands, shortcuts and presses in Slack's own words. Pure."""

from bot.sandbox.slack.state.serializers import message_body
from bot.sandbox.slack.state.workspace import APP, BOT_ID, DOMAIN, TEAM, Body, Channel, Ephemeral, Message, User


def command_body(command: str, text: str, channel: Channel, user: User) -> Body:
    """The form of a slash command; a private channel's name is withheld."""
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


def interaction_body(kind: str, user: User) -> Body:
    """What every interaction says about the one who acts."""
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": DOMAIN},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM},
        "api_app_id": APP,
        "is_enterprise_install": False,
        "enterprise": None,
    }


def shortcut_body(callback_id: str, channel: Channel, message: Message, user: User, action_ts: str) -> Body:
    return interaction_body("message_action", user) | {
        "callback_id": callback_id,
        "action_ts": action_ts,
        "message_ts": message.ts,
        "channel": _channel(channel),
        "message": message_body(message),
    }


def press_body(channel: Channel, shown: Message | Ephemeral, action: Body, user: User) -> Body:
    """A button pressed in a message; one only this person sees comes without the message itself."""
    ephemeral = isinstance(shown, Ephemeral)
    container: Body = {"type": "message", "message_ts": shown.ts, "channel_id": channel.id}
    container["is_ephemeral"] = ephemeral
    if shown.thread_ts:
        container["thread_ts"] = shown.thread_ts
    body = interaction_body("block_actions", user) | {"container": container, "channel": _channel(channel)}
    body |= {"actions": [action], "state": {"values": {}}}
    if isinstance(shown, Message):
        body["message"] = message_body(shown)
    return body


def submission_body(view: Body, values: Body, user: User) -> Body:
    filled = view | {"state": {"values": values}}
    return interaction_body("view_submission", user) | {"view": filled, "response_urls": []}


def suggestion_body(view: Body, action: Body, typed: str, user: User) -> Body:
    named = {"action_id": action["action_id"], "block_id": action["block_id"], "value": typed}
    return interaction_body("block_suggestion", user) | {**named, "view": view, "container": {"type": "view"}}


def find_action(blocks: list[Body], action_id: str, value: str | None = None) -> Body | None:
    """The first element with that action_id (and value, if given), with its block's id, as in ``actions[]``."""
    for number, block in enumerate(blocks):
        elements = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        for element in elements:
            if not isinstance(element, dict) or element.get("action_id") != action_id:
                continue
            if value in (None, element.get("value")):
                return element | {"block_id": block.get("block_id") or f"b{number}"}
    return None


def _channel(channel: Channel) -> Body:
    return {"id": channel.id, "name": "privategroup" if channel.is_private else channel.name}


def view_body(view: Body, view_id: str, stamp: str) -> Body:
    """A view as Slack keeps it: the app's own fields and the ones Slack adds."""
    added: Body = {"id": view_id, "team_id": TEAM, "app_id": APP, "bot_id": BOT_ID, "hash": stamp}
    kept: Body = {"private_metadata": "", "callback_id": "", "state": {"values": {}}, "root_view_id": view_id}
    return kept | view | added
