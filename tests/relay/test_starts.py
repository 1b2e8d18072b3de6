"""Head starts: the first calls for a clip need not wait for its turn, and cost nothing when it does not come."""

import asyncio

from bot.relay.carry import Carrier
from bot.relay.clips import Clips
from bot.relay.errors import Later, RelayError
from bot.relay.model import Clip, Delivery, DeliveryId, Share
from bot.relay.starts import Start, Starts
from tests.fakes import CHAT, FakeAudio, clip, share
from tests.relay.conftest import World

HERE = DeliveryId("D1")


def clips_of(world: World, *, ahead: int) -> Clips:
    carrier = Carrier(world.slack, world.linq, FakeAudio(), spool_folder=world.folder, ahead=ahead)
    return Clips(world.memory, world.linq, carrier, now=world.clock, patience=world.patience)


def starts_of(world: World, *, ahead: int = 1) -> Starts:
    async def nothing() -> None: ...

    def make(of: Clip) -> Start:
        return Start(world.slack, of, asyncio.ensure_future(nothing()))

    return Starts(make, ahead=ahead, unclaimed_s=0)


def delivery(name: str = HERE, of: Clip | None = None) -> Delivery:
    return Delivery(DeliveryId(name), share().post, of or clip(), 1.0)


async def turns() -> None:
    """Whatever can go on without anything from outside has done so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_download_is_open_and_an_attachment_made_before_the_clips_turn_comes(world: World) -> None:
    clips = clips_of(world, ahead=1)
    await clips.accept(share())
    await turns()
    assert (world.slack.opened, len(world.linq.created), world.linq.uploads) == (1, 1, {})
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


async def test_who_has_enough_to_do_gives_no_head_start(world: World) -> None:
    starts = starts_of(world)
    busy = starts.claim(delivery())
    starts.begin(delivery("D2"))
    await turns()
    assert world.slack.opened == 1
    await starts.end(busy)
    starts.begin(delivery("D3"))
    await turns()
    assert world.slack.opened == 2


async def test_a_head_start_that_nobody_claims_is_dropped_and_makes_room(world: World) -> None:
    starts = starts_of(world)
    starts.begin(delivery())
    await turns()
    assert (world.slack.opened, world.slack.left_open) == (1, 0)
    starts.begin(delivery("D2"))
    await turns()
    assert world.slack.opened == 2


async def test_a_head_start_that_failed_tells_its_claimant_why(world: World) -> None:
    world.slack.trouble["download"] = [Later("Slack is away.")]
    clips = clips_of(world, ahead=1)
    await clips.accept(share())
    await turns()
    told: list[RelayError] = []
    try:
        await clips.work(CHAT)
    except RelayError as error:
        told.append(error)
    assert [error.reason for error in told] == ["Slack is away."]


async def test_a_failed_head_start_that_nobody_claims_is_forgotten(world: World) -> None:
    world.slack.trouble["download"] = [Later("Slack is away.")]
    starts = starts_of(world)
    starts.begin(delivery())
    await turns()
    await starts.end(starts.claim(delivery()))
    assert (world.slack.opened, world.slack.left_open) == (0, 0)
