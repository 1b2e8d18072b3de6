"""Which channels and messages the bot may see and write to."""

from bot.sandbox.slack.api.arguments import ApiError, Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.state.workspace import BOT, Channel, Message


def visible_channel(stage: ApiContext, arguments: Arguments) -> Channel:
    """A public channel, or a private one with the bot in it; and the scope that goes with it."""
    channel = stage.workspace.channels.get(arguments.text("channel"))
    if channel is None or (channel.is_private and BOT not in channel.members):
        raise ApiError("channel_not_found")
    return channel


def require_scope(stage: ApiContext, channel: Channel, what: str) -> None:
    """``what``: ``read`` or ``history``; which scope that takes depends on the kind of channel."""
    needed = f"{'groups' if channel.is_private else 'channels'}:{what}"
    if needed not in stage.switches.scopes:
        raise ApiError("missing_scope", needed=needed, provided=",".join(sorted(stage.switches.scopes)))


def joined_channel(stage: ApiContext, arguments: Arguments) -> Channel:
    channel = visible_channel(stage, arguments)
    if BOT not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def postable_channel(stage: ApiContext, arguments: Arguments) -> Channel:
    """Where the bot may write; a name with or without # will do instead of an id."""
    channel = stage.workspace.channel_named(arguments.needed("channel", "channel_not_found"))
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
