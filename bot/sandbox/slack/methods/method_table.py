"""The Web API methods in one table: what each needs and how often it may be called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.methods import auth, chat, conversations, files, functions, reactions, users, views

Tier = Literal["1", "2", "3", "4", "special"]
CALLS_PER_MINUTE: dict[Tier, int] = {"1": 1, "2": 20, "3": 50, "4": 100, "special": 600}


@dataclass(frozen=True, slots=True)
class Method:
    """``scopes``: one of them is enough. ``token``: which kind of token the method takes."""

    run: Callable[[ApiContext, Arguments], Json]
    tier: Tier
    scopes: tuple[str, ...] = ()
    token: Literal["bot", "app"] = "bot"


_HISTORY = ("channels:history", "groups:history")
_READ = ("channels:read", "groups:read")

METHODS: dict[str, Method] = {
    "auth.test": Method(auth.test_auth, "special"),
    "apps.connections.open": Method(auth.open_connection, "3", ("connections:write",), token="app"),
    "chat.postMessage": Method(chat.post_message, "special", ("chat:write",)),
    "chat.postEphemeral": Method(chat.post_ephemeral, "4", ("chat:write",)),
    "chat.update": Method(chat.update, "3", ("chat:write",)),
    "chat.delete": Method(chat.delete, "3", ("chat:write",)),
    "chat.getPermalink": Method(chat.get_permalink, "special"),
    "conversations.info": Method(conversations.info, "3", _READ),
    "conversations.members": Method(conversations.members, "4", _READ),
    "conversations.history": Method(conversations.history, "3", _HISTORY),
    "conversations.replies": Method(conversations.replies, "3", _HISTORY),
    "files.info": Method(files.info, "4", ("files:read",)),
    "files.getUploadURLExternal": Method(files.get_upload_url, "4", ("files:write",)),
    "files.completeUploadExternal": Method(files.complete_upload, "4", ("files:write",)),
    "functions.completeSuccess": Method(functions.complete_success, "3"),
    "functions.completeError": Method(functions.complete_error, "3"),
    "reactions.add": Method(reactions.add, "3", ("reactions:write",)),
    "reactions.remove": Method(reactions.remove, "2", ("reactions:write",)),
    "reactions.get": Method(reactions.get, "3", ("reactions:read",)),
    "usergroups.list": Method(users.list_usergroups, "2", ("usergroups:read",)),
    "usergroups.users.list": Method(users.list_usergroup, "2", ("usergroups:read",)),
    "users.conversations": Method(users.list_channels, "3", _READ),
    "users.info": Method(users.info, "4", ("users:read",)),
    "views.open": Method(views.open_view, "4"),
    "views.update": Method(views.update, "4"),
    "views.publish": Method(views.publish, "4"),
}
