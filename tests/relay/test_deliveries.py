"""Prepare, send, record: never twice, never lost, in order, and what each kind of failure leads to."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.relay.errors import Refused, Remedy, RetryLater
from bot.relay.ids import MediaRef
from bot.relay.model import DeliveryState, Status
from bot.relay.parts import Media, Text
from tests.fakes import CHANNEL, CHAT, heard, public_voice, said, voice
from tests.relay.world import World


async def test_delivery_is_uploaded_sent_once_and_recorded(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    row = await world.row(delivery)
    assert row.state is DeliveryState.RECORDED
    assert row.prepared is not None
    assert world.chats.media.uploads == {row.prepared[0].media[0]: b"AUDIO-ok!"}
    assert [outgoing.delivery.id for outgoing in world.chats.sender.sent] == [delivery]


async def test_deliveries_of_a_room_are_sent_in_the_order_of_their_messages(world: World) -> None:
    await world.deliveries.accept(said("9", voice("late.m4a")))
    await world.deliveries.accept(said("1", voice("one.m4a"), voice("two.m4a")))
    await world.run()
    assert world.sent_names == ["one.m4a", "two.m4a", "late.m4a"]


async def test_message_waits_for_events_of_its_room_that_have_come(world: World) -> None:
    """Of several requests at once, one on a connection that was open is read before those on new ones."""
    [late] = await world.deliveries.accept(said("9", voice("late.m4a")))
    async with asyncio.TaskGroup() as group, world.order.of(CHANNEL):
        group.create_task(world.run(during=timedelta()))
        while (await world.row(late)).fence == 0:
            pass  # it is not claimed yet
        await world.deliveries.accept(said("1", voice("early.m4a")))
    assert world.sent_names == ["early.m4a", "late.m4a"]


async def test_delivery_refused_by_the_target_fails_with_reason_and_code(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("The recipient opted out.", code="2024", remedy=Remedy.RESEND)]
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    row = await world.row(delivery)
    assert (row.state, row.reason, row.code) == (DeliveryState.FAILED, "The recipient opted out.", "2024")
    assert row.remedy is Remedy.RESEND


async def test_failed_delivery_does_not_stop_the_next_one(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    first, second = await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.run()
    assert await world.status(first) is Status.FAILED
    assert (await world.row(second)).state is DeliveryState.RECORDED


async def test_wait_named_by_the_network_is_kept_with_what_was_uploaded(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=5), code="1007")]
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert timedelta(hours=4, minutes=59) < world.passed < timedelta(hours=6)
    assert len(world.chats.media.created) == 1


async def test_spare_job_leaves_a_waiting_delivery_waiting(world: World) -> None:
    """A later message of the room brings a job of its own, and a restart does."""
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=5), code="1007")]
    await world.deliveries.accept(said("1", voice("first.m4a")))
    await world.do_jobs()
    world.pass_by(timedelta(hours=1))
    await world.deliveries.accept(said("2", voice("second.m4a")))
    await world.do_jobs()
    assert world.sent_names == []
    await world.run()
    assert world.sent_names == ["first.m4a", "second.m4a"]


async def test_wait_of_zero_is_still_a_pause(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta())]
    [delivery] = await world.deliveries.accept(said())
    await world.do_jobs()
    [row] = world.execute("SELECT retry_at > now() - interval '1 minute' AS has_wait FROM deliveries")
    assert row["has_wait"]
    assert (await world.row(delivery)).state is DeliveryState.PREPARED


async def test_waits_named_by_the_network_use_up_no_try(world: World) -> None:
    busy = RetryLater("Rate limited.", after=timedelta(minutes=1), code="2027")
    world.chats.sender.trouble["send"] = [*[busy] * 12, RetryLater("The connection broke.")]
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_trouble_without_end_ends_failed_with_its_reason(world: World) -> None:
    world.team.source.trouble["open"] = [RetryLater("The team's network is down.") for _ in range(100)]
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    row = await world.row(delivery)
    assert row.state is DeliveryState.FAILED
    assert row.reason.startswith("The team's network is down.")
    assert row.remedy is Remedy.RESEND


async def test_named_waits_without_end_end_failed_with_their_code(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=5), code="1007")] * 100
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    row = await world.row(delivery)
    assert (row.state, row.code) == (DeliveryState.FAILED, "1007")
    assert world.passed <= timedelta(hours=36)


async def test_fault_of_our_own_ends_failed_and_lets_the_next_one_pass(world: World) -> None:
    world.team.source.breaks_on = "poison.m4a"
    poisoned, good = await world.deliveries.accept(said("1", voice("poison.m4a"), voice("good.m4a")))
    await world.run()
    row = await world.row(poisoned)
    assert (row.state, "on our side" in row.reason) == (DeliveryState.FAILED, True)
    assert (await world.row(good)).state is DeliveryState.RECORDED


async def test_worker_that_was_overtaken_sends_nothing(world: World) -> None:
    await world.deliveries.accept(said())
    world.store.meanwhile["mark_sending"] = [lambda: world.database.deliveries.claim(CHAT)]
    await world.deliveries.send_next(CHAT)
    assert len(world.chats.sender.sent) == 1  # by the claim that came last, and by no other


async def test_slow_commit_of_the_intent_takes_it_back_and_sends_once(world: World) -> None:
    """A process that was frozen between intent and act: somebody else may have taken the delivery over meanwhile."""

    async def freeze() -> None:
        world.monotonic += 60

    world.store.meanwhile["mark_sending"] = [freeze]
    [delivery] = await world.deliveries.accept(said())
    await world.deliveries.send_next(CHAT)
    assert world.chats.sender.sent == []
    assert (await world.row(delivery)).state is DeliveryState.PREPARED
    await world.run()
    assert len(world.chats.sender.sent) == 1


async def test_process_that_was_frozen_right_before_the_send_does_not_send(world: World) -> None:
    """Others may have looked for the message in vain meanwhile, and sent it again."""

    async def freeze() -> None:
        world.monotonic += 60

    world.chats.sender.meanwhile = [freeze()]
    await world.deliveries.accept(said())
    await world.deliveries.send_next(CHAT)
    assert world.chats.sender.sent == []
    await world.run()
    assert len(world.chats.sender.sent) == 1


async def test_frozen_process_whose_delivery_was_taken_over_does_nothing(world: World) -> None:
    """The other one has found the intent and reconciles: nothing here may take it back."""
    [delivery] = await world.deliveries.accept(said())

    async def freeze() -> None:
        world.monotonic += 60

    async def take_over() -> None:
        await world.database.deliveries.claim(CHAT)

    world.store.meanwhile["mark_sending"] = [freeze]
    world.store.meanwhile["postpone"] = [take_over]
    await world.deliveries.send_next(CHAT)
    assert world.chats.sender.sent == []
    assert (await world.row(delivery)).state is DeliveryState.SENDING


async def test_database_that_fails_before_the_send_loses_nothing(world: World) -> None:
    world.store.trouble["mark_sending"] = [RetryLater("The database cannot be reached.")]
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == 1


async def test_public_address_is_forwarded_and_nothing_is_uploaded(world: World) -> None:
    await world.deliveries.accept(said("1", public_voice(), command="T1"))
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert outgoing.delivery.is_public
    assert (world.chats.media.created, world.team.source.opened) == ([], [])


async def test_public_address_that_cannot_be_fetched_fails_soon(world: World) -> None:
    """Its sender is still there and can name another one, and its room waits behind it."""
    world.chats.sender.trouble["send"] = [RetryLater("The audio cannot be fetched.", code="5002")] * 100
    [delivery] = await world.deliveries.accept(said("1", public_voice(), command="T1"))
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.FAILED
    assert world.passed < timedelta(seconds=30)


async def test_lent_recording_is_sent_as_an_address_and_not_uploaded(lending_world: World) -> None:
    [delivery] = await lending_world.deliveries.accept(said())
    await lending_world.run()
    [outgoing] = lending_world.chats.sender.sent
    assert outgoing.url == f"https://bot.example/clips/tok/memo-{delivery[:6]}.m4a"
    assert (lending_world.chats.media.created, lending_world.chats.media.uploads) == ([], {})


async def test_lent_recording_is_uploaded_once_lending_was_switched_off(
    lending_world: World, tmp_path: Path, database_url: str
) -> None:
    lending_world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(minutes=1))]
    [delivery] = await lending_world.deliveries.accept(said())
    await lending_world.do_jobs()
    restarted = World(tmp_path, lending_world.database, database_url)
    await restarted.run()
    row = await restarted.row(delivery)
    assert row.state is DeliveryState.RECORDED
    assert list(restarted.chats.media.uploads.values()) == [b"AUDIO-ok!"]
    restarted.close()


async def test_part_that_the_team_cannot_be_shown_is_named_and_the_rest_goes(world: World) -> None:
    bad, good = Media("1", "a.exe", MediaRef("chat:default!1")), Media("2", "b.jpg", MediaRef("chat:default!2"))
    await world.deliveries.accept(heard("1", Text("0", "Look."), bad, good))
    await world.run()
    [outgoing] = world.team.sender.sent
    assert outgoing.delivery.prepared is not None
    assert [(bool(part.media), part.refused) for part in outgoing.delivery.prepared] == [
        (False, ""),
        (False, "a.exe is of a type that cannot be shown."),
        (True, ""),
    ]


@pytest.mark.parametrize("body", [b"<html>login</html>", b""])
async def test_file_without_sound_fails_with_the_reason(world: World, body: bytes) -> None:
    world.team.source.bodies["F0memo.m4a"] = body
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    row = await world.row(delivery)
    assert (row.state, "holds no sound" in row.reason) == (DeliveryState.FAILED, True)
