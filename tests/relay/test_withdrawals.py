"""Withdrawals: what was deleted is not sent, whenever that is told, and by which process."""

import asyncio
from datetime import timedelta

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import MediaRef
from bot.relay.model import DeliveryState, Message, Status
from bot.relay.parts import Media, Text
from bot.relay.ports.networks import Settlement
from bot.relay.rooms import LinkSettings, Mode
from tests.fakes import ANN, CHANNEL, CHAT, OTHER_CHANNEL, said, until, voice
from tests.relay.world import World

MESSAGE = said().id
CONVERSATION = LinkSettings(mode=Mode.CONVERSATION)


def picture(key: str) -> Media:
    return Media(key, f"{key}.jpg", MediaRef(f"team:T0AAA!{key}"))


def album(*keys: str) -> Message:
    """Pictures and a text that travel as one delivery."""
    return said("1", Text("t", "Look."), *[picture(key) for key in keys])


async def test_withdrawn_message_is_not_sent(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    await world.deliveries.withdraw(MESSAGE, [CHANNEL])
    await world.run()
    assert await world.status(delivery) is Status.CANCELLED
    assert world.chats.sender.sent == []


async def test_message_withdrawn_before_it_is_told_is_not_accepted(world: World) -> None:
    await world.deliveries.withdraw(MESSAGE, [CHANNEL])
    assert not await world.deliveries.accept(said())


async def test_part_withdrawn_before_its_message_is_told_is_left_out(world: World) -> None:
    await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["F0kept.m4a"])
    await world.deliveries.accept(said("1", voice("kept.m4a"), voice("gone.m4a")))
    await world.run()
    assert world.sent_names == ["kept.m4a"]


async def test_withdrawn_part_leaves_the_others(world: World) -> None:
    kept, gone = await world.deliveries.accept(said("1", voice("kept.m4a"), voice("gone.m4a")))
    await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["F0kept.m4a"])
    await world.run()
    assert (await world.row(kept)).state is DeliveryState.RECORDED
    assert await world.status(gone) is Status.CANCELLED


async def test_parts_withdrawn_one_after_the_other_are_all_gone(world: World) -> None:
    """Each tells what was left at its moment; the later one may be told first."""
    await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["F0a.m4a"])
    await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["F0a.m4a", "F0b.m4a"])
    await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a"), voice("c.m4a")))
    await world.run()
    assert world.sent_names == ["a.m4a"]


async def test_withdrawn_part_of_one_delivery_is_not_sent_with_the_rest(world: World) -> None:
    await world.link(settings=CONVERSATION)
    [delivery] = await world.deliveries.accept(album("a", "b"))
    await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["t", "b"])
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert [part.key for part in outgoing.delivery.parts] == ["t", "b"]
    assert outgoing.delivery.prepared is not None
    assert [len(part.media) for part in outgoing.delivery.prepared] == [0, 1]
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_part_withdrawn_before_its_delivery_is_left_out_of_it(world: World) -> None:
    await world.link(settings=CONVERSATION)
    await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["t", "b"])
    await world.deliveries.accept(album("a", "b"))
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert [part.key for part in outgoing.delivery.parts] == ["t", "b"]


async def test_part_withdrawn_while_its_delivery_is_prepared_is_not_sent(world: World) -> None:
    await world.link(settings=CONVERSATION)
    await world.deliveries.accept(album("a", "b"))

    async def delete() -> None:
        await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["t", "b"])

    world.store.meanwhile["mark_sending"] = [delete]
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert [part.key for part in outgoing.delivery.parts] == ["t", "b"]


async def test_part_withdrawn_after_it_was_prepared_is_not_sent(world: World) -> None:
    await world.link(settings=CONVERSATION)
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(minutes=5))]
    await world.deliveries.accept(album("a", "b"))
    await world.do_jobs()
    await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["t", "b"])
    await world.do_jobs()
    [outgoing] = world.chats.sender.sent
    assert [part.key for part in outgoing.delivery.parts] == ["t", "b"]


async def test_prefetched_delivery_that_lost_a_part_is_prepared_again(world: World) -> None:
    await world.link(settings=CONVERSATION)
    eager = World(world.folder, world.database, world.url, team=world.team, chats=world.chats, prefetch=9)
    await eager.deliveries.accept(album("a", "b"))
    await until(lambda: len(world.chats.media.uploads) == 2)
    await eager.deliveries.withdraw(MESSAGE, [CHANNEL], ["t", "b"])
    await eager.run()
    [outgoing] = world.chats.sender.sent
    assert outgoing.delivery.prepared is not None
    assert [len(part.media) for part in outgoing.delivery.prepared] == [0, 1]
    await eager.prefetcher.close()
    eager.close()


async def test_message_withdrawn_while_it_is_prepared_is_not_sent(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())

    async def delete() -> None:
        await world.deliveries.withdraw(MESSAGE, [CHANNEL])

    world.store.meanwhile["mark_sending"] = [delete]
    await world.run()
    assert await world.status(delivery) is Status.CANCELLED
    assert world.chats.sender.sent == []


async def test_message_withdrawn_while_it_is_sent_is_not_sent_later(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    world.chats.sender.meanwhile = [world.deliveries.withdraw(MESSAGE, [CHANNEL])]
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(seconds=10))]
    await world.run()
    assert await world.status(delivery) is Status.CANCELLED
    assert world.chats.sender.sent == []


async def test_message_withdrawn_while_it_is_sent_may_have_been_sent(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    world.chats.sender.meanwhile = [world.deliveries.withdraw(MESSAGE, [CHANNEL])]
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_message_withdrawn_while_its_answer_is_missing_is_not_sent_again(world: World) -> None:
    world.chats.sender.kind, world.chats.sender.lose_requests = Settlement.FIND_OR_REPEAT, 1
    [delivery] = await world.deliveries.accept(said())
    world.chats.sender.meanwhile = [world.deliveries.withdraw(MESSAGE, [CHANNEL])]
    await world.run()
    assert await world.status(delivery) is Status.CANCELLED
    assert world.chats.sender.sent == []


async def test_part_withdrawn_while_it_is_sent_leaves_the_rest_for_the_next_try(world: World) -> None:
    await world.link(settings=CONVERSATION)
    [delivery] = await world.deliveries.accept(album("a", "b"))
    world.chats.sender.meanwhile = [world.deliveries.withdraw(MESSAGE, [CHANNEL], ["t", "b"])]
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(seconds=10))]
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert [part.key for part in outgoing.delivery.parts] == ["t", "b"]
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_withdrawal_after_the_end_changes_no_state(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    failed, sent = await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.run()
    await world.deliveries.withdraw(MESSAGE, [CHANNEL])
    await world.run()
    assert await world.status(failed) is Status.FAILED
    assert (await world.row(sent)).state is DeliveryState.RECORDED


async def test_withdrawn_message_loses_the_text_that_was_kept_to_send_again(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    [delivery] = await world.deliveries.accept(said("1", Text("t", "Hello"), command="T1"))
    await world.run()
    assert (await world.row(delivery)).parts == (Text("t", "Hello"),)
    await world.deliveries.withdraw(MESSAGE, [CHANNEL])
    assert (await world.row(delivery)).parts == (Text("t"),)


async def test_next_delivery_need_not_wait_for_a_withdrawn_ones_time(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=5))]
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.do_jobs()
    await world.deliveries.withdraw(MESSAGE, [CHANNEL])
    await world.do_jobs()
    assert world.sent_names == ["b.m4a"]


async def test_withdrawn_delivery_keeps_neither_content_nor_reason(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=5), code="429")]
    [delivery] = await world.deliveries.accept(said())
    await world.do_jobs()
    await world.deliveries.withdraw(MESSAGE, [CHANNEL])
    row = await world.row(delivery)
    assert (row.reason, row.code, row.retry_at, row.voice and row.voice.media_hint) == ("", "", None, "")


async def test_withdrawal_in_a_room_that_is_not_linked_stores_nothing(world: World) -> None:
    await world.deliveries.withdraw(said(room=OTHER_CHANNEL).id, [OTHER_CHANNEL])
    assert world.execute("SELECT * FROM messages") == []


@pytest.mark.parametrize("number", range(5))
async def test_withdrawal_and_accept_by_two_processes_at_once(world: World, other_process: World, number: int) -> None:
    """Whichever is committed first, nothing is sent."""
    calls = (world.deliveries.accept(said()), other_process.deliveries.withdraw(MESSAGE, [CHANNEL]))
    await asyncio.gather(*(calls if number % 2 else reversed(calls)))
    await world.run()
    assert world.chats.sender.sent == []


async def test_withdrawal_by_another_process_while_this_one_prepares(world: World, other_process: World) -> None:
    stalled = world.team.source.stalled["F0memo.m4a"] = asyncio.Event()
    [delivery] = await world.deliveries.accept(said())
    sending = asyncio.create_task(world.deliveries.send_next(CHAT))
    await until(lambda: world.team.source.left_open == 1)
    await other_process.deliveries.withdraw(MESSAGE, [CHANNEL])
    stalled.set()
    await sending
    assert await world.status(delivery) is Status.CANCELLED
    assert world.chats.sender.sent == []


async def test_found_deleted_withdraws_only_what_is_missing(world: World) -> None:
    accepted = await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.deliveries.withdraw_missing(MESSAGE, CHANNEL, ["F0a.m4a", "F0b.m4a", "F0new.m4a"])
    assert [await world.status(each) for each in accepted] == [Status.QUEUED, Status.QUEUED]
    await world.deliveries.withdraw_missing(MESSAGE, CHANNEL, ["F0b.m4a"])
    assert [await world.status(each) for each in accepted] == [Status.CANCELLED, Status.QUEUED]


async def test_found_deleted_says_nothing_of_a_message_that_is_whole(world: World) -> None:
    """A later history of the same message may not be narrowed by it."""
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.deliveries.withdraw_missing(MESSAGE, CHANNEL, ["F0a.m4a"])
    [row] = world.execute("SELECT kept FROM messages")
    assert row["kept"] is None


async def test_withdrawal_that_comes_too_late_is_told_once(world: World) -> None:
    await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.run()
    assert await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["F0a.m4a"]) == [ANN]
    assert not await world.deliveries.withdraw(MESSAGE, [CHANNEL], ["F0a.m4a"])
    assert await world.deliveries.withdraw(MESSAGE, [CHANNEL]) == [ANN]


async def test_withdrawal_in_time_has_nothing_to_tell(world: World) -> None:
    await world.deliveries.accept(said())
    assert not await world.deliveries.withdraw(MESSAGE, [CHANNEL])
