"""The methods of the fake Slack's Web API. Each takes the workspace, the arguments and the Authorization header."""

import json
from collections.abc import Callable
from typing import Any

from tests.slack.block_rules import invalid_blocks, invalid_view
from tests.slack.fake_workspace import APP_TOKEN, BOT, BOT_ID, BOT_TOKEN, TEAM, FakeChannel, FakeFile, FakeWorkspace

Args = dict[str, Any]


class ApiError(Exception):
    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def _need(slack: FakeWorkspace, scope: str) -> None:
    if scope not in slack.scopes:
        raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(slack.scopes)))


def _channel(slack: FakeWorkspace, args: Args, *, posting: bool = False) -> FakeChannel:
    channel = slack.channels.get(str(args.get("channel") or args.get("channel_id")))
    if channel is None or not channel.is_visible:
        raise ApiError("channel_not_found")
    if posting and channel.is_archived:
        raise ApiError("is_archived")
    if posting and not channel.is_member:
        raise ApiError("not_in_channel")
    return channel


def auth_test(slack: FakeWorkspace, args: Args, token: str) -> Args:
    if token != f"Bearer {BOT_TOKEN}":
        raise ApiError("invalid_auth")
    rotated = {"expires_in": slack.token_expires_in} if slack.token_expires_in else {}
    return {"team_id": TEAM, "user_id": BOT, "bot_id": BOT_ID} | rotated


def connections_open(slack: FakeWorkspace, args: Args, token: str) -> Args:
    if token != f"Bearer {APP_TOKEN}":
        raise ApiError("invalid_auth")
    return {"url": slack.url.replace("http", "ws") + "/socket"}


def post_message(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "chat:write")
    if "username" in args:
        _need(slack, "chat:write.customize")
    channel = _channel(slack, args, posting=True)
    _check_content(args)
    root = channel.messages.get(args.get("thread_ts", ""))
    if root and root.get("subtype") == "tombstone":  # Slack posts it at the channel's root, without an error
        root = None
    message = {"user": BOT, "bot_id": BOT_ID, "text": args.get("text", ""), "blocks": args.get("blocks") or []}
    kept: Args = {key: args[key] for key in ("metadata", "username", "icon_url") if key in args}
    if root and args.get("reply_broadcast"):
        kept["subtype"] = "thread_broadcast"
    posted = _post(slack, args["channel"], message | kept, args["thread_ts"] if root else "")
    return {"channel": args["channel"], "ts": posted["ts"], "message": _shown(slack, posted, metadata=True)}


def _post(slack: FakeWorkspace, channel: str, fields: Args, thread_ts: str) -> Args:
    message = slack.say(channel, thread_ts=thread_ts)
    message |= fields
    return message


def _check_content(args: Args) -> None:
    blocks, text = args.get("blocks") or [], args.get("text", "")
    if not blocks and not text and not args.get("file_ids"):
        raise ApiError("no_text")
    if why := invalid_blocks(blocks):
        raise ApiError("invalid_blocks", response_metadata={"messages": [why]})


def permalink(slack: FakeWorkspace, args: Args, token: str) -> Args:
    if args["message_ts"] not in _channel(slack, args).messages:
        raise ApiError("message_not_found")
    ts = args["message_ts"].replace(".", "")
    return {"channel": args["channel"], "permalink": f"https://team.slack.example/archives/{args['channel']}/p{ts}"}


def open_view(slack: FakeWorkspace, args: Args, token: str) -> Args:
    if why := invalid_view(args["view"]):
        raise ApiError("invalid_arguments", response_metadata={"messages": [why]})
    slack.views.append(args["view"])
    return {"view": args["view"] | {"id": f"V{len(slack.views)}"}}


def update(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "chat:write")
    message = _own(slack, args)
    if len(args.get("text", "")) > 4000:
        raise ApiError("msg_too_long")
    if "file_ids" in args and slack.takes_file_ids == "refuse":
        raise ApiError("invalid_arguments")
    _check_content(args)
    message |= {key: args[key] for key in ("text", "blocks", "metadata") if key in args}
    message["edited"] = {"user": BOT, "ts": slack.next_ts()}
    if "file_ids" in args and slack.takes_file_ids == "yes":
        message["files"] = [slack.file_object(_own_file(slack, each)) for each in args["file_ids"]]
    return {"channel": args["channel"], "ts": args["ts"], "text": message["text"], "message": _shown(slack, message)}


def delete(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _own(slack, args)
    slack.delete(args["channel"], args["ts"])
    return {}


def _own(slack: FakeWorkspace, args: Args) -> Args:
    message = _channel(slack, args).messages.get(args["ts"])
    if message is None:
        raise ApiError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise ApiError("cant_update_message")
    return message


def post_ephemeral(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "chat:write")
    if args["user"] not in _channel(slack, args, posting=True).people:
        raise ApiError("user_not_in_channel")
    slack.whispers.append(args)
    return {"message_ts": slack.next_ts()}


def react(is_held: bool) -> Callable[[FakeWorkspace, Args, str], Args]:
    def method(slack: FakeWorkspace, args: Args, token: str) -> Args:
        _need(slack, "reactions:write")
        message = _channel(slack, args).messages.get(args["timestamp"])
        if message is None:
            raise ApiError("message_not_found")
        reactions = {each["name"]: each for each in message.setdefault("reactions", [])}
        users = reactions.get(args["name"], {"users": []})["users"]
        if (BOT in users) == is_held:
            raise ApiError("already_reacted" if is_held else "no_reaction")
        users = [*users, BOT] if is_held else [user for user in users if user != BOT]
        reactions[args["name"]] = {"name": args["name"], "users": users, "count": len(users)}
        message["reactions"] = [each for each in reactions.values() if each["users"]]
        return {}

    return method


def info(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "channels:read")
    channel = _channel(slack, args)
    return {"channel": {"name": channel.name, "is_member": channel.is_member, "is_archived": channel.is_archived}}


def history(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "channels:history")
    _channel(slack, args, posting=False)
    return _page(slack, list(reversed(slack.root(args["channel"]))), args)


def replies(slack: FakeWorkspace, args: Args, token: str) -> Args:
    """Asked with the ts of a reply, Slack gives that reply alone."""
    _need(slack, "channels:history")
    message = _channel(slack, args).messages.get(args["ts"])
    if message is None:
        raise ApiError("thread_not_found")
    if message.get("thread_ts") not in (None, message["ts"]):
        return _page(slack, [message], args)
    inside = [each for each in slack.thread(args["channel"], args["ts"]) if _in_range(each, args)]
    return _page(slack, [message, *inside], {**args, "oldest": "0", "latest": "9999999999"})


def _in_range(message: Args, args: Args) -> bool:
    ts, is_inclusive = float(message["ts"]), str(args.get("inclusive", "")).lower() in ("true", "1")
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or 9999999999)
    return oldest <= ts <= latest if is_inclusive else oldest < ts < latest


def _page(slack: FakeWorkspace, messages: list[Args], args: Args) -> Args:
    found = [message for message in messages if _in_range(message, args)]
    start, size = int(args.get("cursor") or 0), min(int(args.get("limit", 100)), slack.page_size)
    metadata = str(args.get("include_all_metadata", "")).lower() in ("true", "1") and slack.shows_metadata
    page = [_shown(slack, message, metadata=metadata) for message in found[start : start + size]]
    more = str(start + size) if start + size < len(found) else ""
    return {"messages": page, "has_more": bool(more), "response_metadata": {"next_cursor": more}}


def _shown(slack: FakeWorkspace, message: Args, *, metadata: bool = False) -> Args:
    """A copy, as it goes over the wire."""
    shown: Args = json.loads(json.dumps(message))
    if not metadata:
        shown.pop("metadata", None)
    return shown


def files_info(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "files:read")
    file = slack.files.get(args["file"])
    if file is None or file.info_error:
        raise ApiError(file.info_error if file else "file_not_found")
    return {"file": {**slack.file_object(file), "file_access": "visible"}}


def get_upload_url(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "files:write")
    file = slack.add_file(str(args["filename"]), b"", expected=int(args["length"]))
    file.fields.clear()
    file.is_complete = False
    return {"upload_url": f"{slack.url}/upload/{file.id}", "file_id": file.id}


def complete_upload(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "files:write")
    named = json.loads(args["files"])
    files = [slack.files[each["id"]] for each in named]
    for file in files:
        file.is_complete = True
    if args.get("channel_id"):
        _channel(slack, args, posting=True)
        shown: Args = {"user": BOT, "bot_id": BOT_ID, "subtype": "file_share", "text": ""}
        shown |= {"files": [slack.file_object(file) for file in files]}
        _post(slack, args["channel_id"], shown, args.get("thread_ts", ""))
    return {"files": named}


def _own_file(slack: FakeWorkspace, file_id: str) -> FakeFile:
    file = slack.files.get(file_id)
    if file is None or not file.is_complete:
        raise ApiError("file_not_found")
    return file


def users_info(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "users:read")
    if args["user"] not in slack.users:
        raise ApiError("user_not_found")
    return {"user": slack.users[args["user"]]}


def users_conversations(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "channels:read")
    found = [{"id": each} for each, channel in slack.channels.items() if args["user"] in channel.people]
    return {"channels": found, "response_metadata": {"next_cursor": ""}}


def usergroups_list(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "usergroups:read")
    return {"usergroups": [{"id": each, "handle": handle} for each, (handle, _) in slack.groups.items()]}


def usergroups_users_list(slack: FakeWorkspace, args: Args, token: str) -> Args:
    _need(slack, "usergroups:read")
    return {"users": slack.groups[args["usergroup"]][1]}


def publish_view(slack: FakeWorkspace, args: Args, token: str) -> Args:
    return {"view": {**args["view"], "id": "V0HOME"}}


def end_step(slack: FakeWorkspace, args: Args, token: str) -> Args:
    if args["function_execution_id"] in slack.ended_steps:
        raise ApiError("execution_not_in_running_state")
    slack.ended_steps[args["function_execution_id"]] = args.get("outputs") or args["error"]
    return {}


METHODS: dict[str, Callable[[FakeWorkspace, Args, str], Args]] = {
    "apps.connections.open": connections_open,
    "auth.test": auth_test,
    "chat.delete": delete,
    "chat.getPermalink": permalink,
    "chat.postEphemeral": post_ephemeral,
    "chat.postMessage": post_message,
    "chat.update": update,
    "conversations.history": history,
    "conversations.info": info,
    "conversations.replies": replies,
    "files.completeUploadExternal": complete_upload,
    "files.getUploadURLExternal": get_upload_url,
    "files.info": files_info,
    "reactions.add": react(True),
    "reactions.remove": react(False),
    "usergroups.list": usergroups_list,
    "usergroups.users.list": usergroups_users_list,
    "users.conversations": users_conversations,
    "users.info": users_info,
    "functions.completeError": end_step,
    "functions.completeSuccess": end_step,
    "views.open": open_view,
    "views.publish": publish_view,
}
