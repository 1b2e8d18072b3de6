"""The workspace as the left side of the page draws it. Pure reading, nothing is changed here."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.sandbox.page.controller import Json
from bot.sandbox.slack.state.files import StoredFile
from bot.sandbox.slack.state.workspace import BOT, Channel, Ephemeral, Message, Workspace

if TYPE_CHECKING:
    from bot.sandbox.slack.server import SlackServer

SHOWN_MOST = 60
SHORTCUTS = {"send_as_voice_memo": "Send as voice memo", "resend_voice_memo": "Resend"}


def slack_sections(side: "SlackServer") -> Iterator[tuple[str, Json]]:
    """``slack`` with people and channels, then ``channel:<id>`` for each with its last messages."""
    workspace = side.stage.workspace
    channels = [channel for channel in workspace.channels.values() if not channel.is_archived]
    people = [
        {"id": u.id, "name": u.name, "real_name": u.real_name, "is_bot": bool(u.bot_id), "is_admin": u.is_admin}
        for u in workspace.users.values()
    ]
    yield "slack", {"people": people, "channels": [_channel(c) for c in channels], "shortcuts": SHORTCUTS}
    for channel in channels:
        yield f"channel:{channel.id}", _content(workspace, channel, side.ephemerals(channel.id))


def _channel(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_private": channel.is_private,
        "has_bot": BOT in channel.members,
        "members": sorted(channel.members),
    }


def _content(workspace: Workspace, channel: Channel, whispers: list[Ephemeral]) -> Json:
    roots = [m for m in channel.messages.values() if not m.thread_ts or m.subtype == "thread_broadcast"]
    shown = [_message(m) | {"replies": _replies(workspace, m)} for m in roots[-SHOWN_MOST:]]
    return {"messages": shown, "whispers": [_whisper(w) for w in whispers[-SHOWN_MOST:]]}


def _replies(workspace: Workspace, root: Message) -> list[Json]:
    return [_message(m) for m in workspace.thread(root.channel, root.ts) if m.ts != root.ts]


def _message(message: Message) -> Json:
    return {
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "files": [_file(f) for f in message.files],
        "subtype": message.subtype,
        "edited": bool(message.edited_ts),
        "reactions": message.reactions,
        "forwarded": [str(a.get("text", "")) for a in message.attachments if a.get("is_share")],
    }


def _file(file: StoredFile) -> Json:
    return {
        "id": file.id,
        "name": file.upload.name,
        "mimetype": file.record.get("mimetype", ""),
        "size": len(file.upload.content),
        "recorded": file.record.get("subtype") == "slack_audio",
        "gone": file.gone,
    }


def _whisper(whisper: Ephemeral) -> Json:
    return {
        "ts": whisper.ts,
        "user": whisper.user,
        "text": whisper.text,
        "blocks": whisper.blocks,
        "thread_ts": whisper.thread_ts,
    }
