"""Accepting: the id is the cause, the most particular link decides, and what was accepted goes nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.relay.ids import MediaRef, MessageId, RoomId
from bot.relay.model import DeliveryState, Message, Status
from bot.relay.parts import Media, Text, Voice
from bot.relay.rooms import Link, LinkSettings, Mode
from tests.fakes import (
    BASE,
    CHANNEL,
    CHAT,
    OTHER_CHANNEL,
    OTHER_CHAT,
    FakeChats,
    heard,
    said,
    thread_of,
    voice,
)
from tests.relay.world import World

CONVERSATION = LinkSettings(mode=Mode.CONVERSATION)
ROOT = said("1")
THREAD = thread_of(ROOT.id)
THEIRS = RoomId("team:T0BBB/C0MAP")  # a shared channel has the same id in another workspace


def our_message() -> Message:
    """As the chats' network tells of the first message that we sent: it cannot know that it was us."""
    return replace(heard(is_ours=True, at=datetime.now(UTC)), id=FakeChats().sender.message(1))


async def test_accept_stores_a_message_once(world: World) -> None:
    assert len(await world.deliveries.accept(said())) == 1
    assert not await world.deliveries.accept(said())
    await world.run()
    assert len(world.chats.sender.sent) == 1


async def test_accept_knows_a_message_by_its_dedup_key_under_another_id(world: World) -> None:
    assert await world.deliveries.accept(said("1", dedup_key="one-gesture"))
    assert not await world.deliveries.accept(said("2", dedup_key="one-gesture"))


async def test_accept_gives_the_parts_of_one_dedup_key_a_delivery_each(world: World) -> None:
    assert len(await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a"), dedup_key="one-gesture"))) == 2


async def test_accept_of_two_commands_on_one_message_is_two_deliveries(world: World) -> None:
    first = await world.deliveries.accept(said(command="T1"))
    second = await world.deliveries.accept(said(command="T2"))
    await world.run()
    assert first != second
    assert len(world.chats.sender.sent) == 2


async def test_accept_of_one_command_told_twice_is_one_delivery(world: World) -> None:
    await world.deliveries.accept(said(command="T1"))
    assert not await world.deliveries.accept(said(command="T1"))


async def test_accept_of_a_room_without_link_stores_nothing(world: World) -> None:
    assert not await world.deliveries.accept(said(room=OTHER_CHANNEL))
    await world.run()
    assert world.team.board.posts == []
    assert world.execute("SELECT * FROM messages") == []


async def test_accept_of_a_message_without_parts_stores_nothing(world: World) -> None:
    assert not await world.deliveries.accept(replace(said(), parts=()))


async def test_accepted_deliveries_finish_after_their_room_is_unlinked(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    await world.links.part(CHANNEL)
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_redelivered_message_goes_nowhere_new_after_a_new_link(world: World) -> None:
    await world.deliveries.accept(said())
    await world.links.part(CHANNEL)
    await world.link(CHANNEL, OTHER_CHAT)
    assert not await world.deliveries.accept(said())
    await world.run()
    assert [outgoing.delivery.target for outgoing in world.chats.sender.sent] == [CHAT]


async def test_redelivered_message_that_is_its_own_command_goes_nowhere_new(world: World) -> None:
    """As one that begins with a mention of the bot: the message itself is the explicit act."""
    mention = said("1", Text("t", "Hi"), command=said("1").id)
    assert len(await world.deliveries.accept(mention)) == 1
    await world.links.part(CHANNEL)
    await world.link(CHANNEL, OTHER_CHAT)
    assert not await world.deliveries.accept(mention)


async def test_message_in_a_linked_thread_belongs_to_that_link(world: World) -> None:
    await world.link(THREAD, OTHER_CHAT)
    [in_thread] = await world.deliveries.accept(said("2", thread=THREAD))
    [at_root] = await world.deliveries.accept(said("3"))
    assert [(await world.row(each)).target for each in (in_thread, at_root)] == [OTHER_CHAT, CHAT]
    assert [(await world.row(each)).origin for each in (in_thread, at_root)] == [THREAD, CHANNEL]


async def test_message_in_a_thread_without_link_belongs_to_its_channel(world: World) -> None:
    await world.link(THREAD, OTHER_CHAT)
    elsewhere = thread_of(said("9").id)
    [delivery] = await world.deliveries.accept(said("10", thread=elsewhere))
    assert (await world.row(delivery)).target == CHAT


async def test_linked_thread_takes_the_place_of_the_root(world: World) -> None:
    await world.link(THREAD, OTHER_CHAT, CONVERSATION)
    [delivery] = await world.deliveries.accept(said("2", Text("t", "Hi"), thread=THREAD))
    await world.run()
    assert (await world.row(delivery)).target == OTHER_CHAT


async def test_chat_linked_to_a_thread_appears_in_that_thread(world: World) -> None:
    await world.link(THREAD, OTHER_CHAT)
    [delivery] = await world.deliveries.accept(heard("2", room=OTHER_CHAT))
    await world.run()
    assert [outgoing.delivery.target for outgoing in world.team.sender.sent] == [THREAD]
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_chat_linked_to_several_rooms_appears_in_each_once(world: World) -> None:
    await world.link(OTHER_CHANNEL, CHAT)
    assert len(await world.deliveries.accept(heard())) == 2
    assert not await world.deliveries.accept(heard())
    await world.run()
    assert {outgoing.delivery.target for outgoing in world.team.sender.sent} == {CHANNEL, OTHER_CHANNEL}
    assert len(world.team.sender.sent) == 2


async def test_chat_of_a_file_link_under_another_appears_in_no_room(world: World) -> None:
    """A link made by a person lies over the file's: the file's peer is heard there no more."""
    await world.database.links.replace_file_links([Link(CHANNEL, OTHER_CHAT)])
    assert not await world.deliveries.accept(heard(room=OTHER_CHAT))


async def test_two_workspaces_share_no_link(world: World) -> None:
    assert not await world.deliveries.accept(said(room=THEIRS))


async def test_two_workspaces_share_no_delivery_and_no_notice(world: World) -> None:
    await world.link(THEIRS, OTHER_CHAT)
    [ours] = await world.deliveries.accept(said("1"))
    [other] = await world.deliveries.accept(said("1", room=THEIRS))
    await world.run()
    assert ours != other
    assert {(await world.row(each)).target for each in (ours, other)} == {CHAT, OTHER_CHAT}
    assert len(world.team.board.posted) == 2


async def test_two_workspaces_share_no_delivery_into_one_chat(world: World) -> None:
    await world.link(THEIRS, CHAT)
    assert await world.deliveries.accept(said("1"))
    assert await world.deliveries.accept(said("1", room=THEIRS))


async def test_two_workspaces_share_no_withdrawal(world: World) -> None:
    await world.link(THEIRS, OTHER_CHAT)
    [delivery] = await world.deliveries.accept(said("1"))
    await world.deliveries.withdraw(said("1", room=THEIRS).id, [THEIRS])
    assert await world.status(delivery) is Status.QUEUED


async def test_accept_makes_one_message_of_parts_that_travel_together(world: World) -> None:
    picture = Media("m", "a.jpg", MediaRef("chat:default!1"))
    [delivery] = await world.deliveries.accept(heard("1", Text("t", "Look."), picture))
    assert [part.kind for part in (await world.row(delivery)).parts] == ["text", "media"]


async def test_accept_sends_each_recording_alone_where_the_target_wants_so(world: World) -> None:
    await world.link(CHANNEL, CHAT, CONVERSATION)
    accepted = await world.deliveries.accept(said("1", voice("a.m4a"), Text("t", "Hi"), voice("b.m4a")))
    await world.run()
    kinds = [[part.kind for part in outgoing.delivery.parts] for outgoing in world.chats.sender.sent]
    assert (len(accepted), kinds) == (3, [["voice"], ["text"], ["voice"]])


async def test_accept_keeps_recordings_with_the_rest_where_it_can(world: World) -> None:
    memo = Voice("v", "memo.m4a", MediaRef("chat:default!1"))
    assert len(await world.deliveries.accept(heard("1", Text("t", "Hi"), memo))) == 1


async def test_echo_of_a_recorded_message_is_not_accepted(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    ours = (await world.row(delivery)).sent_as
    assert ours is not None
    assert not await world.deliveries.accept(replace(heard(), id=ours))


async def test_echo_that_was_accepted_before_the_record_is_cancelled_by_it(world: World) -> None:
    [early] = await world.deliveries.accept(our_message())
    await world.deliveries.accept(said())
    await world.run(during=timedelta(minutes=1))
    assert await world.status(early) is Status.CANCELLED
    assert world.team.sender.sent == []


async def test_echo_stored_beside_the_record_is_cancelled_at_its_turn(world: World) -> None:
    """Committed at the same moment, neither statement sees the other's row."""
    [early] = await world.deliveries.accept(our_message())
    [delivery] = await world.deliveries.accept(said())
    world.execute("UPDATE deliveries SET state = 'recorded', sent_as = %s WHERE id = %s", our_message().id, delivery)
    await world.run()
    assert await world.status(early) is Status.CANCELLED
    assert world.team.sender.sent == []


async def test_message_sent_elsewhere_waits_and_is_carried(world: World) -> None:
    elsewhere = replace(our_message(), id=MessageId("chat:default#elsewhere"))
    [delivery] = await world.deliveries.accept(elsewhere)
    await world.run(during=timedelta(minutes=1))
    assert await world.status(delivery) is Status.HELD
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_message_sent_elsewhere_blocks_nobody_while_it_waits(world: World) -> None:
    now = datetime.now(UTC)
    await world.deliveries.accept(replace(our_message(), id=MessageId("chat:default#elsewhere"), sent_at=now))
    await world.deliveries.accept(heard("2", at=now + timedelta(seconds=1)))
    await world.run(during=timedelta(minutes=1))
    assert len(world.team.sender.sent) == 1


async def test_accept_keeps_a_handle_apart_from_the_delivery(world: World) -> None:
    [delivery] = await world.deliveries.accept(heard())
    assert world.execute("SELECT handle FROM people") == [{"handle": "+12025550123"}]
    [stored] = world.execute("SELECT deliveries::text AS row FROM deliveries WHERE id = %s", delivery)
    assert "2025550123" not in stored["row"]


async def test_text_with_nul_and_half_surrogates_is_accepted(world: World) -> None:
    [delivery] = await world.deliveries.accept(heard("1", Text("t", "a\x00b\ud800c")))
    [part] = (await world.row(delivery)).parts
    assert isinstance(part, Text)
    assert part.text == "a\ufffdb?c"


@pytest.mark.parametrize("at", [BASE, BASE + timedelta(days=400)])
async def test_order_follows_the_messages_own_time(world: World, at: datetime) -> None:
    await world.deliveries.accept(said("2", voice("late.m4a"), at=at + timedelta(seconds=2)))
    await world.deliveries.accept(said("1", voice("one.m4a"), voice("two.m4a"), at=at))
    await world.run()
    assert world.sent_names == ["one.m4a", "two.m4a", "late.m4a"]
