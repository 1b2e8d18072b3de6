"""reactions.*: the bot's own reactions."""

from bot.sandbox.slack.arguments import ApiError, Arguments
from bot.sandbox.slack.methods.access import joined_channel, message_in
from bot.sandbox.slack.stage import Stage
from bot.sandbox.slack.workspace import BOT, Body, Message


def add(stage: Stage, arguments: Arguments) -> Body:
    message, name = _named(stage, arguments)
    users = message.reactions.setdefault(name, [])
    if BOT in users:
        raise ApiError("already_reacted")
    users.append(BOT)
    return {}


def remove(stage: Stage, arguments: Arguments) -> Body:
    message, name = _named(stage, arguments)
    if BOT not in message.reactions.get(name, ()):
        raise ApiError("no_reaction")
    message.reactions[name].remove(BOT)
    if not message.reactions[name]:
        del message.reactions[name]
    return {}


def _named(stage: Stage, arguments: Arguments) -> tuple[Message, str]:
    name = arguments.needed("name", "invalid_name").strip(":")
    channel = joined_channel(stage, arguments)
    if channel.is_archived:
        raise ApiError("is_archived")
    return message_in(channel, arguments.text("timestamp")), name
