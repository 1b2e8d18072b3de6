"""``memobridge links``: what ``/voicememo link`` does, for an operator. Who may run commands here may link."""

from collections.abc import Sequence

from bot.app import offline
from bot.cli.common import plain_console, settings_or_exit, settle, stop, table
from bot.relay.errors import Refused
from bot.relay.links import label
from bot.relay.model import ChannelId, Chat


def list_links() -> None:
    settle(_list())


async def _list() -> None:
    async with offline(settings_or_exit()) as rooms:
        links = await rooms.links.all()
    found = table("channel", "chat", "who is in it", "made by")
    for link in links:
        found.add_row(link.channel, link.chat, link.label, link.made_by)
    plain_console().print(found if links else "No channel is linked yet. Link one: memobridge links add CHANNEL CHAT")


def add_link(channel: str, chat: str) -> None:
    settle(_add(channel, chat))


async def _add(channel: str, target: str) -> None:
    if not channel.startswith(("C", "G")):
        stop([f"{channel} is not a channel id. Copy it from the channel's details in Slack (it begins with C)."], 2)
    async with offline(settings_or_exit()) as rooms:
        chat = _only(await rooms.links.find(target))
        link = await rooms.links.join(ChannelId(channel), chat, made_by="command line")
    plain_console().print(f"{link.channel} is linked to {link.label} ({link.chat}).")


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
