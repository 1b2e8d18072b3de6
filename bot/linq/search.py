"""Which of a chat's messages is the memo somebody looks for, and which chats a person is in. Pure; trusts no order
that Linq does not promise."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from bot.linq.parse import AUDIO_PARTS, listed_chat
from bot.linq.shapes import Chat, Message
from bot.relay import model
from bot.relay.model import AttachmentId

CLOCKS_DIFFER_BY = timedelta(minutes=5)
"""A memo may seem older than the moment it was sent."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """The memo with this attachment, sent since then; without one, the file's name decides."""

    since: datetime
    attachment: AttachmentId | None
    filename: str

    @property
    def oldest(self) -> datetime:
        return self.since - CLOCKS_DIFFER_BY

    def matches(self, messages: Iterable[Message]) -> list[Message]:
        return [m for m in messages if self._is_carried_by(m) and (m.created_at or self.oldest) >= self.oldest]

    def nearest(self, matches: Iterable[Message]) -> Message | None:
        """The first one after the send; without one, as Linq's clock may be behind, the last one before it.

        A name may have several: somebody sent the same address again.
        """
        return min(matches, key=self._distance, default=None)

    def _distance(self, message: Message) -> tuple[bool, timedelta]:
        after = (message.created_at or self.oldest) - self.since
        return after < timedelta(), abs(after)

    def _is_carried_by(self, message: Message) -> bool:
        if message.is_from_me is False or not message.id:
            return False
        parts = [part for part in message.parts if part.type in AUDIO_PARTS]
        if self.attachment:
            return any(part.id == self.attachment for part in parts)
        return bool(self.filename) and any(self.filename in (p.filename, unquote(p.filename)) for p in parts)

    def is_out_of_reach(self, messages: Sequence[Message]) -> bool:
        """Whether the pages after this one are older still: only if this one runs from new to old, past the mark."""
        times = [m.created_at or _NEVER for m in messages]
        runs_backwards = len(times) > 1 and times[0] > times[-1] and times == sorted(times, reverse=True)
        return runs_backwards and times[-1] < self.oldest


def address(handle: str) -> str:
    """A person's address as Linq writes it: E.164, or an email in lower case."""
    return handle.strip().casefold() if "@" in handle else re.sub(r"[^\d+]", "", handle)


def chats_of(person: str, chats: Iterable[Chat]) -> list[model.Chat]:
    """The chats this person is in now: those of two first, then the one used last first."""
    by_id = {chat.id: chat for chat in chats if chat.id}
    by_use = sorted(by_id.values(), key=lambda c: c.updated_at or _NEVER, reverse=True)
    own = [chat for chat in map(listed_chat, by_use) if person in map(address, chat.people)]
    return sorted(own, key=lambda chat: chat.is_group)
