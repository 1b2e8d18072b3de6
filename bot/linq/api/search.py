"""Which of a chat's messages is the voice memo that somebody looks for, and which chats a person is in.

Pure; trusts no order that Linq does not promise.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from bot.linq.api.limits import CLOCK_TOLERANCE
from bot.linq.api.receipts import MEDIA_PARTS
from bot.linq.ids import lower_uuid, normalize_handle
from bot.linq.schemas import GONE, LinqChat, LinqMessage

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class MemoSearch:
    """The memo with this attachment, sent since then; without one, the file's name decides."""

    since: datetime
    attachment: str = ""
    filename: str = ""

    @property
    def oldest(self) -> datetime:
        """A memo may seem older than the moment it was sent: clocks differ."""
        return self.since - CLOCK_TOLERANCE

    def matches(self, messages: Iterable[LinqMessage]) -> list[LinqMessage]:
        return [m for m in messages if self._is_carried_by(m) and (m.created_at or self.oldest) >= self.oldest]

    def nearest(self, matches: Iterable[LinqMessage]) -> LinqMessage | None:
        """The first one after the send; without one, as Linq's clock may be behind, the last one before it.

        A name may have several: somebody sent the same address again.
        """
        return min(matches, key=self._distance, default=None)

    def is_past(self, messages: Sequence[LinqMessage]) -> bool:
        """Whether the pages after this one are older still: only if this one runs from new to old, past the mark."""
        times = [m.created_at or _NEVER for m in messages]
        runs_backwards = len(times) > 1 and times[0] > times[-1] and times == sorted(times, reverse=True)
        return runs_backwards and times[-1] < self.oldest

    def _distance(self, message: LinqMessage) -> tuple[bool, timedelta]:
        after = (message.created_at or self.oldest) - self.since
        return after < timedelta(), abs(after)

    def _is_carried_by(self, message: LinqMessage) -> bool:
        if message.is_outbound is False or not message.id:
            return False
        parts = [part for part in message.parts if part.type in MEDIA_PARTS]
        if self.attachment:
            return any(lower_uuid(part.id) == self.attachment for part in parts)
        return bool(self.filename) and any(_same_name(self.filename, part.filename) for part in parts)


def _same_name(ours: str, theirs: str) -> bool:
    """A name may be shown quoted, as it stands in the address, and its letters composed or not."""
    ours, theirs = (unicodedata.normalize("NFC", name) for name in (ours, theirs))
    return ours in (theirs, unquote(theirs))


def chats_of(handle: str, chats: Iterable[LinqChat]) -> list[LinqChat]:
    """The chats this person is in now: those of two first, then the one used last first."""
    by_id = {chat.id: chat for chat in chats if chat.id}
    by_use = sorted(by_id.values(), key=lambda chat: chat.updated_at or _NEVER, reverse=True)
    own = [chat for chat in by_use if handle in map(normalize_handle, people_of(chat))]
    return sorted(own, key=lambda chat: bool(chat.is_group))


def people_of(chat: LinqChat) -> tuple[str, ...]:
    """The handles in it, without our own line and those who are gone."""
    return tuple(h.handle for h in chat.handles if h.handle and not h.is_me and h.status not in GONE)
