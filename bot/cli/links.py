"""``memobridge links``: what ``/voicememo link`` does, for an operator. Who may run commands here may link."""

import re
from collections.abc import Sequence

from bot.app import Services, offline
from bot.cli.common import USAGE, plain_console, settings_or_exit, settle, show, stop, table, warn
from bot.relay.errors import Refused, RelayError
from bot.relay.links import label
from bot.relay.model import ChannelId, Chat
from bot.slack.lookups import Place

CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")


def list_links() -> None:
    settle(_list())


async def _list() -> None:
    async with offline(settings_or_exit()) as rooms:
        links = await rooms.links.all()
    found = table("channel", "chat", "who is in it", "made by")
    for link in links:
        found.add_row(link.channel, link.chat, link.label, link.made_by)
    show(found, "No channel is linked yet. Link one: memobridge links add CHANNEL CHAT")


def add_link(channel: str, chat: str) -> None:
    settle(_add(channel, chat))


async def _add(channel: str, target: str) -> None:
    if not CHANNEL.fullmatch(channel):
        stop([f"{channel} is not a channel id. Copy it from the channel's details in Slack (it begins with C)."], USAGE)
    async with offline(settings_or_exit()) as rooms:
        chat = _only(await rooms.links.find(target))
        link = await rooms.links.join(ChannelId(channel), chat, made_by="command line")
        trouble = await _trouble_with(rooms, link.channel)
    plain_console(soft_wrap=True).print(f"{link.channel} is linked to {link.label} ({link.chat}).")
    if trouble:
        warn(f"{link.channel}: {trouble}")


async def _trouble_with(rooms: Services, channel: ChannelId) -> str:
    try:
        return why_deaf(await rooms.slack.lookups.place(channel))
    except RelayError as error:
        return error.reason


def why_deaf(place: Place) -> str:
    """Why the bot hears nothing in this channel, and the fix; empty when it does."""
    if place.is_archived:
        return f"#{place.name} is archived. Unarchive it, or unlink it."
    if not place.is_member:
        return f"the bot is not in #{place.name} and hears nothing there. Type /invite in that channel."
    return ""


def _only(chats: Sequence[Chat]) -> Chat:
    if len(chats) > 1:
        listed = "; ".join(f"{chat.id} ({label(chat)})" for chat in chats)
        raise Refused(f"Several chats match. Name one by its id: {listed}")
    return chats[0]


def remove_link(channel: str) -> None:
    settle(_remove(channel))


async def _remove(channel: str) -> None:
    async with offline(settings_or_exit()) as rooms:
        link, on_their_way = await rooms.links.part(ChannelId(channel))
    plain_console().print(f"{channel} is no longer linked to {link.label}. Still on their way: {on_their_way}.")
