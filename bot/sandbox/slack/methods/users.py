"""users.info and usergroups.users.list: who somebody is, and who is in a group."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.state.serializers import user_body


def info(context: ApiContext, arguments: Arguments) -> Json:
    if (user := context.workspace.users.get(arguments.text("user"))) is None:
        raise ApiError("user_not_found")
    return {"user": user_body(user)}


def list_usergroup(context: ApiContext, arguments: Arguments) -> Json:
    if (users := context.workspace.usergroups.get(arguments.required("usergroup"))) is None:
        raise ApiError("no_such_subteam")
    return {"users": users}
