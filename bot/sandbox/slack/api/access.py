"""Which channels and messages the bot may see and write to."""

from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.state.models import Channel, Message


def visible_channel(context: ApiContext, arguments: Arguments) -> Channel:
    """Return a public channel, or a private one with the bot in it."""
    channel = context.workspace.channels.get(arguments.text("channel"))
    if channel is None or (channel.is_private and BOT not in channel.members):
        raise ApiError("channel_not_found")
    return channel


def require_scope(context: ApiContext, channel: Channel, what: str) -> None:
    """``what``: ``read`` or ``history``; which scope that takes depends on the kind of channel."""
    needed = f"{'groups' if channel.is_private else 'channels'}:{what}"
    if needed not in context.switches.scopes:
        raise missing_scope(context, needed)


def missing_scope(context: ApiContext, needed: str) -> ApiError:
    return ApiError("missing_scope", needed=needed, provided=",".join(sorted(context.switches.scopes)))


def joined_channel(context: ApiContext, arguments: Arguments) -> Channel:
    channel = visible_channel(context, arguments)
    if BOT not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def postable_channel(context: ApiContext, name_or_id: str) -> Channel:
    """Return the channel where the bot may write; a name with or without # will do instead of an id."""
    channel = context.workspace.channel_named(name_or_id)
    if channel is None or (channel.is_private and BOT not in channel.members):
        raise ApiError("channel_not_found")
    if channel.is_archived:
        raise ApiError("is_archived")
    if BOT not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def message_in(channel: Channel, ts: str) -> Message:
    if (message := channel.messages.get(ts)) is None:
        raise ApiError("message_not_found")
    return message
