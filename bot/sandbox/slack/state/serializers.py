"""The workspace in Slack's own words: message, channel, user and reaction objects, and the events made of them."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.fixtures import ANN, APP, BOT, BOT_ID, DOMAIN, TEAM
from bot.sandbox.slack.state.models import Channel, FunctionExecution, Message, User
from bot.sandbox.slack.state.workspace import Workspace


def message_body(message: Message) -> Json:
    """Render a message as it is inside events and API answers, without channel and metadata.

    One with a name of its own comes as a ``bot_message`` without a user, as in Slack's example of chat.postMessage.
    """
    body: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": message.team}
    optional: Json = {
        "subtype": message.subtype or ("bot_message" if message.username else ""),
        "bot_id": message.bot_id,
        "username": message.username,
        "icons": message.icons,
        "client_msg_id": message.client_msg_id,
        "thread_ts": message.thread_ts,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "files": [f.in_message() for f in message.files],
    }
    body |= {name: value for name, value in optional.items() if value}
    if message.username:
        del body["user"]
    if message.files:
        body |= {"upload": False, "display_as_bot": False}
    if message.bot_id:
        body["app_id"] = APP if message.bot_id == BOT_ID else "A0OTHER0001"
    if message.team != TEAM:
        body |= {"user_team": message.team, "source_team": message.team}
    if message.edited_ts:
        body["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.reactions:
        body["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in message.reactions.items()]
    return body


def listed_body(workspace: Workspace, message: Message, with_metadata: bool) -> Json:
    """Render a message as history and replies list it: with the state of its thread, and metadata if asked for."""
    body = message_body(message)
    channel = workspace.channels[message.channel]
    if replies := channel.threads.get(message.ts, []):
        people = sorted({channel.messages[ts].user for ts in replies})
        body |= {"thread_ts": message.ts, "reply_count": len(replies), "reply_users": people}
        body |= {"reply_users_count": len(people), "latest_reply": replies[-1], "subscribed": True}
    if message.thread_ts:
        root = channel.messages.get(message.thread_ts)
        body["parent_user_id"] = root.user if root else "USLACKBOT"
        if message.subtype == "thread_broadcast" and root:
            body["root"] = message_body(root)
    if with_metadata and message.metadata:
        body["metadata"] = message.metadata
    return body


def channel_body(channel: Channel, counted: bool = False) -> Json:
    body: Json = {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": False,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_member": BOT in channel.members,
        "created": 1790000000,
        "creator": ANN,
        "context_team_id": TEAM,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    return body | {"num_members": len(channel.members)} if counted else body


def user_body(user: User) -> Json:
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "tz": user.tz,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_stranger": user.team != TEAM,
        "is_bot": bool(user.bot_id),
        "is_app_user": False,
        "profile": {"real_name": user.real_name, "display_name": user.name, "team": user.team},
    }


def in_channel(channel: Channel, body: Json, event_ts: str) -> Json:
    """Make a message body an event of that channel."""
    kind = "group" if channel.is_private else "channel"
    return body | {"channel": channel.id, "event_ts": event_ts, "channel_type": kind}


def changed_event(channel: Channel, now: Json, before: Json, ts: str) -> Json:
    body: Json = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": ts}
    return in_channel(channel, body | {"message": now, "previous_message": before}, ts)


def deleted_event(channel: Channel, before: Json, ts: str) -> Json:
    body: Json = {"type": "message", "subtype": "message_deleted", "hidden": True, "ts": ts}
    return in_channel(channel, body | {"deleted_ts": before["ts"], "previous_message": before}, ts)


def reaction_event(kind: str, message: Message, user: str, name: str, ts: str) -> Json:
    """Render reaction_added or reaction_removed; a message that no user wrote has no ``item_user``."""
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    body: Json = {"type": kind, "user": user, "reaction": name, "item": item, "event_ts": ts}
    return body if message.username else body | {"item_user": message.user}


def function_event(execution: FunctionExecution, ts: str) -> Json:
    """Render function_executed, with what the official Bolt reads of it and the step's own description."""
    return {
        "type": "function_executed",
        "function": {"id": "Fn0STEP0001", "callback_id": execution.callback_id, "type": "app", "app_id": APP},
        "inputs": execution.inputs,
        "function_execution_id": execution.id,
        "workflow_execution_id": f"Wx{execution.id[2:]}",
        "event_ts": ts,
        "bot_access_token": execution.token,
    }


def event_callback(event: Json, event_id: str, event_time: int, token: str, ext_shared: bool) -> Json:
    """Render the outer event. In a channel shared with others, ``team_id`` may be the other organisation's."""
    holder = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True, "is_enterprise_install": False}
    return {
        "token": token,
        "team_id": event.get("source_team", TEAM),
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [holder],
        "is_ext_shared_channel": ext_shared,
        "event_context": f"4-{event_id}",
    }


def permalink(message: Message) -> str:
    link = f"https://{DOMAIN}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={message.channel}" if message.thread_ts else link
