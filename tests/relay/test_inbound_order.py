"""Inbound order: a room's events one after the other, and its history before what follows one that was not stored."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.relay.errors import RetryLater
from bot.relay.ids import RoomId
from bot.relay.inbound_order import InboundOrder
from tests.fakes import CHANNEL, CHAT, OTHER_CHANNEL

DOWN = RetryLater("The database cannot be reached.")


class Receiver:
    """Handles events, and writes down what is done, in its order."""

    def __init__(self) -> None:
        self.order = InboundOrder(self.open_gap)
        self.done: list[str] = []
        self.trouble: Exception | None = None

    async def open_gap(self, rooms: Sequence[RoomId]) -> None:
        if self.trouble:
            raise self.trouble
        self.done += [f"read {room}" for room in rooms]

    async def handle(self, name: str, *rooms: RoomId, turns: int = 0) -> None:
        """Takes so many turns of the event loop."""
        async with self.order.of(*rooms):
            for _ in range(turns):
                await asyncio.sleep(0)
            if self.trouble:
                raise self.trouble
            self.done.append(name)

    async def fail(self, error: Exception, *rooms: RoomId) -> None:
        self.trouble = error
        with pytest.raises(type(error)):
            await self.handle("fails", *rooms)
        self.trouble = None


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


async def test_events_of_a_room_are_handled_one_after_the_other(receiver: Receiver) -> None:
    await asyncio.gather(*(receiver.handle(str(number), CHANNEL, turns=9 - number) for number in range(9)))
    assert receiver.done == [str(number) for number in range(9)]


async def test_event_of_another_room_waits_for_none(receiver: Receiver) -> None:
    await asyncio.gather(receiver.handle("slow", CHANNEL, turns=9), receiver.handle("quick", CHAT))
    assert receiver.done == ["quick", "slow"]


async def test_room_is_read_once_before_what_follows_a_failure(receiver: Receiver) -> None:
    await receiver.fail(DOWN, CHANNEL)
    for name in ("second", "third"):
        await receiver.handle(name, CHANNEL)
    assert receiver.done == [f"read {CHANNEL}", "second", "third"]


async def test_failure_leaves_other_rooms_alone(receiver: Receiver) -> None:
    await receiver.fail(DOWN, CHANNEL)
    await receiver.handle("elsewhere", OTHER_CHANNEL)
    assert receiver.done == ["elsewhere"]


async def test_nothing_is_handled_before_the_gap_is_stored(receiver: Receiver) -> None:
    await receiver.fail(DOWN, CHANNEL)
    await receiver.fail(DOWN, CHANNEL)
    await receiver.handle("third", CHANNEL)
    assert receiver.done == [f"read {CHANNEL}", "third"]


async def test_event_that_fails_for_good_opens_no_gap(receiver: Receiver) -> None:
    """Its message would fail in the history just so."""
    await receiver.fail(ValueError("no message"), CHANNEL)
    await receiver.handle("second", CHANNEL)
    assert receiver.done == ["second"]
