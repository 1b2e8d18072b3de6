"""auth.test, apps.connections.open, files.info, users.info: looking one thing up."""

from bot.sandbox.slack.api.arguments import ApiError, Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.state.files import StoredFile
from bot.sandbox.slack.state.serializers import user_body
from bot.sandbox.slack.state.workspace import BOT, BOT_ID, DOMAIN, TEAM, Body


def test_auth(stage: ApiContext, arguments: Arguments) -> Body:
    return {
        "url": f"https://{DOMAIN}.slack.com/",
        "team": "Toy World",
        "user": stage.workspace.users[BOT].name,
        "team_id": TEAM,
        "user_id": BOT,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def open_connection(stage: ApiContext, arguments: Arguments) -> Body:
    return {"url": stage.sockets.ticket_url()}


def user_info(stage: ApiContext, arguments: Arguments) -> Body:
    if (user := stage.workspace.users.get(arguments.text("user"))) is None:
        raise ApiError("user_not_found")
    return {"user": user_body(user)}


def file_info(stage: ApiContext, arguments: Arguments) -> Body:
    file = stage.workspace.files.get(arguments.text("file"))
    if file is None:
        raise ApiError("file_not_found")
    if file.gone or file.upload.shape == "tombstone":
        raise ApiError("file_deleted")
    if file.upload.info_error:
        raise ApiError(file.upload.info_error)
    if not any(BOT in stage.workspace.channels[share.channel].members for share in file.shares):
        raise ApiError("file_not_found")
    if file.upload.shape == "hidden_by_limit":
        return {"file": file.in_message()}
    return {"file": file.record | _shares(stage, file), "comments": [], "response_metadata": {"next_cursor": ""}}


def _shares(stage: ApiContext, file: StoredFile) -> Body:
    shares: dict[str, dict[str, list[Body]]] = {}
    for share in file.shares:
        channel = stage.workspace.channels[share.channel]
        entry: Body = {"ts": share.ts, "channel_name": channel.name, "team_id": TEAM, "share_user_id": share.by}
        entry |= {"reply_users": [], "reply_users_count": 0, "reply_count": 0}
        if share.thread_ts:
            entry["thread_ts"] = share.thread_ts
        kind = "private" if channel.is_private else "public"
        shares.setdefault(kind, {}).setdefault(channel.id, []).append(entry)
    ids = {kind: list(of_kind) for kind, of_kind in shares.items()}
    lists = {"channels": ids.get("public", []), "groups": ids.get("private", []), "ims": []}
    return {"shares": shares, **lists, "has_more_shares": False, "comments_count": 0}
