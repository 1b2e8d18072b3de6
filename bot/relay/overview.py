"""What a person looks after: links, who waits, what needs a decision, and what went last."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.relay.ids import RoomId
from bot.relay.model import NEEDS_ATTENTION, DeliveryWithReceipts, Status
from bot.relay.ports.room_stores import LinkStore
from bot.relay.receipts import status_of
from bot.relay.rooms import Conversation, Link

SHOWN = 10  # of each kind; one more tells that there are others
FAILURES_FOR = timedelta(days=7)  # so long a failure that nobody dealt with is brought up


class OverviewStore(Protocol):
    """Looks up what stands in these rooms, and in the threads of those that are inboxes."""

    async def waiting(self, rooms: Collection[RoomId], limit: int) -> Sequence[Conversation]:
        """Open conversations, who has waited longest first; those that nobody waits in come last."""
        ...

    async def attention(
        self, rooms: Collection[RoomId], failures_for: timedelta, limit: int
    ) -> Sequence[DeliveryWithReceipts]:
        """What is held, the next hour first, and what may have failed or be in doubt, the latest first."""
        ...

    async def recent(self, rooms: Collection[RoomId], limit: int) -> Sequence[DeliveryWithReceipts]:
        """What was accepted last, in both directions, the latest first."""
        ...


@dataclass(frozen=True)
class Overview:
    """``links``: as people made them, without those that inboxes make by themselves. Each of the others may hold one
    more than ``SHOWN``."""

    links: Sequence[Link] = ()
    waiting: Sequence[Conversation] = ()
    attention: Sequence[DeliveryWithReceipts] = ()
    recent: Sequence[DeliveryWithReceipts] = ()


class Overviews:
    def __init__(self, store: OverviewStore, links: LinkStore) -> None:
        self._store = store
        self._links = links

    async def of(self, rooms: Collection[RoomId]) -> Overview:
        """Of the links of these rooms."""
        links = [link for link in await self._links.all() if link.room in rooms and link.inbox is None]
        linked = [link.room for link in links]
        if not linked:
            return Overview()
        attention = await self._store.attention(linked, FAILURES_FOR, 3 * SHOWN)
        return Overview(
            links,
            await self._store.waiting(linked, SHOWN + 1) if any(link.is_inbox for link in links) else (),
            [told for told in attention if _needs_decision(told)][: SHOWN + 1],
            await self._store.recent(linked, SHOWN),
        )

    async def held(self, room: RoomId) -> Sequence[DeliveryWithReceipts]:
        """What is held in this very room, the next hour first."""
        attention = await self._store.attention([room], timedelta(), SHOWN + 1)
        return [told for told in attention if status_of(told).status is Status.HELD]


def _needs_decision(told: DeliveryWithReceipts) -> bool:
    return status_of(told).status in (Status.HELD, *NEEDS_ATTENTION)
