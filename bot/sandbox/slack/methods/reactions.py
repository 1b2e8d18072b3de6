"""reactions.*: the bot's own reactions."""

from bot.sandbox.slack.api.access import joined_channel, message_in
from bot.sandbox.slack.api.arguments import ApiError, Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.state.workspace import BOT, Body, Message


def add(stage: ApiContext, arguments: Arguments) -> Body:
    message, name = _named(stage, arguments)
    users = message.reactions.setdefault(name, [])
    if BOT in users:
        raise ApiError("already_reacted")
    users.append(BOT)
    return {}


def remove(stage: ApiContext, arguments: Arguments) -> Body:
    message, name = _named(stage, arguments)
    if BOT not in message.reactions.get(name, ()):
        raise ApiError("no_reaction")
    message.reactions[name].remove(BOT)
    if not message.reactions[name]:
        del message.reactions[name]
    return {}


def _named(stage: ApiContext, arguments: Arguments) -> tuple[Message, str]:
    name = arguments.needed("name", "invalid_name").strip(":")
    channel = joined_channel(stage, arguments)
    if channel.is_archived:
        raise ApiError("is_archived")
    return message_in(channel, arguments.text("timestamp")), name
