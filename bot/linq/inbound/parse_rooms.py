"""Webhooks about what happens in a chat beside messages → facts: tapbacks, members, names. Pure."""

from collections.abc import Iterator
from datetime import datetime

from bot.linq import schemas
from bot.linq.inbound import event_schemas
from bot.linq.inbound.messages import ChatContext, build_reaction
from bot.linq.inbound.parse_messages import Event
from bot.linq.inbound.ports import Fact
from bot.linq.tapbacks import emoji_of
from bot.linq.text import clean
from bot.relay.parts import Announcement, Happening

STICKER = "a sticker"
UNKNOWN = "something that cannot be shown here"


def parse_reaction_added(event: Event) -> Iterator[Fact]:
    return _parse_reaction(event, is_removed=False)


def parse_reaction_removed(event: Event) -> Iterator[Fact]:
    return _parse_reaction(event, is_removed=True)


def parse_participant_added(event: Event) -> Iterator[Fact]:
    told = event.read(event_schemas.ParticipantEvent)
    yield from _announce(event, told.chat_id, told.added_at, Happening.JOINED, _handle(told))


def parse_participant_removed(event: Event) -> Iterator[Fact]:
    """Also our own line, when it left the group or was removed: nothing can be sent there any more."""
    told = event.read(event_schemas.ParticipantEvent)
    if told.participant.is_me:
        yield from _announce(event, told.chat_id, told.removed_at, Happening.WE_LEFT, "")
    else:
        yield from _announce(event, told.chat_id, told.removed_at, Happening.LEFT, _handle(told))


def parse_group_renamed(event: Event) -> Iterator[Fact]:
    told = event.read(event_schemas.GroupNameEvent)
    handle, name = told.changed_by_handle.handle, clean(told.new_value)
    yield from _announce(event, told.chat_id, told.updated_at, Happening.RENAMED, handle, text=name)


def _parse_reaction(event: Event, *, is_removed: bool) -> Iterator[Fact]:
    """Our own are told, too. A sticker, and a reaction to a message that is not named, are shown as a line."""
    told = event.read(event_schemas.ReactionEvent)
    if told.is_from_me or told.from_handle.is_me or not told.chat_id:
        return
    handle, at = told.from_handle.handle or told.sender, told.reacted_at or event.at
    reaction = schemas.LinqReaction(
        id=told.reaction_id,
        type=told.reaction_type,
        custom_emoji=told.custom_emoji,
        handle=schemas.LinqHandle(handle=handle),
    )
    chat = ChatContext(told.chat_id, event.ids)
    # "If not provided, reacts to the entire message (part 0)."
    part = told.part_index or 0
    message = build_reaction(chat, reaction, told.message_id, part, at=at, is_removed=is_removed)
    if message:
        yield message
    elif not is_removed:
        without = STICKER if told.reaction_type == "sticker" else UNKNOWN
        text = emoji_of(told.reaction_type, clean(told.custom_emoji)) or without
        line = Announcement("reacted", Happening.REACTED, text=text)
        yield chat.message(event.ids.event(event.id), handle, at, line, about=told.message_id)


def _handle(told: event_schemas.ParticipantEvent) -> str:
    return told.participant.handle or told.handle


def _announce(
    event: Event,
    chat_id: str,
    at: datetime | None,
    happening: Happening,
    handle: str,
    *,
    text: str = "",
) -> Iterator[Fact]:
    """Nothing where the event does not say in which chat."""
    if chat_id:
        line = Announcement("announcement", happening, text=text)
        yield ChatContext(chat_id, event.ids).message(event.ids.event(event.id), handle, at or event.at, line)
