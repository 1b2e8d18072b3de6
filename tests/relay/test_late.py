"""Stepping aside: what cannot be prepared within a minute lets its room go on, and follows when it can be had."""

import asyncio
from datetime import timedelta

from bot.relay.errors import RelayError, RetryLater
from bot.relay.model import DeliveryState, Status
from bot.relay.ports.stores import Claim
from bot.relay.retry import RetryPolicy
from tests.fakes import CHAT, OTHER_CHANNEL, OTHER_CHAT, said, until, voice
from tests.relay.world import World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def broken(times: int = 99) -> list[RelayError]:
    return [RetryLater("The file cannot be fetched.") for _ in range(times)]


async def test_broken_file_lets_the_next_ones_pass_after_a_minute(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = broken()
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.run(during=timedelta(seconds=58))
    assert world.sent_names == []
    await world.run(during=timedelta(seconds=10))
    assert world.sent_names == ["b.m4a"]


async def test_late_delivery_says_that_it_is_late_and_why(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = broken()
    [delivery] = await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.run(during=timedelta(seconds=70))
    row = await world.row(delivery)
    assert (row.is_late, row.reason) == (True, "The file cannot be fetched.")
    assert await world.status(delivery) is Status.QUEUED


async def test_late_delivery_follows_when_its_file_can_be_had(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = broken(9)
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.run()
    assert world.sent_names == ["b.m4a", "a.m4a"]


async def test_late_delivery_that_stays_broken_fails_in_the_end(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = broken()
    [delivery] = await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.run()
    assert await world.status(delivery) is Status.FAILED


async def test_fault_of_our_own_steps_aside_like_a_broken_file(world: World) -> None:
    world.team.source.breaks_on = "poison.m4a"
    await world.deliveries.accept(said("1", voice("poison.m4a")))
    await world.deliveries.accept(said("2", voice("good.m4a")))
    await world.run(during=timedelta(seconds=70))
    assert world.sent_names == ["good.m4a"]


async def test_delivery_that_was_prepared_never_steps_aside(world: World) -> None:
    """Where the target does not take it now, it does not take the next one either, and order is kept."""
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=HOUR)]
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.run(during=timedelta(minutes=50))
    assert world.sent_names == []
    await world.run()
    assert world.sent_names == ["a.m4a", "b.m4a"]


async def test_wait_named_by_the_source_is_cut_to_the_minute(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = [RetryLater("Rate limited.", after=HOUR)] * 3
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.run(during=timedelta(seconds=70))
    assert world.sent_names == ["b.m4a"]
    await world.run()
    assert world.sent_names == ["b.m4a", "a.m4a"]
    assert world.passed > HOUR


async def test_after_an_outage_the_late_ones_go_first_and_in_order(world: World) -> None:
    """No file can be fetched for an hour; then a new message shows that they can be again."""
    for number in "123":
        world.team.source.trouble_of[f"F0{number}.m4a"] = broken()
        await world.deliveries.accept(said(number, voice(f"{number}.m4a")))
    await world.run(during=HOUR)
    assert world.sent_names == []
    world.team.source.trouble_of.clear()
    await world.deliveries.accept(said("9", voice("new.m4a")))
    await world.do_jobs()
    assert world.sent_names == ["1.m4a", "2.m4a", "3.m4a", "new.m4a"]


async def test_late_one_that_is_still_broken_is_passed_again(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = broken()
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.run(during=timedelta(minutes=10))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.deliveries.accept(said("3", voice("c.m4a")))
    await world.do_jobs()
    assert world.sent_names == ["b.m4a", "c.m4a"]


async def test_late_deliveries_of_a_room_hold_up_no_other_room(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = broken()
    await world.link(OTHER_CHANNEL, OTHER_CHAT)
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.deliveries.accept(said("2", voice("b.m4a"), room=OTHER_CHANNEL))
    await world.do_jobs()
    assert world.sent_names == ["b.m4a"]


async def test_slow_download_holds_the_workers_slot_for_two_seconds_only(world: World) -> None:
    assert RetryPolicy().hold_slot_for == timedelta(seconds=2)
    slow = await slow_world(world)
    stalled = world.team.source.stalled["F0a.m4a"] = asyncio.Event()
    [delivery] = await slow.deliveries.accept(said("1", voice("a.m4a")))
    await slow.deliveries.send_next(CHAT)
    row = await slow.row(delivery)
    assert (row.state, row.reason) == (DeliveryState.WAITING, "The file is still being fetched.")
    stalled.set()
    await until_prepared(slow)
    await slow.do_jobs()
    assert slow.sent_names == ["a.m4a"]
    assert world.team.source.opened == ["F0a.m4a"]  # the download went on
    await close(slow)


async def test_slow_download_steps_aside_after_a_minute_and_goes_on(world: World) -> None:
    slow = await slow_world(world)
    stalled = world.team.source.stalled["F0a.m4a"] = asyncio.Event()
    await slow.deliveries.accept(said("1", voice("a.m4a")))
    await slow.deliveries.accept(said("2", voice("b.m4a")))
    await slow.run(during=timedelta(seconds=70))
    assert slow.sent_names == ["b.m4a"]
    stalled.set()
    await until_prepared(slow)
    await slow.do_jobs()
    assert slow.sent_names == ["b.m4a", "a.m4a"]
    assert world.team.source.opened.count("F0a.m4a") == 1
    await close(slow)


async def test_claim_says_that_older_ones_have_stepped_aside(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = broken()
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.run(during=timedelta(seconds=70))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    claim = await world.database.deliveries.claim(CHAT)
    assert isinstance(claim, Claim)
    assert (claim.delivery.ordered_at, claim.has_late) == (said("2").sent_at, True)


async def slow_world(world: World) -> World:
    """The same with a slot that is held so shortly that no test waits for it."""
    policy = RetryPolicy(hold_slot_for=timedelta(milliseconds=200))
    return World(world.folder, world.database, world.url, team=world.team, chats=world.chats, retry=policy)


async def until_prepared(world: World) -> None:
    """The download has ended, and its result is stored together with a job; jobs alone there may be from before."""
    await until(lambda: bool(world.execute("SELECT id FROM deliveries WHERE state = 'prepared'")))


async def close(world: World) -> None:
    await world.prefetcher.close()
    world.close()
