"""Resend and "it arrived": the only ways in which a person changes what becomes of a delivery."""

import pytest

from bot.relay.errors import OutcomeUnknown, Refused
from bot.relay.model import DeliveryId, DeliveryState, Link, Status, UserId
from tests.fakes import ANN, CHANNEL, CHAT, OTHER_CHAT, share
from tests.relay.conftest import World

BEN = UserId("U0BEN")


async def unconfirmed(world: World) -> DeliveryId:
    world.linq.trouble["send"] = [OutcomeUnknown("lost")]
    [delivery] = await world.clips.accept(share())
    await world.run()
    return delivery


async def test_resend_makes_a_delivery_of_its_own_with_a_fresh_attachment(world: World) -> None:
    old = await unconfirmed(world)
    new = await world.wishes.resend(old, by=ANN)
    await world.run()
    assert world.status(new) is Status.QUEUED
    assert world.row(new).attachment not in (None, world.row(old).attachment)
    assert len(world.linq.sent) == 1


async def test_pressing_resend_twice_is_one_wish(world: World) -> None:
    old = await unconfirmed(world)
    assert await world.wishes.resend(old, by=ANN) == await world.wishes.resend(old, by=ANN)
    await world.run()
    assert len(world.linq.sent) == 1


async def test_two_people_who_press_resend_have_one_wish(world: World) -> None:
    old = await unconfirmed(world)
    assert await world.wishes.resend(old, by=ANN) == await world.wishes.resend(old, by=BEN)
    await world.run()
    assert len(world.linq.sent) == 1


async def test_a_cancelled_one_can_be_sent_after_all(world: World) -> None:
    [old] = await world.clips.accept(share())
    await world.clips.withdraw(CHANNEL, share().post.message_ts)
    new = await world.wishes.resend(old, by=ANN)
    await world.run()
    assert world.row(new).step is DeliveryState.RECORDED


async def test_what_is_sent_again_goes_into_its_own_chat_wherever_the_channel_is_linked_now(world: World) -> None:
    old = await unconfirmed(world)
    world.memory.links[CHANNEL] = Link(CHANNEL, OTHER_CHAT)
    await world.wishes.resend(old, by=ANN)
    await world.run()
    assert [chat for chat, _, _ in world.linq.sent] == [CHAT]


async def test_what_is_sent_again_overtakes_nothing_that_was_dropped_before_somebody_asked(world: World) -> None:
    old = await unconfirmed(world)
    again = await world.wishes.resend(old, by=ANN)
    [dropped] = await world.clips.accept(share("1790000009.0"))
    await world.run()
    assert [sent for _, sent, _ in world.linq.sent] == [world.row(dropped).attachment, world.row(again).attachment]


async def test_whoever_asked_for_it_again_is_told_when_it_fails(world: World) -> None:
    old = await unconfirmed(world)
    assert world.row(await world.wishes.resend(old, by=BEN)).post.user == BEN


async def test_clips_sent_again_keep_their_places_among_those_of_their_message(world: World) -> None:
    world.linq.trouble["send"] = [Refused("No.")] * 3
    first, _, last = await world.clips.accept(share("1790000001.0", "a.m4a", "b.m4a", "c.m4a"))
    await world.run()
    for failed in (first, last):
        await world.wishes.resend(failed, by=ANN)
    await world.run()
    assert world.slack.edits[-1] == "a.m4a queued, b.m4a failed, c.m4a queued"


async def test_what_is_on_its_way_cannot_be_resent(world: World) -> None:
    [delivery] = await world.clips.accept(share())
    with pytest.raises(Refused, match="queued"):
        await world.wishes.resend(delivery, by=ANN)


async def test_the_notice_shows_the_resent_clip_in_place_of_the_old_one(world: World) -> None:
    old = await unconfirmed(world)
    await world.wishes.resend(old, by=ANN)
    await world.run()
    assert world.slack.edits[-1] == "memo.m4a queued"


async def test_it_arrived_settles_an_unconfirmed_delivery_as_sent(world: World) -> None:
    delivery = await unconfirmed(world)
    await world.wishes.arrived(delivery, by=ANN)
    assert world.status(delivery) is Status.SENT


async def test_it_arrived_says_nothing_about_a_failed_one(world: World) -> None:
    world.linq.trouble["send"] = [Refused("No.")]
    [delivery] = await world.clips.accept(share())
    await world.run()
    with pytest.raises(Refused, match="failed"):
        await world.wishes.arrived(delivery, by=ANN)


async def test_resending_a_message_takes_only_what_failed(world: World) -> None:
    world.linq.trouble["send"] = [Refused("No.")]
    await world.clips.accept(share("1790000001.0", "a.m4a", "b.m4a"))
    await world.run()
    assert await world.wishes.resend_message(CHANNEL, "1790000001.0", by=ANN) == 1


async def test_resending_a_message_without_failures_is_refused(world: World) -> None:
    await world.clips.accept(share("1790000001.0"))
    with pytest.raises(Refused, match="nothing to send again"):
        await world.wishes.resend_message(CHANNEL, "1790000001.0", by=ANN)


async def test_what_was_taken_out_of_a_message_is_not_sent_again_with_the_rest_of_it(world: World) -> None:
    world.linq.trouble["send"] = [Refused("No.")]
    await world.clips.accept(share("1790000001.0", "kept.m4a", "gone.m4a"))
    await world.clips.withdraw(CHANNEL, "1790000001.0", ["F0kept.m4a"])
    await world.run()
    assert await world.wishes.resend_message(CHANNEL, "1790000001.0", by=ANN) == 1
