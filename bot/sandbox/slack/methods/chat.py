"""chat.*: posting as the bot, and editing what it posted."""

import json
import re
from typing import Any

from bot.sandbox.slack.api.access import message_in, postable_channel
from bot.sandbox.slack.api.arguments import ApiError, Arguments
from bot.sandbox.slack.api.block_validation import validate_blocks
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.state.serializers import message_body, permalink
from bot.sandbox.slack.state.workspace import BOT, BOT_ID, Body, Channel, Ephemeral, Message

_TEXT_CUT, _EDIT_TEXT, _METADATA_BYTES = 40_000, 4_000, 16_384
_FILE_LINK = re.compile(r"https://\S+?/files/\w+/(F\w+)/")


def post_message(stage: ApiContext, arguments: Arguments) -> Body:
    channel = postable_channel(stage, arguments)
    if (repeated := _repeated(stage, arguments, channel)) is not None:
        return repeated
    message = Message(channel.id, stage.workspace.new_ts(), BOT, bot_id=BOT_ID, **_content(arguments))
    message.text = message.text[:_TEXT_CUT]
    _place_in_thread(channel, message, arguments)
    message.client_msg_id = arguments.text("client_msg_id")
    _reshare_files(stage, message, arguments)
    stage.talk.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_body(message)}


def _content(arguments: Arguments) -> dict[str, Any]:
    blocks = validate_blocks(arguments.structure("blocks", "invalid_blocks_format"))
    attachments = arguments.structure("attachments") or []
    text = arguments.text("text") or arguments.text("markdown_text")
    if not (text or blocks or attachments):
        raise ApiError("no_text")
    return {"text": text, "blocks": blocks, "attachments": attachments, "metadata": _metadata(arguments)}


def _metadata(arguments: Arguments) -> Body | None:
    metadata = arguments.structure("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    if not re.fullmatch(r"[A-Za-z0-9_.:-]+", str(metadata.get("event_type", ""))):
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(metadata)) > _METADATA_BYTES:
        raise ApiError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def _place_in_thread(channel: Channel, message: Message, arguments: Arguments) -> None:
    if not (thread_ts := arguments.text("thread_ts")):
        return
    if not re.fullmatch(r"\d+\.\d{6}", thread_ts):
        raise ApiError("invalid_thread_ts")
    root = channel.messages.get(thread_ts)
    message.thread_ts = root.root_ts if root else thread_ts
    if arguments.flag("reply_broadcast"):
        message.subtype = "thread_broadcast"


def _repeated(stage: ApiContext, arguments: Arguments, channel: Channel) -> Body | None:
    """The answer to a client_msg_id that was seen before, if the switch says Slack minds it."""
    wish, mode = arguments.text("client_msg_id"), stage.switches.client_msg_id
    if not wish or mode == "off":
        return None
    found = next((m for m in reversed(channel.messages.values()) if m.client_msg_id == wish), None)
    if found is None:
        return None
    if mode == "error":
        raise ApiError("duplicate_message_not_found")
    return {"channel": channel.id, "ts": found.ts, "message": message_body(found), "is_duplicate": True}


def _reshare_files(stage: ApiContext, message: Message, arguments: Arguments) -> None:
    """A file's permalink in an unfurling message shares that file anew, as the bot's: the root of endless loops."""
    if not (arguments.flag("unfurl_links", True) and arguments.flag("unfurl_media", True)):
        return
    named = _FILE_LINK.findall(message.text)
    message.files = [stage.workspace.files[i] for i in named if i in stage.workspace.files]


def post_ephemeral(stage: ApiContext, arguments: Arguments) -> Body:
    channel = postable_channel(stage, arguments)
    user = arguments.needed("user", "user_not_in_channel")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    content = _content(arguments)
    ts = stage.workspace.new_ts()
    thread_ts = arguments.text("thread_ts") or None
    seen = Ephemeral(channel.id, user, ts, content["text"], content["blocks"], thread_ts)
    stage.workspace.ephemerals.append(seen)
    return {"message_ts": ts}


def update(stage: ApiContext, arguments: Arguments) -> Body:
    channel = postable_channel(stage, arguments)
    message = message_in(channel, arguments.text("ts"))
    if message.bot_id != BOT_ID:
        raise ApiError("cant_update_message")
    if len(arguments.text("text")) > _EDIT_TEXT:
        raise ApiError("msg_too_long")
    content = _content(arguments)
    if "metadata" not in arguments:
        del content["metadata"]
    stage.talk.change(message, **content)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message_body(message)}


def delete(stage: ApiContext, arguments: Arguments) -> Body:
    channel = postable_channel(stage, arguments)
    message = message_in(channel, arguments.text("ts"))
    if message.bot_id != BOT_ID:
        raise ApiError("cant_delete_message")
    stage.talk.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(stage: ApiContext, arguments: Arguments) -> Body:
    channel = stage.workspace.channels.get(arguments.text("channel"))
    if channel is None:
        raise ApiError("channel_not_found")
    message = message_in(channel, arguments.text("message_ts"))
    return {"channel": channel.id, "permalink": permalink(message)}
