"""chat.*: posting as the bot, and editing and deleting what it posted."""

import json
import re
import time
from typing import Any

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.access import message_in, missing_scope, postable_channel
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.block_validation import validate_blocks
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.fixtures import BOT, BOT_ID
from bot.sandbox.slack.state.models import Channel, Ephemeral, Message, StoredFile
from bot.sandbox.slack.state.serializers import message_body, permalink

_MAX_TEXT, _MAX_EDIT_TEXT, _MAX_METADATA_BYTES = 40_000, 4_000, 16_384
_FILE_LINK = re.compile(r"https://\S+?/files/\w+/(F\w+)/")
_TS = re.compile(r"\d+\.\d{6}")


def post_message(context: ApiContext, arguments: Arguments) -> Json:
    channel = postable_channel(context, arguments.required("channel", "channel_not_found"))
    if (repeated := _find_duplicate(context, arguments, channel)) is not None:
        return repeated
    message = Message(channel.id, context.workspace.new_ts(), BOT, bot_id=BOT_ID, **_content(arguments))
    message.text = message.text[:_MAX_TEXT]
    customize(context, message, arguments)
    place_in_thread(channel, message, arguments)
    message.client_msg_id = arguments.text("client_msg_id")
    _reshare_files(context, message, arguments)
    context.messages.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_body(message)}


def _content(arguments: Arguments) -> dict[str, Any]:
    blocks = validate_blocks(arguments.structure("blocks", "invalid_blocks_format"))
    attachments = arguments.structure("attachments") or []
    text = arguments.text("text") or arguments.text("markdown_text")
    if not (text or blocks or attachments):
        raise ApiError("no_text")
    return {"text": text, "blocks": blocks, "attachments": attachments, "metadata": _metadata(arguments)}


def _metadata(arguments: Arguments) -> Json | None:
    metadata = arguments.structure("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    if not re.fullmatch(r"[A-Za-z0-9_.:-]+", str(metadata.get("event_type", ""))):
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(metadata)) > _MAX_METADATA_BYTES:
        raise ApiError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def customize(context: ApiContext, message: Message, arguments: Arguments) -> None:
    """Give the message another author's name and icon, as far as the scope and the switches allow."""
    if not any(name in arguments for name in ("username", "icon_url", "icon_emoji")):
        return
    if "chat:write.customize" not in context.switches.scopes:
        if context.switches.customize_without_scope == "refused":
            raise missing_scope(context, "chat:write.customize")
        return
    message.username = arguments.text("username")
    if emoji := arguments.text("icon_emoji"):
        message.icons = {"emoji": emoji}
    elif url := arguments.text("icon_url"):
        message.icons = {"image_48": url}


def place_in_thread(channel: Channel, message: Message, arguments: Arguments) -> None:
    """Put the message into its thread. Slack posts a reply to a thread that is gone at the channel's root, silently."""
    if not (thread_ts := arguments.text("thread_ts")):
        return
    if not _TS.fullmatch(thread_ts):
        raise ApiError("invalid_thread_ts")
    parent = channel.messages.get(thread_ts)
    root = channel.messages.get(parent.root_ts) if parent else None
    if root is None or root.subtype == "tombstone":
        return
    message.thread_ts = root.ts
    if arguments.flag("reply_broadcast"):
        message.subtype = "thread_broadcast"


def _find_duplicate(context: ApiContext, arguments: Arguments, channel: Channel) -> Json | None:
    """Return the answer to a client_msg_id that was seen before, if the switch says that Slack de-duplicates."""
    wanted, mode = arguments.text("client_msg_id"), context.switches.client_msg_id
    if not wanted or mode == "off":
        return None
    found = next((m for m in reversed(channel.messages.values()) if m.client_msg_id == wanted), None)
    if found is None:
        return None
    if mode == "error":
        raise ApiError("duplicate_message_not_found")
    return {"channel": channel.id, "ts": found.ts, "message": message_body(found), "is_duplicate": True}


def _reshare_files(context: ApiContext, message: Message, arguments: Arguments) -> None:
    """Share a file again whose permalink stands in an unfurling message, as the bot's: this makes endless loops."""
    if not (arguments.flag("unfurl_links", True) and arguments.flag("unfurl_media", True)):
        return
    named = _FILE_LINK.findall(message.text)
    message.files = [context.workspace.files[i] for i in named if i in context.workspace.files]


def post_ephemeral(context: ApiContext, arguments: Arguments) -> Json:
    channel = postable_channel(context, arguments.required("channel", "channel_not_found"))
    user = arguments.required("user", "user_not_in_channel")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    content = _content(arguments)
    ts = context.workspace.new_ts()
    thread_ts = arguments.text("thread_ts") or None
    seen = Ephemeral(channel.id, user, ts, content["text"], content["blocks"], thread_ts)
    context.workspace.ephemerals.append(seen)
    return {"message_ts": ts}


def update(context: ApiContext, arguments: Arguments) -> Json:
    """Edit an own message. Its author's name cannot be changed; ``file_ids`` replace the set of its files."""
    message = _own_message(context, arguments, "cant_update_message")
    if len(arguments.text("text")) > _MAX_EDIT_TEXT:
        raise ApiError("msg_too_long")
    files = _files_to_attach(context, arguments)
    fields = _updated_fields(arguments, has_files=files is not None)
    if arguments.flag("reply_broadcast") and message.thread_ts:
        fields["subtype"] = "thread_broadcast"
    if files is not None:
        context.messages.attach(message, files)
    context.messages.change(message, **fields)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": message_body(message)}


def _updated_fields(arguments: Arguments, *, has_files: bool) -> dict[str, Any]:
    """Return what changes. Text without blocks takes the blocks away, as Slack does."""
    if not has_files or any(name in arguments for name in ("text", "markdown_text", "blocks", "attachments")):
        fields = _content(arguments)
    else:
        fields = {"metadata": _metadata(arguments)}
    if "metadata" not in arguments:
        del fields["metadata"]
    return fields


def _files_to_attach(context: ApiContext, arguments: Arguments) -> list[StoredFile] | None:
    """Return the own files that ``file_ids`` names; None without that argument, or when Slack ignores it."""
    mode = context.switches.file_ids_on_update
    if "file_ids" not in arguments or mode == "ignored":
        return None
    if mode == "refused":
        raise ApiError("invalid_arguments", response_metadata={"messages": ["[ERROR] unexpected argument: file_ids"]})
    found = [context.workspace.files.get(file_id) for file_id in arguments.strings("file_ids")]
    files = [file for file in found if file is not None and file.user == BOT and not file.is_deleted]
    if len(files) != len(found):
        raise ApiError("file_not_found")
    oldest = time.monotonic() - context.switches.files_ready_after_s
    if any(file.completed_at is None or file.completed_at > oldest for file in files):
        raise ApiError("missing_file_data")
    return files


def delete(context: ApiContext, arguments: Arguments) -> Json:
    message = _own_message(context, arguments, "cant_delete_message")
    context.messages.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def _own_message(context: ApiContext, arguments: Arguments, refusal: str) -> Message:
    channel = postable_channel(context, arguments.required("channel", "channel_not_found"))
    message = message_in(channel, arguments.text("ts"))
    if message.bot_id != BOT_ID:
        raise ApiError(refusal)
    return message


def get_permalink(context: ApiContext, arguments: Arguments) -> Json:
    channel = context.workspace.channels.get(arguments.text("channel"))
    if channel is None:
        raise ApiError("channel_not_found")
    message = message_in(channel, arguments.text("message_ts"))
    return {"channel": channel.id, "permalink": permalink(message)}
