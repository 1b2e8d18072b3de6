"""What a sender is given: the counterpart of the message replied to, and the author as far as they are known."""

from dataclasses import replace
from datetime import timedelta

from bot.relay.errors import RetryLater
from bot.relay.ids import MessageId
from bot.relay.model import Author, DeliveryState
from bot.relay.parts import Text
from tests.fakes import CONTACT, OTHER_CHAT, heard, said, thread_of
from tests.relay.world import World


async def test_reply_to_what_we_carried_is_about_the_original(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    sent_as = (await world.row(delivery)).sent_as
    await world.deliveries.accept(heard("2", about=sent_as))
    await world.run()
    [reply] = world.team.sender.sent
    assert (reply.about, reply.thread) == (said().id, thread_of(said().id))


async def test_reply_to_what_the_contact_said_is_about_their_message(world: World) -> None:
    await world.deliveries.accept(heard("1"))
    await world.run()
    await world.deliveries.accept(said("2", Text("t", "Hi"), about=world.team.sender.message(1), command="T1"))
    await world.run()
    assert world.chats.sender.sent[-1].about == heard("1").id


async def test_reply_to_an_unknown_message_goes_without_it(world: World) -> None:
    [delivery] = await world.deliveries.accept(heard("2", about=MessageId("chat:default#before")))
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED
    assert world.team.sender.sent[0].about is None


async def test_reply_waits_for_a_send_that_it_may_answer(world: World) -> None:
    """A process died between a send and its record: the reply to it comes before the send is reconciled."""
    world.chats.sender.lose_answers = 1
    await world.deliveries.accept(said())
    await world.do_jobs()
    await world.deliveries.accept(heard("2", about=world.chats.sender.message(1)))
    await world.do_jobs()
    assert world.team.sender.sent == []
    await world.run()
    [reply] = world.team.sender.sent
    assert (reply.about, reply.thread) == (said().id, thread_of(said().id))


async def test_reply_waits_no_longer_than_a_search_lasts(world: World) -> None:
    world.chats.sender.trouble["find"] = [RetryLater("Linq is down.", after=timedelta(minutes=10))] * 9
    world.chats.sender.lose_requests = 1
    await world.deliveries.accept(said())
    await world.deliveries.accept(heard("2", about=MessageId("chat:default#before")))
    await world.run(during=timedelta(minutes=3))
    assert [reply.about for reply in world.team.sender.sent] == [None]


async def test_reply_knows_no_message_of_another_room(world: World) -> None:
    """A message that was carried into another chat is nothing that this contact knows."""
    theirs = thread_of(said("9").id)
    await world.link(theirs, OTHER_CHAT)
    await world.deliveries.accept(heard("1", room=OTHER_CHAT))
    await world.run()
    about = world.team.sender.message(1)
    await world.deliveries.accept(said("2", Text("t", "Hi"), about=about, command="T1"))
    await world.run()
    assert world.chats.sender.sent[-1].about is None


async def test_author_goes_by_the_label_of_the_link_until_their_name_is_known(world: World) -> None:
    await world.deliveries.accept(heard("1"))
    await world.run()
    assert world.team.sender.sent[0].author == Author("Ann")


async def test_author_is_the_name_on_the_contact_card(world: World) -> None:
    await world.database.people.save_card(CONTACT, "+12025550123", "Ann Example")
    await world.deliveries.accept(heard("1"))
    await world.run()
    assert world.team.sender.sent[0].author == Author("Ann Example")


async def test_author_is_none_where_nothing_is_known(world: World) -> None:
    await world.deliveries.accept(replace(heard("1"), sender_handle=""))
    await world.deliveries.accept(said())
    await world.run()
    assert (world.team.sender.sent[0].author, world.chats.sender.sent[0].author) == (None, None)


async def test_contact_that_sends_a_new_handle_keeps_the_stored_name(world: World) -> None:
    await world.database.people.save_card(CONTACT, "+12025550123", "Ann Example")
    await world.deliveries.accept(replace(heard("1"), sender_handle="ann@example.com"))
    await world.run()
    assert world.team.sender.sent[0].author == Author("Ann Example")
