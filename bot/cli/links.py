"""``memobridge links``: what ``/voicememo link`` does, for an operator. Who may run commands here may link."""

import re
from collections.abc import Sequence

from bot.app import SENDERS, Services, open_services
from bot.cli.common import USAGE, plain_console, run_or_exit, settings_or_exit, show, stop, table, warn
from bot.relay.errors import Refused
from bot.relay.ids import RoomId
from bot.relay.ports.audit import COMMAND_LINE
from bot.relay.rooms import Link, RoomInfo
from bot.relay.routing import settings as link_settings
from bot.slack.ids import parse_room

LINE = "line:"
CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")


def list_links() -> None:
    run_or_exit(_list())


async def _list() -> None:
    async with open_services(settings_or_exit()) as services:
        links = await services.links.named(await services.links.all())
        unheard = await services.conversations.unheard()
    found = table("channel", "chat", "who is in it", "settings", "made by")
    for link in links:
        if link.inbox is None:  # a conversation is no link that anybody made
            found.add_row(channel_of(link.room), _peer(link), link.label, _settings(link), link.made_by)
    show(found, "No channel is linked yet. Link one: memobridge links add CHANNEL CHAT")
    if unheard:
        messages = sum(room.messages for room in unheard)
        warn(f"{len(unheard)} chats wrote and nobody listens ({messages} messages): link them, or add an inbox.")


def add_link(channel: str, chat: str) -> None:
    run_or_exit(_add(channel, chat))


async def _add(channel: str, query: str) -> None:
    line = query.removeprefix(LINE) if query.startswith(LINE) else ""
    async with open_services(settings_or_exit()) as services:
        room = await _room(services, channel)
        said = await (_make_inbox(services, room, line) if line else _join(services, room, query))
        result = await services.slack.diagnosis().channel(channel, channel)
    plain_console(soft_wrap=True).print(f"{channel} is {said}")
    if not result.is_ok:
        warn(f"{channel}: {result.sentence}")


async def _join(services: Services, room: RoomId, query: str) -> str:
    link = await services.links.join(room, _only(await services.links.find(query)), made_by=COMMAND_LINE)
    return f"linked to {link.label} ({_chat(link.peer)})."


async def _make_inbox(services: Services, room: RoomId, query: str) -> str:
    line = await services.links.find_line(query, by=None)
    try:
        link = await services.links.make_inbox(room, line, made_by=COMMAND_LINE)
    except Refused as no:
        raise Refused(f"{no.reason} It is {channel_of(RoomId(no.room))}." if no.room else no.reason) from no
    unheard = len(await services.conversations.unheard())
    lost = f" {unheard} of our chats wrote lately and were heard by nobody." if unheard else ""
    chats = f" It has {line.rooms} chats so far; nothing from before is carried." if line.rooms is not None else ""
    return f"the inbox of {link.label} now.{chats}{lost}"


def set_link(channel: str, assignments: Sequence[str]) -> None:
    run_or_exit(_set(channel, assignments))


async def _set(channel: str, assignments: Sequence[str]) -> None:
    pairs = [assignment.partition("=") for assignment in assignments]
    if wrong := [key for key, equals, value in pairs if not (equals and value)]:
        stop([f"{wrong[0]}: write each setting as KEY=VALUE, like mode=conversation."], USAGE)
    async with open_services(settings_or_exit()) as services:
        changes = {key: [word for word in value.split(",") if word] for key, _, value in pairs}
        if SENDERS in changes:
            changes[SENDERS] = await services.slack.setting_values(changes[SENDERS])
        link = await services.links.set(await _room(services, channel), changes, by=None)
    plain_console(soft_wrap=True).print(f"{channel}: {_settings(link)}")


def remove_link(channel: str) -> None:
    run_or_exit(_remove(channel))


async def _remove(channel: str) -> None:
    async with open_services(settings_or_exit()) as services:
        link, on_their_way = await services.links.part(await _room(services, channel), by=None)
    plain_console().print(f"{channel} is no longer linked to {link.label}. Still on their way: {on_their_way}.")


async def _room(services: Services, channel: str) -> RoomId:
    if not CHANNEL.fullmatch(channel):
        stop([f"{channel} is not a channel id. Copy it from the channel's details in Slack (it begins with C)."], USAGE)
    return await services.slack.room(channel)


def _only(rooms: Sequence[RoomInfo]) -> RoomInfo:
    if len(rooms) > 1:
        listed = "; ".join(f"{_chat(room.id)} ({room.label})" for room in rooms)
        raise Refused(f"Several chats match. Name one by its id: {listed}")
    return rooms[0]


def _settings(link: Link) -> str:
    return " ".join(f"{key}={','.join(values)}" for key, values in link_settings.describe(link.settings).items())


def channel_of(room: RoomId) -> str:
    """The channel's id as Slack shows it."""
    return parse_room(room).channel


def _peer(link: Link) -> str:
    return "(an inbox)" if link.is_inbox else _chat(link.peer)


def _chat(room: RoomId) -> str:
    """The chat's id as Linq shows it."""
    return room.rpartition("/")[2]
