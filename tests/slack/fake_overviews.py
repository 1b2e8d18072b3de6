"""What a person looks after, as the Slack adapter is told it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bot.relay.ids import RoomId
from bot.relay.model import DeliveryWithReceipts
from bot.relay.overview import Overview


@dataclass
class FakeOverviews:
    """Implements ``OverviewService``. ``asked``: the rooms of each question."""

    shown: Overview = field(default_factory=Overview)
    asked: list[set[RoomId]] = field(default_factory=list)

    async def of(self, rooms: Collection[RoomId]) -> Overview:
        self.asked.append(set(rooms))
        return self.shown

    async def held(self, room: RoomId) -> Sequence[DeliveryWithReceipts]:
        self.asked.append({room})
        return self.shown.attention
