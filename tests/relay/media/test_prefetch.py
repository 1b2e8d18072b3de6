"""Prefetch: a delivery is prepared before its turn, once, and a turn that does not come leaves nothing behind."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.ids import DeliveryId
from bot.relay.media.prefetch import Prefetcher
from bot.relay.model import Delivery, DeliveryState, PreparedPart
from bot.store.database import Database
from tests.fakes import ANN, BASE, CHANNEL, CHAT, public_voice, said, until, voice
from tests.relay.world import World

LONG = 60.0


class SlowWork:
    """Prepares when the test lets it, and remembers who was woken with what."""

    def __init__(self, *, limit: int = 9, kept_for_s: float = 0.0) -> None:
        self.begun: list[str] = []
        self.under_way = 0
        self.may_end = asyncio.Event()
        self.error: Exception | None = None
        self.woken: list[tuple[DeliveryId, Sequence[PreparedPart] | None]] = []
        self.still_waits = True
        self.wake_error: RelayError | None = None
        self.prefetcher = Prefetcher(self.prepare, self.wake, limit=limit, kept_for_s=kept_for_s)

    async def prepare(self, delivery: Delivery) -> tuple[PreparedPart, ...]:
        self.begun.append(delivery.id)
        self.under_way += 1
        try:
            await self.may_end.wait()
        finally:
            self.under_way -= 1
        if self.error:
            raise self.error
        return (PreparedPart(refused=f"made for {delivery.id}"),)

    async def wake(self, delivery: DeliveryId, prepared: Sequence[PreparedPart] | None) -> bool:
        self.woken.append((delivery, prepared))
        if self.wake_error:
            raise self.wake_error
        return self.still_waits


def delivery(name: str, *keys: str) -> Delivery:
    parts = tuple(voice(key=key) for key in keys or ("v",))
    return Delivery(DeliveryId(name), said().id, CHANNEL, CHAT, ANN, parts, BASE)


def made_for(name: str) -> tuple[PreparedPart, ...]:
    return (PreparedPart(refused=f"made for {name}"),)


async def settle() -> None:
    """Whatever can go on without anything from outside has done so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_prefetch_begins_with_what_was_accepted() -> None:
    work = SlowWork()
    work.prefetcher.observe([delivery("D1"), delivery("D2")])
    await settle()
    assert work.begun == ["D1", "D2"]
    await work.prefetcher.close()


async def test_prefetch_is_taken_at_the_turn_and_done_once() -> None:
    work = SlowWork(kept_for_s=LONG)
    work.prefetcher.observe([delivery("D1")])
    work.may_end.set()
    assert await work.prefetcher.get(delivery("D1"), within_s=LONG) == made_for("D1")
    assert (work.begun, work.woken) == (["D1"], [])


async def test_prefetch_that_is_under_way_is_waited_for() -> None:
    work = SlowWork(kept_for_s=LONG)
    work.prefetcher.observe([delivery("D1")])
    turn = asyncio.create_task(work.prefetcher.get(delivery("D1"), within_s=LONG))
    await settle()
    work.may_end.set()
    assert await turn == made_for("D1")
    assert work.begun == ["D1"]


async def test_prefetch_has_a_limit() -> None:
    work = SlowWork(limit=1)
    work.prefetcher.observe([delivery("D1"), delivery("D2")])
    await settle()
    assert work.begun == ["D1"]
    await work.prefetcher.close()


async def test_prefetch_of_nothing_where_the_limit_is_zero() -> None:
    """Another process is more likely to have the turn."""
    work = SlowWork(limit=0)
    work.prefetcher.observe([delivery("D1")])
    await settle()
    assert work.begun == []


async def test_prefetch_makes_room_for_the_next_when_it_was_taken() -> None:
    work = SlowWork(limit=1, kept_for_s=LONG)
    work.may_end.set()
    work.prefetcher.observe([delivery("D1")])
    await work.prefetcher.get(delivery("D1"), within_s=LONG)
    work.prefetcher.observe([delivery("D2")])
    await settle()
    assert work.begun == ["D1", "D2"]
    await work.prefetcher.close()


async def test_prefetch_that_nobody_takes_is_stored() -> None:
    work = SlowWork(limit=1)
    work.prefetcher.observe([delivery("D1")])
    work.may_end.set()
    await until(lambda: bool(work.woken))
    assert work.woken == [(DeliveryId("D1"), made_for("D1"))]
    await settle()
    work.prefetcher.observe([delivery("D2")])
    await settle()
    assert work.begun == ["D1", "D2"]  # there is room again
    await work.prefetcher.close()


async def test_prefetch_is_kept_in_memory_for_its_turn() -> None:
    work = SlowWork(kept_for_s=LONG)
    work.prefetcher.observe([delivery("D1")])
    work.may_end.set()
    await settle()
    assert work.woken == []
    await work.prefetcher.close()


async def test_prefetch_that_failed_tells_the_turn_why() -> None:
    work = SlowWork(kept_for_s=LONG)
    work.error = Refused("holds no sound")
    work.prefetcher.observe([delivery("D1")])
    work.may_end.set()
    with pytest.raises(Refused, match="holds no sound"):
        await work.prefetcher.get(delivery("D1"), within_s=LONG)


async def test_prefetch_that_failed_wakes_its_delivery_to_be_told_there() -> None:
    work = SlowWork(kept_for_s=0.0)
    work.error = Refused("holds no sound")
    work.prefetcher.observe([delivery("D1")])
    work.may_end.set()
    await until(lambda: bool(work.woken))
    assert work.woken == [(DeliveryId("D1"), None)]


async def test_prefetch_that_failed_is_forgotten_when_no_turn_comes() -> None:
    """As where another process has the turn, or the delivery is cancelled later."""
    work = SlowWork(limit=1, kept_for_s=0.0)
    work.error = RetryLater("It is away.")
    work.prefetcher.observe([delivery("D1")])
    work.may_end.set()
    await until(lambda: bool(work.woken))

    def has_room() -> bool:
        work.prefetcher.observe([delivery("D2")])
        return len(work.begun) == 2

    await until(has_room)
    await work.prefetcher.close()


async def test_prefetch_for_a_cancelled_delivery_leaves_nothing_behind() -> None:
    work = SlowWork(limit=1)
    work.still_waits, work.error = False, RetryLater("It is away.")
    work.prefetcher.observe([delivery("D1")])
    work.may_end.set()
    await until(lambda: bool(work.woken))
    await settle()
    work.prefetcher.observe([delivery("D2")])
    await settle()
    assert work.begun == ["D1", "D2"]
    await work.prefetcher.close()


async def test_prefetch_that_cannot_be_stored_is_done_again_at_the_turn() -> None:
    work = SlowWork()
    work.wake_error = RetryLater("The database cannot be reached.")
    work.prefetcher.observe([delivery("D1")])
    work.may_end.set()
    await until(lambda: bool(work.woken))
    await settle()
    assert await work.prefetcher.get(delivery("D1"), within_s=LONG) == made_for("D1")
    assert work.begun == ["D1", "D1"]


async def test_turn_gives_the_slot_back_and_is_woken_when_it_is_done() -> None:
    work = SlowWork(limit=0)
    assert await work.prefetcher.get(delivery("D1"), within_s=0.0) is None
    assert work.under_way == 1
    work.may_end.set()
    await until(lambda: bool(work.woken))
    assert work.woken == [(DeliveryId("D1"), made_for("D1"))]


async def test_turn_that_comes_back_takes_what_went_on_meanwhile() -> None:
    work = SlowWork(limit=0, kept_for_s=LONG)
    assert await work.prefetcher.get(delivery("D1"), within_s=0.0) is None
    turn = asyncio.create_task(work.prefetcher.get(delivery("D1"), within_s=LONG))
    await settle()
    work.may_end.set()
    assert await turn == made_for("D1")
    assert work.begun == ["D1"]


async def test_failure_after_the_slot_was_given_back_is_told_at_the_next_turn() -> None:
    """There it is counted: else it would be tried without end."""
    work = SlowWork(limit=0, kept_for_s=LONG)
    work.error = RetryLater("It is away.")
    assert await work.prefetcher.get(delivery("D1"), within_s=0.0) is None
    work.may_end.set()
    await until(lambda: bool(work.woken))
    await settle()
    with pytest.raises(RetryLater, match="It is away"):
        await work.prefetcher.get(delivery("D1"), within_s=LONG)
    assert work.begun == ["D1"]


async def test_delivery_that_lost_a_part_is_prepared_anew() -> None:
    work = SlowWork(kept_for_s=LONG)
    work.prefetcher.observe([delivery("D1", "a", "b")])
    work.may_end.set()
    await work.prefetcher.get(delivery("D1", "b"), within_s=LONG)
    assert work.begun == ["D1", "D1"]
    await work.prefetcher.close()


async def test_turn_that_is_cancelled_leaves_the_work_to_the_next_one() -> None:
    work = SlowWork(kept_for_s=LONG)
    turn = asyncio.create_task(work.prefetcher.get(delivery("D1"), within_s=LONG))
    await settle()
    turn.cancel()
    await settle()
    work.may_end.set()
    assert await work.prefetcher.get(delivery("D1"), within_s=LONG) == made_for("D1")
    assert work.begun == ["D1"]


async def test_close_ends_what_is_under_way() -> None:
    work = SlowWork()
    work.prefetcher.observe([delivery("D1"), delivery("D2")])
    await settle()
    await work.prefetcher.close()
    assert work.under_way == 0


def eager(world: World, database: Database | None = None) -> World:
    return World(world.folder, database or world.database, world.url, team=world.team, chats=world.chats, prefetch=9)


async def close(world: World) -> None:
    await world.prefetcher.close()
    world.close()


async def test_accepted_recording_is_uploaded_before_its_turn_and_once(world: World) -> None:
    process = eager(world)
    await process.deliveries.accept(said())
    await until(lambda: len(world.chats.media.uploads) == 1)
    assert world.chats.sender.sent == []
    await process.do_jobs()
    assert (world.team.source.opened, len(world.chats.sender.sent)) == (["F0memo.m4a"], 1)
    assert world.team.source.left_open == 0
    await close(process)


async def test_recording_is_uploaded_while_an_older_one_still_waits(world: World) -> None:
    process = eager(world)
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=1))]
    await process.deliveries.accept(said("1", voice("a.m4a")))
    await process.do_jobs()
    await process.deliveries.accept(said("2", voice("b.m4a")))
    await until(lambda: len(world.chats.media.uploads) == 2)
    await process.run()
    assert (world.team.source.opened, process.sent_names) == (["F0a.m4a", "F0b.m4a"], ["a.m4a", "b.m4a"])
    await close(process)


async def test_message_told_twice_is_prefetched_once(world: World) -> None:
    process = eager(world)
    await process.deliveries.accept(said())
    await process.deliveries.accept(said())
    await until(lambda: len(world.chats.media.uploads) == 1)
    await settle()
    assert world.team.source.opened == ["F0memo.m4a"]
    await close(process)


async def test_message_without_a_link_is_never_opened(world: World) -> None:
    process = eager(world)
    await world.links.part(CHANNEL)
    await process.deliveries.accept(said())
    await settle()
    assert world.team.source.opened == []
    await close(process)


async def test_public_address_is_never_opened(world: World) -> None:
    process = eager(world)
    await process.deliveries.accept(said("1", public_voice(), command="T1"))
    await settle()
    assert world.team.source.opened == []
    await close(process)


async def test_wake_stores_what_was_prepared_and_brings_a_job(world: World) -> None:
    [accepted] = await world.deliveries.accept(said())
    world.execute("DELETE FROM procrastinate_jobs")
    assert await world.database.deliveries.wake(accepted, [PreparedPart()])
    assert (await world.row(accepted)).state is DeliveryState.PREPARED
    [job] = world.execute("SELECT task_name FROM procrastinate_jobs")
    assert job["task_name"] == "send_next"


async def test_wake_of_a_cancelled_delivery_stores_nothing(world: World) -> None:
    [accepted] = await world.deliveries.accept(said())
    await world.deliveries.withdraw(said().id, [CHANNEL])
    assert not await world.database.deliveries.wake(accepted, [PreparedPart()])
    assert (await world.row(accepted)).prepared is None


async def test_wake_with_what_was_made_of_other_parts_stores_nothing(world: World) -> None:
    [accepted] = await world.deliveries.accept(said())
    assert not await world.database.deliveries.wake(accepted, [PreparedPart(), PreparedPart()])
    assert (await world.row(accepted)).prepared is None
