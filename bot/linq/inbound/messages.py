"""What Linq tells of a chat, as the relay's messages. Pure; the same from a webhook and from a list.

What has no id at Linq is named for what it says: told by a webhook and found again in a list, it is the same message.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.linq import schemas
from bot.linq.fields import PayloadError
from bot.linq.ids import LinqIds, digest, fact_id, shown_handle
from bot.linq.inbound.content import parts_of
from bot.linq.tapbacks import emoji_of
from bot.linq.text import clean
from bot.relay.ids import MessageId
from bot.relay.model import Message
from bot.relay.parts import Announcement, Edit, Happening, Part, Reaction, Span

_OPT_OUT_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "OPTOUT", "CANCEL", "END", "QUIT"})
_OPT_OUT = re.compile(r"opt[ -]?out", re.IGNORECASE)
_HEALTH = {"AT_RISK": "Linq sees first signs of it.", "CRITICAL": "Linq rates it as critical."}


@dataclass(frozen=True)
class ChatContext:
    """Where something happened."""

    id: str
    ids: LinqIds

    def message(self, message: MessageId, handle: str, at: datetime, *parts: Part, about: str = "") -> Message:
        """Something that the person with this handle said or did here; ``about`` is a message's id at Linq."""
        return Message(
            id=message,
            room=self.ids.room(self.id),
            sender=self.ids.person(handle),
            sent_at=at,
            parts=parts,
            about=self.ids.message(about) if about else None,
            sender_handle=shown_handle(handle) if handle else "",
        )


def chat_of(message: schemas.LinqMessage, ids: LinqIds) -> ChatContext:
    """Raises PayloadError where the message does not say where it stands."""
    if not message.chat_of:
        raise PayloadError("no chat id")
    return ChatContext(message.chat_of, ids)


def build_message(
    message: schemas.LinqMessage, ids: LinqIds, *, at: datetime, event_id: str = "", is_ours: bool = False
) -> Message:
    """The message itself. ``at`` and ``event_id`` stand in where it tells no time and no id of its own."""
    chat = chat_of(message, ids)
    own_id = ids.message(message.id) if message.id else ids.event(event_id)
    handle = message.sender.handle or (message.line if is_ours else "")
    when = message.sent_at or message.created_at or at
    made = chat.message(own_id, handle, when, *parts_of(message, ids), about=message.reply_to.message_id)
    key = "" if message.is_in_group else ids.room_key(message.line, handle)
    if is_ours:
        parts = (*made.parts, Announcement("elsewhere", Happening.SENT_ELSEWHERE))
        return replace(made, parts=parts, is_ours=True, sender_handle="")
    within = (ids.line(message.line), ids.all_lines()) if message.line else ()
    line = shown_handle(message.line)
    is_well = message.chat.health_status.status == "HEALTHY"
    return replace(made, room_key=key, is_in_group=message.is_in_group, within=within, line=line, is_room_well=is_well)


def build_edit(
    message: schemas.LinqMessage, ids: LinqIds, index: int, text: str, *, at: datetime, spans: tuple[Span, ...] = ()
) -> Message:
    """A part of the message has this (clean) text now."""
    chat = chat_of(message, ids)
    own_id = fact_id(ids.message(message.id), "edit", str(index), digest(text))
    edit = Edit(str(index), text, spans)
    return chat.message(own_id, message.sender.handle, at, edit, about=message.id)


def build_reaction(
    chat: ChatContext,
    reaction: schemas.LinqReaction,
    message: str,
    part: int,
    *,
    at: datetime,
    is_removed: bool = False,
) -> Message | None:
    """Somebody put an emoji on a part of a message, or took it off. None where the message is not named, or there is
    no emoji to be shown."""
    emoji = emoji_of(reaction.type, clean(reaction.custom_emoji))
    if not emoji or not message:
        return None
    handle = reaction.handle.handle
    fact = ("reaction", str(part), digest(handle), digest(emoji), reaction.id, "removed" if is_removed else "added")
    own_id = fact_id(chat.ids.message(message), *filter(None, fact))
    return chat.message(own_id, handle, at, Reaction("reaction", emoji, is_removed, str(part)), about=message)


def build_opt_out(message: schemas.LinqMessage, told: Message) -> Message | None:
    """A contact asked for no more messages: the whole message is one of Linq's keywords, in exactly that case but for
    the spellings of "opt out". Groups are never blocked."""
    if message.is_in_group or len(message.parts) != 1 or message.parts[0].type != "text":
        return None
    word = message.parts[0].value.strip()
    if word not in _OPT_OUT_WORDS and not _OPT_OUT.fullmatch(word):
        return None
    parts = (Announcement("opted_out", Happening.OPTED_OUT, text=word),)
    return replace(told, id=fact_id(told.id, "opted_out"), parts=parts, about=None)


def build_health_warning(message: schemas.LinqMessage, ids: LinqIds, *, at: datetime) -> Message | None:
    """Linq tells a chat's health with every message event and has no event for its change. Once for each change; an
    opt-out is told by the message that asks for it."""
    chat, health = chat_of(message, ids), message.chat.health_status
    if health.status not in _HEALTH:
        return None
    since = str(int(health.updated_at.timestamp())) if health.updated_at else "now"
    own_id = fact_id(ids.message(chat.id), "health", health.status.lower(), since)
    announcement = Announcement("health", Happening.ROOM_AT_RISK, text=_HEALTH[health.status])
    return replace(chat.message(own_id, message.line, at, announcement), sender_handle="")
