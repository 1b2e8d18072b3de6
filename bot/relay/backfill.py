"""Backfill: read history for what no event told. While no bot ran, or while a network stayed silent.

Every linked room has a mark: up to there all is known to have been told. After a start and after every gap the room is
read from its mark, and what was missed goes before what is new; now and then it is read anyway, as a network may be
silent without a sign. Reading is spread over the rooms within a budget of calls; who has something to send comes first.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.relay.deliveries import DeliveryService
from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.ids import DeliveryId, MessageId, RoomId, network_of
from bot.relay.model import Message
from bot.relay.parts import Edit, Reaction
from bot.relay.ports.networks import HistoryPage, Network, Networks
from bot.relay.ports.room_stores import HistoryMark, MarkStore
from bot.relay.ports.stores import HeldReaction, ReactionStore

log = logging.getLogger("memobridge.relay")

OVERLAP = timedelta(minutes=5)
"""So far before its mark a room is read again: clocks differ, and what comes late stands in the middle of a history."""

RETRY_AFTER = timedelta(seconds=30)

EVENTS_TAKE = timedelta(seconds=10)
"""So long an event may take to tell of a message. What is read in a history before that was not missed yet."""


@dataclass(frozen=True)
class BackfillRead:
    """What one call gave: how many new deliveries, and whether an event is missing that should have told of one."""

    room: RoomId
    found: int = 0
    is_event_missing: bool = False


class Backfill:
    """``interval``: how often a room without a gap is read, at most."""

    def __init__(
        self,
        store: MarkStore,
        reactions: ReactionStore,
        deliveries: DeliveryService,
        networks: Networks,
        *,
        interval: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._reactions = reactions
        self._deliveries = deliveries
        self._networks = networks
        self._interval = interval
        self._now = now

    async def open_gaps(self) -> None:
        """Something may have been missed in every linked room: what they send waits until they were read."""
        await self._store.open_gaps()

    async def read_next(self, network: str = "") -> BackfillRead | None:
        """One call for the room that needs it most, of this network alone if one is named. None: no room needs reading
        now."""
        mark = await self._store.lease(self._interval, network)
        if mark is None:
            return None
        try:
            return await self._read(mark, self._networks.of(mark.room))
        except RetryLater as later:
            log.info("backfill.postponed", extra={"reason": later.reason, "code": later.code})
            await self._store.postpone_pass(mark, later.after or RETRY_AFTER)
        except Refused as no:  # the bot is not in the room any more, say: nothing holds it up
            log.warning("backfill.refused", extra={"reason": no.reason, "code": no.code})
            await self._store.finish_pass(mark)
        return BackfillRead(mark.room)

    async def _read(self, mark: HistoryMark, network: Network) -> BackfillRead:
        if network.history is None:
            await self._store.finish_pass(mark)
            return BackfillRead(mark.room)
        page = await network.history.read(mark.room, mark.read_up_to - OVERLAP, mark.cursor)
        found, is_old = await self._carry(mark.room, page)
        if page.cursor:
            await self._store.save_cursor(mark, page.cursor)
        else:
            if mark.has_gap:
                await self._withdraw_deleted(mark, network)
            await self._store.finish_pass(mark)
        return BackfillRead(mark.room, found, is_event_missing=is_old and not mark.has_gap)

    async def _carry(self, room: RoomId, page: HistoryPage) -> tuple[int, bool]:
        """How many deliveries are new, and whether one of them is older than events take. The id is the cause: what was
        told before changes nothing, so what is new was never told."""
        new: list[DeliveryId] = []
        found: set[MessageId] = set()
        is_old = False
        for message in sorted([*page.messages, *await self._removed_reactions(room, page)], key=_when):
            if message.about in found and any(isinstance(part, Edit) for part in message.parts):
                continue  # the message itself was found just now, as it reads after this edit
            if carried := await self._accept(message):
                new += carried
                found.add(message.id)
                is_old = is_old or self._now() - message.sent_at > EVENTS_TAKE
        if new:
            log.warning("backfill.found", extra={"deliveries": new})
        return len(new), is_old

    async def _accept(self, message: Message) -> Sequence[DeliveryId]:
        try:
            return await self._deliveries.accept_found(message)
        except RetryLater:
            raise
        except RelayError as no:
            log.info("backfill.message_refused", extra={"reason": no.reason, "code": no.code})
            return ()

    async def _removed_reactions(self, room: RoomId, page: HistoryPage) -> Sequence[Message]:
        """What the peer took off while nobody listened: a history tells only what is held now."""
        if page.read_at is None or not page.reactions_of:
            return ()
        listed = {
            (each.about, each.sender, part.part, part.emoji)
            for each in page.messages
            for part in each.parts
            if isinstance(part, Reaction)
        }
        return [
            _removal(held, room, page.read_at)
            for held in await self._reactions.held_reactions(sorted(page.reactions_of))
            if network_of(held.person) == network_of(room) and held.at < page.read_at
            if (held.about, held.person, held.part, held.emoji) not in listed
        ]

    async def _withdraw_deleted(self, mark: HistoryMark, network: Network) -> None:
        """What was deleted while nobody listened is not sent."""
        if network.deletions is None:
            return
        for source in await self._store.open_sources(mark.room):
            surviving = await network.deletions.surviving_parts(source)
            await self._deliveries.withdraw_missing(source, mark.room, surviving)


def _when(message: Message) -> tuple[float, str]:
    return message.sent_at.timestamp(), message.id


def _removal(held: HeldReaction, room: RoomId, at: datetime) -> Message:
    return Message(
        id=MessageId(f"{held.about}/reaction/{held.part}/gone/{held.at.timestamp()}"),
        room=room,
        sender=held.person,
        sent_at=at,
        parts=(Reaction("reaction", held.emoji, is_removed=True, part=held.part),),
        about=held.about,
    )
