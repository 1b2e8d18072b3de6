"""Reads a chat's messages for what no webhook told: Linq drops one after half an hour, and replays nothing.

Linq has no list since a given time, promises no order of its lists, and marks no edit. What is found here is told as a
webhook would have told it, under the same ids.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import linq

from bot.linq import schemas
from bot.linq.api.calls import Answer, call_api
from bot.linq.api.limits import EDIT_WINDOW, PAGE
from bot.linq.api.receipts import kind_of
from bot.linq.fields import read
from bot.linq.ids import LinqIds, chat_of
from bot.linq.inbound import messages
from bot.linq.inbound.content import parts_of
from bot.relay.ids import RoomId
from bot.relay.model import Message, ReceiptKind
from bot.relay.parts import Text
from bot.relay.ports.networks import HistoryPage

SETTLED_AFTER = timedelta(seconds=2)
"""``updated_at`` has been seen a second behind the other times of a message that nobody changed."""

_LEFT_US = frozenset({ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ})


class LinqHistory:
    """The relay's ``History`` of one chat."""

    def __init__(self, api: linq.AsyncLinqAPIV3, ids: LinqIds, *, now: Callable[[], datetime]) -> None:
        self._api = api.chats.messages.with_raw_response
        self._ids = ids
        self._now = now

    async def read(self, room: RoomId, since: datetime, cursor: str = "") -> HistoryPage:
        """One page. Where it runs from new to old, the pages after the one that passes ``since`` are not needed; in
        any other order only the last page ends the reading."""
        return await self.read_chat(schemas.LinqChat(id=chat_of(room)), since, cursor)

    async def read_chat(self, chat: schemas.LinqChat, since: datetime, cursor: str) -> HistoryPage:
        """The same for a chat of which more is known than its id."""
        call = self._api.list(chat.id, limit=PAGE, cursor=cursor or linq.omit)
        return await call_api("messages.list", call, lambda answer: self._page(answer, chat, since, cursor))

    def _page(self, answer: Answer, chat: schemas.LinqChat, since: datetime, cursor: str) -> HistoryPage:
        page, read_at = read(schemas.MessagePage, answer.body), self._time_of(answer)
        listed = [message.model_copy(update={"chat": chat}) for message in page.messages if message.id]
        oldest = _oldest_if_backwards(listed)
        has_more = page.next_cursor not in ("", cursor) and (oldest is None or oldest >= since)
        return HistoryPage(
            messages=[told for message in listed for told in self._told(message, since, read_at)],
            cursor=page.next_cursor if has_more else "",
            reactions_of=frozenset(self._ids.message(message.id) for message in listed),
            read_at=read_at,
        )

    def _told(self, message: schemas.LinqMessage, since: datetime, read_at: datetime) -> Iterator[Message]:
        is_ours = _is_ours(message)
        if _newest_time(message) >= since and (not is_ours or kind_of(message.delivery_status) in _LEFT_US):
            said = messages.build_message(message, self._ids, at=read_at, is_ours=is_ours)
            yield said
            if not is_ours and (opted_out := messages.build_opt_out(message, said)):
                yield opted_out
        if not is_ours:
            yield from self._edits(message, since)
        yield from self._reactions(message, read_at)

    def _edits(self, message: schemas.LinqMessage, since: datetime) -> Iterator[Message]:
        """The texts as they are now, where something changed after the message came: Linq does not say what. To be told
        of the text that is known already does no harm."""
        updated_at = message.updated_at
        told = _newest_time(message)
        if updated_at is None or updated_at - told < SETTLED_AFTER or told < since - EDIT_WINDOW:
            return
        for part in parts_of(message, self._ids):
            if isinstance(part, Text):
                yield messages.build_edit(message, self._ids, int(part.key), part.text, at=updated_at, spans=part.spans)

    def _reactions(self, message: schemas.LinqMessage, read_at: datetime) -> Iterator[Message]:
        """Those that are held now, on old messages, too. When they were put there is not told: they are as of now, so
        that what is told later, such as a removal, counts more."""
        chat = messages.chat_of(message, self._ids)
        for index, part in enumerate(message.parts):
            for reaction in part.reactions:
                told = messages.build_reaction(chat, reaction, message.id, index, at=read_at)
                if told and not (reaction.is_me or reaction.handle.is_me):
                    yield told

    def _time_of(self, answer: Answer) -> datetime:
        """By Linq's clock, as all other times here are."""
        try:
            return parsedate_to_datetime(answer.date)
        except (ValueError, TypeError):
            return self._now()


def _oldest_if_backwards(listed: Sequence[schemas.LinqMessage]) -> datetime | None:
    """The time of the last message, if the page runs from new to old: by when they were created, or by when they were
    sent, which differs for those that Linq found late. None for any other order."""
    for times in ([m.created_at for m in listed], [m.sent_at or m.created_at for m in listed]):
        known = [time for time in times if time]
        if known and len(known) == len(times) and known == sorted(known, reverse=True):
            return known[-1]
    return None


def _is_ours(message: schemas.LinqMessage) -> bool:
    """Only messages of ours have a delivery status other than ``received``."""
    if message.is_outbound is not None:
        return message.is_outbound
    return kind_of(message.delivery_status) is not None


def _newest_time(message: schemas.LinqMessage) -> datetime:
    """When Linq last had news of it that are no change of it. ``reconciled_at``: it found the message itself late."""
    known = (message.created_at, message.sent_at, message.delivered_at, message.read_at, message.reconciled_at)
    return max(filter(None, known), default=datetime.min.replace(tzinfo=UTC))
