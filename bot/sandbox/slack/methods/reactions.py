"""reactions.*: the bot is one user; what it has added already it cannot add again."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.access import joined_channel, message_in
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.state.models import Message
from bot.sandbox.slack.state.serializers import message_body


def add(context: ApiContext, arguments: Arguments) -> Json:
    message, name = _target(context, arguments)
    if not context.messages.react(message, BOT, name):
        raise ApiError("already_reacted")
    return {}


def remove(context: ApiContext, arguments: Arguments) -> Json:
    message, name = _target(context, arguments)
    if not context.messages.unreact(message, BOT, name):
        raise ApiError("no_reaction")
    return {}


def get(context: ApiContext, arguments: Arguments) -> Json:
    channel = joined_channel(context, arguments)
    message = message_in(channel, arguments.required("timestamp", "no_item_specified"))
    return {"type": "message", "channel": channel.id, "message": message_body(message)}


def _target(context: ApiContext, arguments: Arguments) -> tuple[Message, str]:
    name = arguments.required("name", "invalid_name").strip(":")
    if not all(letter.isalnum() or letter in "_-+:'" for letter in name):
        raise ApiError("invalid_name")
    channel = joined_channel(context, arguments)
    if channel.is_archived:
        raise ApiError("is_archived")
    return message_in(channel, arguments.required("timestamp", "no_item_specified")), name
