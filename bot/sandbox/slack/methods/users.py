"""users.* and usergroups.*: who somebody is, in which channels they are, and who is in a group."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.state.models import Channel
from bot.sandbox.slack.state.serializers import channel_body, user_body


def info(context: ApiContext, arguments: Arguments) -> Json:
    if (user := context.workspace.users.get(arguments.text("user"))) is None:
        raise ApiError("user_not_found")
    return {"user": user_body(user)}


def list_channels(context: ApiContext, arguments: Arguments) -> Json:
    """The channels that somebody is in, of those that the app can see: private ones only where it is a member, too."""
    user, kinds = arguments.text("user") or BOT, (arguments.text("types") or "public_channel").split(",")
    if user not in context.workspace.users:
        raise ApiError("user_not_found")
    channels = [each for each in context.workspace.channels.values() if user in each.members and _kind(each) in kinds]
    shown = [channel_body(each) for each in channels if not each.is_private or BOT in each.members]
    return {"channels": shown, "response_metadata": {"next_cursor": ""}}


def list_usergroups(context: ApiContext, arguments: Arguments) -> Json:
    groups = context.workspace.usergroups
    return {"usergroups": [{"id": group, "handle": group.lower(), "users": groups[group]} for group in groups]}


def list_usergroup(context: ApiContext, arguments: Arguments) -> Json:
    if (users := context.workspace.usergroups.get(arguments.required("usergroup"))) is None:
        raise ApiError("no_such_subteam")
    return {"users": users}


def _kind(channel: Channel) -> str:
    return "private_channel" if channel.is_private else "public_channel"
