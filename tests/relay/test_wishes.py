"""Resend and "it arrived": the only ways in which a person changes what becomes of a delivery."""

import pytest

from bot.relay.errors import Refused, Unknown
from bot.relay.model import DeliveryId, Status
from tests.fakes import ANN, CHANNEL, share
from tests.relay.conftest import World


async def unconfirmed(world: World) -> DeliveryId:
    world.linq.trouble["send"] = [Unknown("lost")]
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
