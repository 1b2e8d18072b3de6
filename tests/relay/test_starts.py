"""Head starts: a clip may be prepared before its turn comes, once, and it harms nobody when that does not come."""

import asyncio

import pytest

from bot.relay.carry import Carrier
from bot.relay.clips import Clips
from bot.relay.errors import Later
from bot.relay.model import Clip, Delivery, DeliveryId, Share
from bot.relay.starts import HeadStarts
from tests.fakes import CHAT, FakeAudio, clip, share
from tests.relay.conftest import World


def clips_of(world: World, *, ahead: int) -> Clips:
    carrier = Carrier(world.slack, world.linq, FakeAudio(), spool_folder=world.folder, ahead=ahead)
    return Clips(world.memory, world.linq, carrier, now=world.clock, patience=world.patience)


class Work:
    """Preparing, as slow as the test wants it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.under_way = 0
        self.gate = asyncio.Event()

    async def prepare(self, delivery: Delivery) -> str:
        self.begun.append(delivery.id)
        self.under_way += 1
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        return f"made of {delivery.id}"

    def starts(self, ahead: int = 1) -> HeadStarts[str]:
        return HeadStarts(self.prepare, ahead=ahead, unclaimed_s=0)


def delivery(name: str) -> Delivery:
    return Delivery(DeliveryId(name), share().post, clip(), 1.0)


async def turns() -> None:
    """Whatever can go on without anything from outside has done so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_clip_is_prepared_before_its_turn_comes_and_only_once(world: World) -> None:
    clips = clips_of(world, ahead=1)
    await clips.accept(share())
    await turns()
    assert (world.slack.opened, len(world.linq.uploads), world.linq.sent) == (1, 1, [])
    await clips.work(CHAT)
    assert (world.slack.opened, len(world.linq.created), len(world.linq.sent)) == (1, 1, 1)
    assert world.slack.left_open == 0


async def test_a_clip_that_was_taken_before_gets_no_head_start(world: World) -> None:
    clips = clips_of(world, ahead=9)
    await clips.accept(share())
    await clips.accept(share())
    await turns()
    assert world.slack.opened == 1


async def test_a_process_that_only_accepts_gives_no_head_start(world: World) -> None:
    await clips_of(world, ahead=0).accept(share())
    await turns()
    assert (world.slack.opened, world.linq.created) == (0, [])


async def test_a_given_url_needs_no_head_start(world: World) -> None:
    given = Clip("", "memo.m4a", given_url="https://files.example/memo.m4a")
    await clips_of(world, ahead=1).accept(Share(share().post, (given,), asked_at=1.0))
    await turns()
    assert world.slack.opened == 0


async def test_a_head_start_that_failed_tells_its_claimant_why(world: World) -> None:
    world.slack.trouble["download"] = [Later("Slack is away.")]
    clips = clips_of(world, ahead=1)
    await clips.accept(share())
    await turns()
    with pytest.raises(Later, match="Slack is away"):
        await clips.work(CHAT)


async def test_who_has_enough_to_do_gives_no_head_start() -> None:
    work = Work()
    starts = work.starts()
    busy = asyncio.ensure_future(starts.claim(delivery("D1")))
    await turns()
    starts.begin(delivery("D2"))
    await turns()
    assert work.begun == ["D1"]
    work.gate.set()
    assert await busy == "made of D1"
    starts.begin(delivery("D3"))
    await turns()
    assert work.begun == ["D1", "D3"]


async def test_a_head_start_that_nobody_claims_is_dropped_and_makes_room() -> None:
    work = Work()
    starts = work.starts()
    starts.begin(delivery("D1"))
    await turns()
    assert (work.begun, work.under_way) == (["D1"], 0)
    starts.begin(delivery("D2"))
    await turns()
    assert work.begun == ["D1", "D2"]


async def test_who_loses_patience_with_a_head_start_ends_it() -> None:
    work = Work()
    starts = HeadStarts(work.prepare, ahead=1)
    starts.begin(delivery("D1"))
    await turns()
    waiting = asyncio.ensure_future(starts.claim(delivery("D1")))
    waiting.cancel()
    await turns()
    assert work.under_way == 0
