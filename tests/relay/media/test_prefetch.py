"""Head starts: a clip may be prepared before its turn comes, once, and it harms nobody when that does not come."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
from bot.relay.backpressure import FEW, IngressGate

from bot.relay.deliveries import DeliveryService
from bot.relay.errors import RetryLater
from bot.relay.links import Links
from bot.relay.media.prefetch import Prefetcher
from bot.relay.media.transfer import MediaTransfer
from bot.relay.model import Clip, Delivery, DeliveryId, Share
from tests.fakes import CHANNEL, CHAT, FakeAudio, clip, share
from tests.relay.conftest import World


def clips_of(world: World, *, ahead: int) -> DeliveryService:
    carrier = MediaTransfer(world.slack, world.linq, FakeAudio(), spool_folder=world.folder, ahead=ahead)
    return DeliveryService(world.memory, world.linq, carrier, now=world.clock, patience=world.patience)


class SendNext:
    """Preparing, as slow as the test wants it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.uploaded: list[str] = []
        self.under_way = 0
        self.gate = asyncio.Event()

    async def prepare(self, delivery: Delivery, stored: asyncio.Event) -> str:
        self.begun.append(delivery.id)
        self.under_way += 1
        try:
            await stored.wait()
            self.uploaded.append(delivery.id)
            await self.gate.wait()
        finally:
            self.under_way -= 1
        return f"made of {delivery.id}"

    def starts(self, ahead: int = 1, unclaimed_s: float = 0, rush: IngressGate | None = None) -> Prefetcher[str]:
        return Prefetcher(self.prepare, ahead=ahead, rush=rush, unclaimed_s=unclaimed_s)


class Storing:
    """A store that answers when it is told to."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[list[DeliveryId]] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[Any, None, list[DeliveryId]]:
        return self.answer.__await__()


async def stored(starts: Prefetcher[str], *deliveries: Delivery) -> None:
    """They are new, and stored at once."""
    storing = Storing()
    storing.answer.set_result([each.id for each in deliveries])
    await starts.beside(storing, deliveries)


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


async def test_a_clip_is_prepared_while_an_older_one_of_its_chat_is_still_to_be_sent(world: World) -> None:
    clips = clips_of(world, ahead=9)
    await clips.accept(share("1.1"))
    await clips.accept(share("2.1"))
    await turns()
    assert (world.slack.opened, len(world.linq.uploads), world.linq.sent) == (2, 2, [])
    await clips.work(CHAT)
    await clips.work(CHAT)
    assert (world.slack.opened, len(world.linq.created), len(world.linq.sent)) == (2, 2, 2)


async def test_a_clip_that_was_taken_before_gets_no_head_start(world: World) -> None:
    clips = clips_of(world, ahead=9)
    await clips.accept(share())
    await clips.accept(share())
    await turns()
    assert world.slack.opened == 1


async def test_a_clip_of_a_channel_that_is_not_linked_is_never_opened(world: World) -> None:
    world.unlink()
    await clips_of(world, ahead=9).accept(share())
    await turns()
    assert (world.slack.opened, world.linq.created) == (0, [])


async def test_a_process_that_only_accepts_gives_no_head_start(world: World) -> None:
    await clips_of(world, ahead=0).accept(share())
    await turns()
    assert (world.slack.opened, world.linq.created) == (0, [])


async def test_a_given_url_needs_no_head_start(world: World) -> None:
    given = Clip("", "memo.m4a", given_url="https://files.example/memo.m4a")
    await clips_of(world, ahead=1).accept(Share(share().post, (given,), asked_at=1.0))
    await turns()
    assert world.slack.opened == 0


async def test_storing_goes_ahead_of_preparing() -> None:
    happened: list[str] = []

    async def write() -> list[DeliveryId]:
        happened.append("written")
        await turns()
        return []

    async def store() -> list[DeliveryId]:
        return await asyncio.create_task(write())  # a task of its own, as the group writer's is

    async def prepare(_: Delivery, stored: asyncio.Event) -> str:
        happened.append("begun")
        await stored.wait()
        return ""

    starts: Prefetcher[str] = Prefetcher(prepare, ahead=1)
    starts.know([CHANNEL])
    await starts.beside(store(), [delivery("D1")])
    assert happened == ["written", "begun"]


async def test_in_a_rush_at_the_door_nothing_gets_a_head_start() -> None:
    work, storing = SendNext(), Storing()
    starts = work.starts(ahead=9, rush=IngressGate(clock=lambda: 0.0))
    drops = [delivery(f"D{number}") for number in range(FEW + 1)]
    accepting = [asyncio.ensure_future(starts.beside(storing, [drop])) for drop in drops]
    await turns()
    storing.answer.set_result([drop.id for drop in drops])
    await asyncio.gather(*accepting)
    await turns()
    assert work.begun == []


async def test_a_head_start_that_failed_tells_its_claimant_why(world: World) -> None:
    world.slack.trouble["download"] = [RetryLater("Slack is away.")]
    clips = clips_of(world, ahead=1)
    await clips.accept(share())
    await turns()
    with pytest.raises(RetryLater, match="Slack is away"):
        await clips.work(CHAT)


async def test_who_has_enough_to_do_gives_no_head_start() -> None:
    work = SendNext()
    starts = work.starts()
    busy = asyncio.ensure_future(starts.claim(delivery("D1")))
    await turns()
    await stored(starts, delivery("D2"))
    await turns()
    assert work.begun == ["D1"]
    work.gate.set()
    assert await busy == "made of D1"
    await stored(starts, delivery("D3"))
    await turns()
    assert work.begun == ["D1", "D3"]


async def test_who_has_more_than_enough_to_do_gives_no_head_start_either() -> None:
    work = SendNext()
    starts = work.starts()
    busy = [asyncio.ensure_future(starts.claim(delivery(name))) for name in ("D1", "D2")]
    await turns()
    await stored(starts, delivery("D3"), delivery("D4"))
    await turns()
    assert work.begun == ["D1", "D2"]
    work.gate.set()
    await asyncio.gather(*busy)


async def test_a_head_start_that_nobody_claims_is_dropped_and_makes_room() -> None:
    work = SendNext()
    starts = work.starts()
    await stored(starts, delivery("D1"))
    await turns()
    assert (work.begun, work.under_way) == (["D1"], 0)
    await stored(starts, delivery("D2"))
    await turns()
    assert work.begun == ["D1", "D2"]


async def test_who_loses_patience_with_a_head_start_ends_it() -> None:
    work = SendNext()
    starts = work.starts(unclaimed_s=60)
    await stored(starts, delivery("D1"))
    await turns()
    waiting = asyncio.ensure_future(starts.claim(delivery("D1")))
    waiting.cancel()
    await turns()
    assert work.under_way == 0


async def test_in_a_channel_known_to_be_linked_a_clip_is_prepared_while_it_is_stored_but_no_byte_leaves() -> None:
    work, storing = SendNext(), Storing()
    starts = work.starts(unclaimed_s=60)
    starts.know([CHANNEL])
    accepting = asyncio.ensure_future(starts.beside(storing, [delivery("D1")]))
    await turns()
    assert (work.begun, work.uploaded) == (["D1"], [])
    storing.answer.set_result([DeliveryId("D1")])
    assert await accepting == ["D1"]
    await turns()
    assert (work.begun, work.uploaded) == (["D1"], ["D1"])


async def test_where_nothing_is_known_of_a_channel_nothing_is_done_before_the_clip_is_stored() -> None:
    work, storing = SendNext(), Storing()
    starts = work.starts(unclaimed_s=60)
    accepting = asyncio.ensure_future(starts.beside(storing, [delivery("D1")]))
    await turns()
    assert work.begun == []
    storing.answer.set_result([DeliveryId("D1")])
    await accepting
    await turns()
    assert work.begun == ["D1"]


@pytest.mark.parametrize("error", [None, RetryLater("The database is away.")])
async def test_what_was_begun_for_a_clip_that_is_not_taken_ends(error: RetryLater | None) -> None:
    """The channel is not linked any more, the clip is known, or the database is away."""
    work, storing = SendNext(), Storing()
    starts = work.starts(unclaimed_s=60)
    starts.know([CHANNEL])
    accepting = asyncio.ensure_future(starts.beside(storing, [delivery("D1")]))
    await turns()
    if error:
        storing.answer.set_exception(error)
    else:
        storing.answer.set_result([])
    await asyncio.wait([accepting])
    await turns()
    assert (work.begun, work.uploaded, work.under_way) == (["D1"], [], 0)
    assert accepting.exception() is error


async def test_a_channel_from_which_nothing_was_taken_is_not_known_to_be_linked_any_more() -> None:
    work = SendNext()
    starts = work.starts(ahead=9, unclaimed_s=60)
    starts.know([CHANNEL])
    for name in ("D1", "D2"):
        storing = Storing()
        accepting = asyncio.ensure_future(starts.beside(storing, [delivery(name)]))
        await turns()
        storing.answer.set_result([])
        await accepting
    assert work.begun == ["D1"]


async def test_a_clip_that_is_told_of_twice_at_once_is_prepared_once() -> None:
    work, storing = SendNext(), Storing()
    starts = work.starts(ahead=9, unclaimed_s=60)
    starts.know([CHANNEL])
    accepting = [asyncio.ensure_future(starts.beside(storing, [delivery("D1")])) for _ in range(2)]
    await turns()
    assert work.begun == ["D1"]
    storing.answer.set_result([DeliveryId("D1")])
    await asyncio.gather(*accepting)


async def test_a_clip_that_is_told_of_twice_keeps_its_head_start() -> None:
    work = SendNext()
    starts = work.starts(ahead=9, unclaimed_s=60)
    await stored(starts, delivery("D1"))
    again = Storing()
    again.answer.set_result([])
    await starts.beside(again, [delivery("D1")])
    await turns()
    assert (work.begun, work.under_way) == (["D1"], 1)
    work.gate.set()
    assert await starts.claim(delivery("D1")) == "made of D1"


async def test_who_claims_a_head_start_need_not_wait_for_news_that_it_was_stored() -> None:
    """It is: else nobody could claim it. The news may never come, when the connection broke just after the commit."""
    work, storing = SendNext(), Storing()
    starts = work.starts(unclaimed_s=60)
    starts.know([CHANNEL])
    accepting = asyncio.ensure_future(starts.beside(storing, [delivery("D1")]))
    await turns()
    claiming = asyncio.ensure_future(starts.claim(delivery("D1")))
    storing.answer.set_exception(RetryLater("The database is away."))
    await asyncio.wait([accepting])
    work.gate.set()
    await turns()
    assert claiming.done()
    assert await claiming == "made of D1"
    assert isinstance(accepting.exception(), RetryLater)


async def test_a_channel_that_is_unlinked_is_not_known_any_more(world: World) -> None:
    work = SendNext()
    starts = work.starts()
    starts.know([CHANNEL])
    links = Links(world.memory, world.slack, world.linq, parted=starts.forget)
    await links.part(CHANNEL)
    storing = Storing()
    accepting = asyncio.ensure_future(starts.beside(storing, [delivery("D1")]))
    await turns()
    assert work.begun == []
    accepting.cancel()


async def test_a_clip_that_is_not_stored_yet_is_opened_and_announced_to_linq_but_not_uploaded(world: World) -> None:
    carrier = MediaTransfer(world.slack, world.linq, FakeAudio(), spool_folder=world.folder, ahead=1)
    carrier.head_starts.know([CHANNEL])
    storing, one = Storing(), delivery("D1")
    accepting = asyncio.ensure_future(carrier.head_starts.beside(storing, [one]))
    await turns()
    assert (world.slack.opened, len(world.linq.created), world.linq.uploads) == (1, 1, {})
    storing.answer.set_result([one.id])
    await accepting
    prepared = await carrier.prepare(one)
    assert list(world.linq.uploads) == [prepared.attachment]
