"""Edits: a text that was not sent is replaced where it stands, one that was sent is edited at the other end."""

from dataclasses import replace
from datetime import timedelta

from bot.relay.errors import Refused
from bot.relay.ids import MessageId
from bot.relay.model import DeliveryState, Message, Status
from bot.relay.parts import Edit, Span, Style, Text
from bot.relay.rooms import LinkSettings, Mode
from tests.fakes import ANN, BASE, CHANNEL, heard, said, voice
from tests.relay.world import World

CONVERSATION = LinkSettings(mode=Mode.CONVERSATION)
HELLO = said("1", Text("t", "Hello"), command="T1")


def edited(second: int, text: str, about: MessageId = HELLO.id) -> Message:
    """The team's, at that second."""
    return said(f"{second}-{text}", Edit("e", text), about=about, at=BASE + timedelta(seconds=second))


def corrected(second: int, text: str, about: MessageId) -> Message:
    """The contact's."""
    return heard(f"{second}-{text}", Edit("e", text), about=about, at=BASE + timedelta(seconds=second))


def texts(world: World) -> list[str]:
    """What the contact reads, one after the other."""
    parts = (part for outgoing in world.chats.sender.sent for part in outgoing.delivery.parts)
    return [part.text for part in parts if isinstance(part, Text | Edit)]


async def test_edit_before_the_send_replaces_the_text(world: World) -> None:
    [delivery] = await world.deliveries.accept(HELLO)
    assert not await world.deliveries.accept(edited(2, "Hallo"))
    await world.run()
    assert texts(world) == ["Hallo"]
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_edit_before_the_send_replaces_the_styles_too(world: World) -> None:
    spans = (Span(0, 2, Style.BOLD),)
    await world.deliveries.accept(said("1", Text("t", "Hello", (Span(0, 5, Style.ITALIC),)), command="T1"))
    await world.deliveries.accept(said("2", Edit("e", "Hi", spans), about=HELLO.id))
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert outgoing.delivery.parts == (Text("t", "Hi", spans),)


async def test_edit_leaves_the_other_parts_alone(world: World) -> None:
    await world.deliveries.accept(said("1", voice(), Text("t", "Hello"), command="T1"))
    await world.deliveries.accept(edited(2, "Hallo"))
    await world.run()
    assert world.sent_names == ["memo.m4a"]
    assert texts(world) == ["Hallo"]


async def test_edit_that_comes_while_its_text_is_prepared_is_sent(world: World) -> None:
    """The worker has the former words in its hands."""
    await world.deliveries.accept(HELLO)

    async def edit() -> None:
        await world.deliveries.accept(edited(2, "Hallo"))

    world.store.meanwhile["mark_sending"] = [edit]
    await world.run()
    assert texts(world) == ["Hallo"]


async def test_edit_that_comes_while_its_text_is_sent_follows_it(world: World) -> None:
    await world.deliveries.accept(HELLO)
    world.chats.sender.meanwhile = [world.deliveries.accept(edited(2, "Hallo"))]
    await world.run()
    assert texts(world) == ["Hello", "Hallo"]


async def test_edit_after_the_send_is_told_on_the_counterpart(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.run()
    [edit] = await world.deliveries.accept(edited(2, "Hallo"))
    await world.run()
    assert world.chats.sender.sent[-1].about == world.chats.sender.message(1)
    assert (await world.row(edit)).state is DeliveryState.RECORDED


async def test_edit_told_twice_is_told_on_once(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.run()
    assert len(await world.deliveries.accept(edited(2, "Hallo"))) == 1
    assert not await world.deliveries.accept(edited(2, "Hallo"))


async def test_earlier_edit_told_later_does_not_replace_the_newer_text(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.deliveries.accept(edited(3, "Newer"))
    assert not await world.deliveries.accept(edited(2, "Older"))
    await world.run()
    assert texts(world) == ["Newer"]


async def test_earlier_edit_told_after_a_later_one_was_sent_changes_nothing(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.run()
    await world.deliveries.accept(edited(3, "Newer"))
    await world.run()
    assert not await world.deliveries.accept(edited(2, "Older"))
    await world.run()
    assert texts(world) == ["Hello", "Newer"]


async def test_earlier_edit_told_after_the_newer_text_was_sent_changes_nothing(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.deliveries.accept(edited(3, "Newer"))
    await world.run()
    assert not await world.deliveries.accept(edited(2, "Older"))
    await world.run()
    assert texts(world) == ["Newer"]


async def test_edit_of_a_message_whose_text_was_not_carried_is_nothing(world: World) -> None:
    await world.deliveries.accept(said("1", voice()))
    assert not await world.deliveries.accept(edited(2, "Hallo", said("1").id))
    assert not await world.deliveries.accept(edited(3, "Hallo", said("9").id))


async def test_edit_of_a_cancelled_text_is_nothing(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.deliveries.withdraw(HELLO.id, [CHANNEL])
    assert not await world.deliveries.accept(edited(2, "Hallo"))


async def test_edit_of_a_failed_text_is_sent_with_the_resend(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    [delivery] = await world.deliveries.accept(HELLO)
    await world.run()
    assert not await world.deliveries.accept(edited(2, "Hallo"))
    await world.actions.resend(delivery, by=ANN)
    await world.run()
    assert texts(world) == ["Hallo"]


async def test_edit_of_a_text_that_was_sent_again_goes_to_the_one_that_was_sent(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    [old] = await world.deliveries.accept(HELLO)
    await world.run()
    await world.actions.resend(old, by=ANN)
    await world.run()
    await world.deliveries.accept(edited(9, "Hallo"))
    await world.run()
    assert texts(world) == ["Hello", "Hallo"]
    assert (await world.row(old)).parts == (Text("t"),)


async def test_edit_in_voice_mode_is_carried_where_its_text_was(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.run()
    assert await world.deliveries.accept(edited(2, "Hallo"))


async def test_contacts_edit_of_an_unknown_message_waits_aside(world: World) -> None:
    await world.deliveries.accept(corrected(2, "Corrected.", heard("5").id))
    await world.deliveries.accept(heard("3", Text("0", "Next.")))
    await world.run(during=timedelta(seconds=30))
    assert [outgoing.delivery.parts for outgoing in world.team.sender.sent] == [(Text("0", "Next."),)]


async def test_contacts_edit_follows_its_message(world: World) -> None:
    """Webhooks come in any order."""
    await world.deliveries.accept(corrected(9, "Corrected.", heard("5").id))
    await world.run(during=timedelta(seconds=30))
    await world.deliveries.accept(heard("5", Text("0", "First.")))
    await world.run()
    first, edit = world.team.sender.sent
    assert first.delivery.parts == (Text("0", "First."),)
    assert (edit.delivery.parts, edit.about) == ((Edit("e", "Corrected."),), world.team.sender.message(1))


async def test_edit_keeps_its_text_no_longer_than_it_is_on_its_way(world: World) -> None:
    """It becomes no message, so no receipt will ever end it."""
    await world.deliveries.accept(HELLO)
    await world.run()
    [edit] = await world.deliveries.accept(edited(2, "Hallo"))
    await world.run()
    assert (await world.row(edit)).parts == (Edit("e"),)


async def test_edit_that_is_refused_is_told_to_its_writer(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.run()
    world.chats.sender.trouble["send"] = [Refused("It is too late to edit it.", code="2015")]
    [edit] = await world.deliveries.accept(edited(2, "Hallo"))
    posts = list(world.team.board.posts)
    await world.run()
    assert world.team.board.alerts == [(edit, Status.FAILED)]
    assert world.team.board.posts == posts


async def test_edit_that_is_carried_posts_no_notice_of_its_own(world: World) -> None:
    await world.deliveries.accept(HELLO)
    await world.run()
    posts, edits = list(world.team.board.posts), list(world.team.board.edits)
    await world.deliveries.accept(edited(2, "Hallo"))
    await world.run()
    assert (world.team.board.posts, world.team.board.edits) == (posts, edits)
    assert world.team.board.alerts == []


async def test_edit_in_conversation_mode_is_carried_from_a_thread_too(world: World) -> None:
    await world.link(settings=CONVERSATION)
    await world.deliveries.accept(HELLO)
    await world.run()
    in_thread = replace(edited(2, "Hallo"), thread=HELLO.notice_room)
    assert await world.deliveries.accept(in_thread)
