"""Resend, send now, cancel, "it arrived": the only ways in which a person changes what becomes of a delivery."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.relay.errors import OutcomeUnknown, Refused
from bot.relay.holds import NOW
from bot.relay.ids import DeliveryId, PersonId
from bot.relay.model import DeliveryState, Message, Status
from bot.relay.parts import Edit, Text
from bot.relay.rooms import LinkSettings, Membership
from tests.fakes import ANN, BASE, CHANNEL, OTHER_CHAT, heard, said, voice
from tests.relay.world import World

BEN = PersonId("team:T0AAA@U0BEN")
OLD = timedelta(hours=2)


async def unconfirmed(world: World, message: Message | None = None) -> DeliveryId:
    world.chats.sender.trouble["send"] = [OutcomeUnknown("lost")]
    [delivery] = await world.deliveries.accept(message or said())
    await world.run()
    assert await world.status(delivery) is Status.UNCONFIRMED
    return delivery


async def failed(world: World, message: Message | None = None) -> DeliveryId:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    [delivery] = await world.deliveries.accept(message or said())
    await world.run()
    return delivery


async def held(world: World, message: Message | None = None) -> DeliveryId:
    """Found in the history, too old to be sent unasked."""
    world.pass_by(OLD)
    [delivery] = await world.deliveries.accept_found(message or said())
    return delivery


async def test_resend_is_a_delivery_of_its_own_with_a_fresh_upload(world: World) -> None:
    old = await unconfirmed(world)
    new = await world.actions.resend(old, by=ANN)
    await world.run()
    first, second = (await world.row(old)).prepared, (await world.row(new)).prepared
    assert first is not None
    assert second is not None
    assert first[0].media != second[0].media
    assert len(world.chats.sender.sent) == 1


async def test_resend_pressed_twice_is_one(world: World) -> None:
    old = await unconfirmed(world)
    assert await world.actions.resend(old, by=ANN) == await world.actions.resend(old, by=ANN)
    await world.run()
    assert len(world.chats.sender.sent) == 1


async def test_resend_by_two_people_is_one(world: World) -> None:
    old = await unconfirmed(world)
    first, second = await asyncio.gather(*(world.actions.resend(old, by=person) for person in (ANN, BEN)))
    await world.run()
    assert first == second
    assert len(world.chats.sender.sent) == 1


async def test_resend_of_a_cancelled_recording_is_sent_after_all(world: World) -> None:
    [old] = await world.deliveries.accept(said())
    await world.deliveries.withdraw(said().id, [CHANNEL])
    new = await world.actions.resend(old, by=ANN)
    await world.run()
    assert (await world.row(new)).state is DeliveryState.RECORDED


async def test_resend_of_a_failed_text_sends_its_words(world: World) -> None:
    old = await failed(world, said("1", Text("t", "Hello"), command="T1"))
    new = await world.actions.resend(old, by=ANN)
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert (outgoing.delivery.id, outgoing.delivery.parts) == (new, (Text("t", "Hello"),))


async def test_resend_takes_the_words_along(world: World) -> None:
    """They are kept once, and forgotten with the one that was sent last."""
    old = await failed(world, said("1", Text("t", "Hello"), command="T1"))
    await world.actions.resend(old, by=ANN)
    assert (await world.row(old)).parts == (Text("t"),)


async def test_resend_of_a_deleted_text_is_refused(world: World) -> None:
    [old] = await world.deliveries.accept(said("1", Text("t", "Hello"), command="T1"))
    await world.deliveries.withdraw(said().id, [CHANNEL])
    with pytest.raises(Refused, match="Write it again"):
        await world.actions.resend(old, by=ANN)


async def test_resend_of_a_reply_is_a_reply_again(world: World) -> None:
    await world.deliveries.accept(heard())
    await world.run()
    about = world.team.sender.message(1)
    old = await failed(world, said("9", Text("t", "Hello"), about=about, command="T1"))
    await world.actions.resend(old, by=ANN)
    await world.run()
    assert world.chats.sender.sent[-1].about == heard().id


async def test_resend_of_a_failed_edit_changes_the_same_message(world: World) -> None:
    await world.deliveries.accept(said("1", Text("t", "Hello"), command="T1"))
    await world.run()
    old = await failed(world, said("2", Edit("e", "Hallo"), about=said("1").id))
    await world.actions.resend(old, by=ANN)
    await world.run()
    assert world.chats.sender.sent[-1].about == world.chats.sender.message(1)


async def test_resend_is_refused_once_the_room_is_unlinked(world: World) -> None:
    old = await unconfirmed(world)
    await world.links.part(CHANNEL)
    with pytest.raises(Refused, match="not linked"):
        await world.actions.resend(old, by=ANN)


async def test_resend_is_refused_once_the_room_leads_to_somebody_else(world: World) -> None:
    old = await unconfirmed(world)
    await world.links.part(CHANNEL)
    await world.link(CHANNEL, OTHER_CHAT)
    with pytest.raises(Refused, match="meant for somebody else"):
        await world.actions.resend(old, by=ANN)


async def test_resend_is_refused_to_people_who_may_not_send(world: World) -> None:
    old = await unconfirmed(world)
    world.team.directory.memberships[BEN] = Membership.EXTERNAL
    with pytest.raises(Refused, match="members"):
        await world.actions.resend(old, by=BEN)


async def test_resend_by_the_operator_asks_for_no_membership(world: World) -> None:
    old = await unconfirmed(world)
    await world.link(settings=LinkSettings(senders=(BEN,)))
    new = await world.actions.resend(old, by=None)
    assert (await world.row(new)).sender == ANN


async def test_resend_by_the_operator_goes_for_what_the_contact_said_too(world: World) -> None:
    world.team.sender.trouble["send"] = [Refused("No.")]
    [old] = await world.deliveries.accept(heard())
    await world.run()
    await world.actions.resend(old, by=None)
    await world.run()
    assert [outgoing.delivery.parts for outgoing in world.team.sender.sent] == [(Text("0", "Hello."),)]


async def test_resend_overtakes_nothing_that_was_said_before_it(world: World) -> None:
    old = await unconfirmed(world)
    world.pass_by(timedelta(minutes=5))
    await world.actions.resend(old, by=ANN)
    await world.deliveries.accept(said("9", voice("later.m4a")))
    await world.run()
    assert world.sent_names == ["later.m4a", "memo.m4a"]


async def test_resend_belongs_to_who_asked_for_it(world: World) -> None:
    old = await unconfirmed(world)
    assert (await world.row(await world.actions.resend(old, by=BEN))).sender == BEN


async def test_resend_keeps_the_place_among_the_parts_of_the_message(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")] * 3
    first, _, last = await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a"), voice("c.m4a")))
    await world.run()
    for delivery in (first, last):
        await world.actions.resend(delivery, by=ANN)
    await world.run()
    assert world.team.board.edits[-1] == "a.m4a queued, b.m4a failed, c.m4a queued"


async def test_resend_is_shown_in_place_of_the_old_one(world: World) -> None:
    old = await unconfirmed(world)
    await world.actions.resend(old, by=ANN)
    await world.run()
    assert world.team.board.edits[-1] == "memo.m4a queued"


async def test_resend_of_what_is_on_its_way_is_refused(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    with pytest.raises(Refused, match="queued"):
        await world.actions.resend(delivery, by=ANN)


async def test_resend_of_an_unknown_delivery_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="not known"):
        await world.actions.resend(DeliveryId("0" * 20), by=ANN)


async def test_resend_of_a_message_takes_only_what_failed(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.run()
    assert await world.actions.resend_message(said().id, by=ANN) == 1


async def test_resend_of_a_message_leaves_out_its_deleted_parts(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    await world.deliveries.accept(said("1", voice("kept.m4a"), voice("gone.m4a")))
    await world.deliveries.withdraw(said().id, [CHANNEL], ["F0kept.m4a"])
    await world.run()
    assert await world.actions.resend_message(said().id, by=ANN) == 1


async def test_resend_of_a_message_without_failures_is_refused(world: World) -> None:
    await world.deliveries.accept(said())
    with pytest.raises(Refused, match="nothing to send again"):
        await world.actions.resend_message(said().id, by=ANN)


async def test_confirm_settles_an_unconfirmed_delivery_as_sent(world: World) -> None:
    delivery = await unconfirmed(world)
    await world.actions.confirm_delivered(delivery, by=ANN)
    report = await world.report(delivery)
    assert report.status is Status.SENT
    assert report.receipt is not None
    assert report.receipt.confirmed_by == ANN


async def test_confirm_forgets_the_text(world: World) -> None:
    delivery = await unconfirmed(world, said("1", Text("t", "Hello"), command="T1"))
    await world.actions.confirm_delivered(delivery, by=ANN)
    assert (await world.row(delivery)).parts == (Text("t"),)


async def test_confirm_of_a_failed_delivery_is_refused(world: World) -> None:
    delivery = await failed(world)
    with pytest.raises(Refused, match="failed"):
        await world.actions.confirm_delivered(delivery, by=ANN)


async def test_held_delivery_is_not_sent_and_blocks_nobody(world: World) -> None:
    delivery = await held(world)
    await world.deliveries.accept(said("2", voice("next.m4a")))
    await world.run()
    assert await world.status(delivery) is Status.HELD
    assert world.sent_names == ["next.m4a"]


async def test_approve_sends_a_held_delivery(world: World) -> None:
    delivery = await held(world)
    await world.actions.approve(delivery, by=ANN)
    await world.run()
    row = await world.row(delivery)
    assert (row.state, row.reason) == (DeliveryState.RECORDED, "")


async def test_approve_by_two_people_at_once_sends_once(world: World) -> None:
    delivery = await held(world)
    pressed = (world.actions.approve(delivery, by=person) for person in (ANN, BEN))
    await asyncio.gather(*pressed, return_exceptions=True)
    await world.run()
    assert len(world.chats.sender.sent) == 1


async def test_approve_and_dismiss_at_once_are_one_of_the_two(world: World, other_process: World) -> None:
    delivery = await held(world)
    await asyncio.gather(
        world.database.deliveries.approve(delivery, NOW, by=ANN),
        other_process.database.deliveries.dismiss(delivery, by=BEN),
    )
    await world.run()
    is_sent = (await world.row(delivery)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == is_sent
    assert is_sent or await world.status(delivery) is Status.CANCELLED


async def test_dismiss_cancels_a_held_delivery_and_forgets_its_text(world: World) -> None:
    delivery = await held(world, said("1", Text("t", "Hello"), command="T1"))
    await world.actions.dismiss(delivery, by=ANN)
    await world.run()
    assert await world.status(delivery) is Status.CANCELLED
    assert (await world.row(delivery)).parts == (Text("t"),)
    assert world.chats.sender.sent == []


@pytest.mark.parametrize("act", ["approve", "dismiss"])
async def test_held_delivery_is_decided_once(world: World, act: str) -> None:
    delivery = await held(world)
    await world.actions.approve(delivery, by=ANN)
    with pytest.raises(Refused, match="queued already"):
        await getattr(world.actions, act)(delivery, by=ANN)


async def test_dismiss_of_what_was_approved_meanwhile_changes_nothing(world: World) -> None:
    delivery = await held(world)
    await world.database.deliveries.approve(delivery, NOW, by=ANN)
    await world.database.deliveries.dismiss(delivery, by=BEN)
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


@pytest.mark.parametrize("act", ["approve", "dismiss"])
async def test_held_delivery_is_decided_only_by_people_who_may_send(world: World, act: str) -> None:
    delivery = await held(world)
    world.team.directory.memberships[BEN] = Membership.GUEST
    with pytest.raises(Refused, match="members"):
        await getattr(world.actions, act)(delivery, by=BEN)


async def test_held_delivery_is_shown_as_held(world: World) -> None:
    await held(world)
    await world.run()
    assert world.team.board.posts == ["memo.m4a held"]


async def test_delivery_with_a_time_is_held_until_then(world: World) -> None:
    [delivery] = await world.deliveries.accept(replace(heard(), is_ours=True, sent_at=BASE + timedelta(days=9000)))
    assert await world.status(delivery) is Status.HELD
    assert await world.database.deliveries.claim(CHANNEL) is None
    await world.run()
    assert world.team.sender.sent == []
