"""What a person looks after, as the Slack adapter is told it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bot.relay.ids import MessageId, PersonId, RoomId
from bot.relay.model import DeliveryWithReceipts
from bot.relay.overview import Overview
from bot.relay.rooms import LineInfo, Link


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


@dataclass
class FakeOpenings:
    """Implements ``OpeningService``. ``opened``: room, line, handle and text of each chat that was opened."""

    opened: list[tuple[str, ...]] = field(default_factory=list)

    async def lines(self, room: RoomId) -> Sequence[LineInfo]:
        return [LineInfo(RoomId("linq:default/line/1"), "+1 202 555 0100")]

    async def open(
        self, room: RoomId, line: RoomId, handle: str, text: str, *, source: MessageId, by: PersonId
    ) -> Link | None:
        self.opened.append((room, line, handle, text))
        return Link(room, RoomId("linq:default/new"), handle, by)
