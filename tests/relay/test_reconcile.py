"""Reconciling a send whose answer is missing: repeat, look, or let a person decide; never send blindly, never block."""

from datetime import timedelta

import pytest

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.ids import DeliveryId
from bot.relay.model import DeliveryState, Message, Status
from bot.relay.parts import Edit, Reaction, Text
from bot.relay.ports.networks import Settlement
from bot.relay.reconcile import PROBABLY_ARRIVED
from bot.relay.rooms import LinkSettings, Mode
from tests.fakes import CHAT, heard, public_voice, said, voice
from tests.relay.world import World

GONE = RetryLater("The database cannot be reached.")
EVERY_KIND = pytest.mark.parametrize("kind", list(Settlement))
MINUTE = timedelta(minutes=1)


async def send_one(world: World, kind: Settlement = Settlement.FIND_OR_ASK) -> DeliveryId:
    world.chats.sender.kind = kind
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    return delivery


@EVERY_KIND
async def test_lost_answer_is_settled_and_nothing_is_sent_twice(world: World, kind: Settlement) -> None:
    world.chats.sender.lose_answers = 1
    delivery = await send_one(world, kind)
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == 1


@pytest.mark.parametrize("kind", [Settlement.REPEAT, Settlement.FIND_OR_REPEAT])
async def test_lost_request_is_sent_again_where_that_is_safe(world: World, kind: Settlement) -> None:
    world.chats.sender.lose_requests = 1
    delivery = await send_one(world, kind)
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == 1


async def test_repeated_send_uses_what_was_uploaded_before(world: World) -> None:
    world.chats.sender.lose_requests = 2
    await send_one(world, Settlement.REPEAT)
    assert len(world.chats.media.created) == 1


async def test_search_before_a_repeat_gives_the_target_time_to_list_it(world: World) -> None:
    world.chats.sender.lose_requests = 1
    await send_one(world, Settlement.FIND_OR_REPEAT)
    assert timedelta(seconds=9) < world.passed < MINUTE


async def test_lost_request_that_nothing_can_prove_ends_unconfirmed(world: World) -> None:
    world.chats.sender.lose_requests = 1
    delivery = await send_one(world)
    assert await world.status(delivery) is Status.UNCONFIRMED
    assert timedelta(minutes=1, seconds=59) < world.passed < timedelta(minutes=3)
    assert world.chats.sender.sent == []


async def test_message_that_is_never_listed_ends_unconfirmed(world: World) -> None:
    world.chats.sender.lose_answers, world.chats.sender.lists_messages = 1, False
    delivery = await send_one(world)
    assert await world.status(delivery) is Status.UNCONFIRMED
    assert len(world.chats.sender.sent) == 1


async def test_search_is_frequent_at_first_and_then_rarer(world: World) -> None:
    world.chats.sender.lose_answers, world.chats.sender.lists_messages = 1, False
    await world.deliveries.accept(said())
    waits = []
    for _ in range(6):
        await world.deliveries.send_next(CHAT)
        [row] = world.execute("SELECT extract(epoch FROM retry_at - now())::float AS wait FROM deliveries")
        waits.append(row["wait"])
        world.pass_by(timedelta(seconds=row["wait"] + 0.1))
    assert waits == [pytest.approx(wait, abs=0.9) for wait in (1, 2, 4, 8, 15, 15)]


async def test_search_waits_as_long_as_the_network_says(world: World) -> None:
    world.chats.sender.lose_answers = 1
    world.chats.sender.trouble["find"] = [RetryLater("Rate limited.", after=timedelta(seconds=50))]
    delivery = await send_one(world)
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert timedelta(seconds=49) < world.passed < timedelta(seconds=70)


@pytest.mark.parametrize(
    "error",
    [Refused("The chat is not known any more.", code="2001"), RetryLater("It is down."), OutcomeUnknown("Lost again.")],
    ids=["refused", "retry later", "unknown"],
)
async def test_search_that_keeps_failing_ends_unconfirmed_with_the_reason(world: World, error: Exception) -> None:
    """Called failed it would be sent again without a second thought; searched for without end it blocks its room."""
    world.chats.sender.lose_answers = 1
    world.chats.sender.trouble["find"] = [error] * 100  # type: ignore[list-item]
    first, second = await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.run()
    row = await world.row(first)
    assert (row.state, str(error) in row.reason) == (DeliveryState.UNCONFIRMED, True)
    assert (await world.row(second)).state is DeliveryState.RECORDED


async def test_fault_of_our_own_in_the_search_ends_unconfirmed_too(world: World) -> None:
    world.chats.sender.lose_answers = 1
    world.chats.sender.trouble["find"] = [KeyError("a fault in find")] * 100  # type: ignore[list-item]
    delivery = await send_one(world)
    assert await world.status(delivery) is Status.UNCONFIRMED
    assert world.passed < timedelta(minutes=3)


async def test_search_may_fail_for_hours_where_a_repeat_is_safe(world: World) -> None:
    world.chats.sender.lose_requests = 1
    world.chats.sender.trouble["find"] = [RetryLater("It is down.", after=timedelta(minutes=20)) for _ in range(9)]
    delivery = await send_one(world, Settlement.FIND_OR_REPEAT)
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert world.passed > timedelta(hours=2)


async def test_repeat_that_keeps_failing_ends_unconfirmed(world: World) -> None:
    world.chats.sender.lose_requests = 1

    async def break_down() -> None:
        world.chats.sender.trouble["send"] = [RetryLater("It is down.", after=timedelta(hours=5))] * 100

    world.chats.sender.meanwhile = [_nothing(), break_down()]
    delivery = await send_one(world, Settlement.REPEAT)
    assert await world.status(delivery) is Status.UNCONFIRMED
    assert timedelta(hours=35) < world.passed < timedelta(hours=48)


async def test_repeat_that_is_refused_says_nothing_of_the_first_send(world: World) -> None:
    world.chats.sender.lose_answers = 1

    async def opt_out() -> None:
        world.chats.sender.trouble["send"] = [Refused("The recipient opted out.", code="2024")]

    world.chats.sender.meanwhile = [_nothing(), opt_out()]
    delivery = await send_one(world, Settlement.REPEAT)
    row = await world.row(delivery)
    assert (row.state, "opted out" in row.reason) == (DeliveryState.UNCONFIRMED, True)


async def test_message_found_for_another_delivery_settles_nothing(world: World) -> None:
    """The same public address twice: by that alone, the first one's message is found for both."""
    await world.deliveries.accept(said("1", public_voice(), command="T1"))
    await world.run()
    world.chats.sender.lose_requests = 1
    [second] = await world.deliveries.accept(said("1", public_voice(), command="T2"))
    await world.run()
    assert await world.status(second) is Status.UNCONFIRMED


@EVERY_KIND
async def test_database_that_fails_after_the_send_does_not_make_it_unsent(world: World, kind: Settlement) -> None:
    world.store.trouble["record"] = [GONE]
    delivery = await send_one(world, kind)
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == 1


@EVERY_KIND
async def test_database_that_fails_when_it_was_found_does_not_make_it_unsent(world: World, kind: Settlement) -> None:
    world.chats.sender.lose_answers, world.store.trouble["record"] = 1, [GONE]
    delivery = await send_one(world, kind)
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == 1


async def test_database_that_fails_when_the_search_ends_does_not_make_it_unsent(world: World) -> None:
    world.chats.sender.lose_answers, world.chats.sender.lists_messages = 1, False
    world.store.trouble["close"] = [GONE]
    delivery = await send_one(world)
    assert await world.status(delivery) is Status.UNCONFIRMED
    assert len(world.chats.sender.sent) == 1


@EVERY_KIND
async def test_fault_of_our_own_after_the_send_does_not_make_it_unsent(world: World, kind: Settlement) -> None:
    world.store.trouble["record"] = [KeyError("a fault in record")]
    delivery = await send_one(world, kind)
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == 1


@EVERY_KIND
async def test_fault_of_our_own_in_the_send_does_not_make_it_unsent(world: World, kind: Settlement) -> None:
    """As an answer that nobody foresaw: the message was taken before it was read."""
    world.chats.sender.breaks = 1
    delivery = await send_one(world, kind)
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == 1


async def test_intent_found_after_a_crash_is_reconciled_before_anything_is_sent(world: World) -> None:
    """What a process finds that starts after another was killed between intent and record."""
    [delivery] = await world.deliveries.accept(said())
    claim = await world.database.deliveries.claim(CHAT)
    assert claim is not None
    await world.database.deliveries.mark_sending(delivery, claim.delivery.fence, ())
    await world.run()
    assert world.chats.sender.sent == []
    assert await world.status(delivery) is Status.UNCONFIRMED


async def change_of(world: World, kind: str) -> Message:
    """A reaction to what the contact said, or an edit of a text that they have."""
    await world.link(settings=LinkSettings(mode=Mode.CONVERSATION))
    await world.deliveries.accept(heard("1", Text("t", "Hello")))
    await world.deliveries.accept(said("1", Text("t", "Old")))
    await world.run()
    world.chats.sender.kind = Settlement.REPEAT
    if kind == "edit":
        return said("2", Edit("t", "New"), about=said("1").id)
    return said("2", Reaction("r", "👍"), about=world.team.sender.message(1))


@pytest.mark.parametrize("kind", ["reaction", "edit"])
async def test_change_waits_until_a_sleeping_process_makes_it_no_more(world: World, kind: str) -> None:
    """It would wake and make it once more, after a later change."""
    await world.deliveries.accept(await change_of(world, kind))
    claim = await world.database.deliveries.claim(CHAT)
    assert claim is not None
    await world.database.deliveries.mark_sending(claim.delivery.id, claim.delivery.fence, ())
    await world.run(during=timedelta(seconds=30))
    assert len(world.chats.sender.sent) == 1
    await world.run(during=timedelta(seconds=10))
    assert len(world.chats.sender.sent) == 2


@pytest.mark.parametrize("kind", ["reaction", "edit"])
async def test_change_whose_answer_was_lost_is_repeated_at_once(world: World, kind: str) -> None:
    change = await change_of(world, kind)
    world.chats.sender.lose_requests = 1
    await world.deliveries.accept(change)
    await world.run(during=timedelta(seconds=5))
    assert len(world.chats.sender.sent) == 2


async def test_delivery_in_search_keeps_its_place_in_the_room(world: World) -> None:
    world.chats.sender.lose_answers, world.chats.sender.lists_messages = 1, False
    await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.run(during=MINUTE)
    assert world.sent_names == ["a.m4a"]
    world.chats.sender.lists_messages = True
    await world.run()
    assert world.sent_names == ["a.m4a", "b.m4a"]


async def test_lent_recording_is_found_by_its_unique_name(lending_world: World) -> None:
    lending_world.chats.sender.lose_answers = 1
    delivery = await send_one(lending_world)
    assert (await lending_world.row(delivery)).state is DeliveryState.RECORDED
    assert len(lending_world.chats.sender.sent) == 1


async def test_unconfirmed_says_whether_the_audio_was_fetched(lending_world: World) -> None:
    lending_world.chats.sender.lose_requests = 1
    [delivery] = await lending_world.deliveries.accept(said())
    await lending_world.do_jobs()
    await lending_world.database.deliveries.mark_fetched(delivery)
    await lending_world.run()
    assert await lending_world.status(delivery) is Status.UNCONFIRMED
    assert (await lending_world.row(delivery)).reason == PROBABLY_ARRIVED


async def test_lost_answer_of_a_reply_repeats_the_whole_reply(world: World) -> None:
    """What a repeat sends must be what was sent before, or the target would not recognise it."""
    world.chats.sender.kind = Settlement.REPEAT
    await world.deliveries.accept(said("1", Text("t", "First"), command="T1"))
    await world.run()
    world.chats.sender.lose_requests = 1
    [reply] = await world.deliveries.accept(said("2", Text("t", "Second"), command="T2", about=said("1").id))
    await world.run()
    assert (await world.row(reply)).state is DeliveryState.RECORDED
    assert world.chats.sender.sent[-1].about == world.chats.sender.message(1)


async def _nothing() -> None:
    """What happens while the first send is under way."""
