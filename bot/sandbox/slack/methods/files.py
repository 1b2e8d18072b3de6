"""files.*: looking a file up, and the three steps of an upload (the second one is at the file host)."""

from typing import Any

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.access import postable_channel
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.block_validation import validate_blocks
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.fixtures import BOT, BOT_ID, TEAM
from bot.sandbox.slack.methods.chat import customize, place_in_thread
from bot.sandbox.slack.state.models import Channel, Message, StoredFile

MAX_UPLOAD_BYTES = 1024**3


def info(context: ApiContext, arguments: Arguments) -> Json:
    file = context.workspace.files.get(arguments.text("file"))
    if file is None:
        raise ApiError("file_not_found")
    if file.is_deleted or file.upload.shape == "tombstone":
        raise ApiError("file_deleted")
    if file.upload.info_error:
        raise ApiError(file.upload.info_error)
    shared_with_bot = any(BOT in context.workspace.channels[share.channel].members for share in file.shares)
    if file.user != BOT and not shared_with_bot:
        raise ApiError("file_not_found")
    if file.upload.shape == "hidden_by_limit":
        return {"file": file.in_message()}
    return {"file": file.record | _shares(context, file), "comments": [], "response_metadata": {"next_cursor": ""}}


def _shares(context: ApiContext, file: StoredFile) -> Json:
    shares: dict[str, dict[str, list[Json]]] = {}
    for share in file.shares:
        channel = context.workspace.channels[share.channel]
        entry: Json = {"ts": share.ts, "channel_name": channel.name, "team_id": TEAM, "share_user_id": share.by}
        entry |= {"reply_users": [], "reply_users_count": 0, "reply_count": 0}
        if share.thread_ts:
            entry["thread_ts"] = share.thread_ts
        kind = "private" if channel.is_private else "public"
        shares.setdefault(kind, {}).setdefault(channel.id, []).append(entry)
    ids = {kind: list(of_kind) for kind, of_kind in shares.items()}
    lists = {"channels": ids.get("public", []), "groups": ids.get("private", []), "ims": []}
    return {"shares": shares, **lists, "has_more_shares": False, "comments_count": 0}


def get_upload_url(context: ApiContext, arguments: Arguments) -> Json:
    filename = arguments.required("filename")
    length = arguments.number("length", 0, MAX_UPLOAD_BYTES, "invalid_arguments")
    file, url = context.uploads.begin(filename, length)
    return {"file_id": file.id, "upload_url": url}


def complete_upload(context: ApiContext, arguments: Arguments) -> Json:
    """Complete uploads: privately, or shared as one message per channel. The answer names neither message nor share."""
    wanted = arguments.structure("files")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(each, dict) for each in wanted):
        raise ApiError("invalid_arguments")
    named = [arguments.text("channel_id"), *arguments.strings("channels")]
    channels = [postable_channel(context, channel) for channel in named if channel]
    files = [_uploaded(context, each) for each in wanted]
    messages = [_share(context, channel, files, arguments) for channel in channels]
    for file in files:
        context.uploads.complete(file)
    for message in messages:
        context.uploads.share(message)
    return {"files": [{"id": file.id, "title": str(file.record["title"])} for file in files]}


def _uploaded(context: ApiContext, wanted: dict[str, Any]) -> StoredFile:
    file = context.workspace.files.get(str(wanted.get("id")))
    if file is None or file.user != BOT or file.is_deleted:
        raise ApiError("file_not_found")
    if not context.uploads.has_bytes(file):
        raise ApiError("file_update_failed")
    file.record["title"] = str(wanted.get("title") or file.record["title"])
    return file


def _share(context: ApiContext, channel: Channel, files: list[StoredFile], arguments: Arguments) -> Message:
    """Make the message that shares the files; ``blocks`` count only without an ``initial_comment``."""
    text = arguments.text("initial_comment")
    message = Message(channel.id, context.workspace.new_ts(), BOT, text, bot_id=BOT_ID, subtype="file_share")
    if not text:
        message.blocks = validate_blocks(arguments.structure("blocks", "invalid_blocks_format"))
    customize(context, message, arguments)
    place_in_thread(channel, message, arguments)
    message.files = files
    return message
