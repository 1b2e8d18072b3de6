"""The workspace in Slack's own words: message, channel and user objects, and the events made of them. Pure."""

from bot.sandbox.slack.state.workspace import APP, BOT, BOT_ID, DOMAIN, TEAM, Body, Channel, Message, User, Workspace


def message_body(message: Message) -> Body:
    """A message as it stands inside events and API answers, without channel and metadata."""
    body: Body = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": message.team}
    optional: Body = {
        "subtype": message.subtype,
        "bot_id": message.bot_id,
        "client_msg_id": message.client_msg_id,
        "thread_ts": message.thread_ts,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "files": [f.in_message() for f in message.files],
    }
    body |= {name: value for name, value in optional.items() if value}
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


def listed_body(workspace: Workspace, message: Message, with_metadata: bool) -> Body:
    """A message as history and replies list it: with the state of its thread, and metadata only when asked for."""
    body = message_body(message)
    replies = workspace.channels[message.channel].threads.get(message.ts, [])
    if replies:
        people = sorted({workspace.channels[message.channel].messages[ts].user for ts in replies})
        body |= {"thread_ts": message.ts, "reply_count": len(replies), "reply_users": people}
        body |= {"reply_users_count": len(people), "latest_reply": replies[-1], "subscribed": True}
    if message.thread_ts:
        root = workspace.channels[message.channel].messages.get(message.thread_ts)
        body["parent_user_id"] = root.user if root else "USLACKBOT"
    if with_metadata and message.metadata:
        body["metadata"] = message.metadata
    return body


def channel_body(channel: Channel, counted: bool = False) -> Body:
    body: Body = {
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
        "creator": "U0ANN000001",
        "context_team_id": TEAM,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    return body | {"num_members": len(channel.members)} if counted else body


def user_body(user: User) -> Body:
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "tz": "Europe/Berlin",
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": bool(user.bot_id),
        "is_app_user": False,
        "profile": {"real_name": user.real_name, "display_name": user.name, "team": user.team},
    }


def in_channel(channel: Channel, body: Body, event_ts: str) -> Body:
    """A message body made an event of that channel."""
    kind = "group" if channel.is_private else "channel"
    return body | {"channel": channel.id, "event_ts": event_ts, "channel_type": kind}


def changed_event(channel: Channel, now: Body, before: Body, ts: str) -> Body:
    body: Body = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": ts}
    return in_channel(channel, body | {"message": now, "previous_message": before}, ts)


def deleted_event(channel: Channel, before: Body, ts: str) -> Body:
    body: Body = {"type": "message", "subtype": "message_deleted", "hidden": True, "ts": ts}
    return in_channel(channel, body | {"deleted_ts": before["ts"], "previous_message": before}, ts)


def envelope(event: Body, event_id: str, event_time: int, token: str, ext_shared: bool) -> Body:
    """The outer event that carries ``event``."""
    holder = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True, "is_enterprise_install": False}
    return {
        "token": token,
        "team_id": TEAM,
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
