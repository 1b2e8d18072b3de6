"""Conversations: each chat of a line in a thread of its inbox. One root whatever happens, and nothing beside it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.ids import MessageId, PersonId, RoomId
from bot.relay.model import Message, Receipt, ReceiptKind, ReceiptSource, Status
from bot.relay.parts import Announcement, Edit, Happening, Reaction, Text
from bot.relay.ports.networks import Networks
from bot.relay.ports.room_stores import LinkStore
from bot.relay.rooms import Conversation, ConversationState, Link, LinkSettings, Mode
from bot.relay.routing.routes import Routes
from tests.fakes import (
    ALL_LINES,
    ANN,
    BASE,
    CHAT,
    LINE,
    OTHER_CHANNEL,
    OTHER_CHAT,
    heard,
    said,
    voice,
)
from tests.relay.world import World

INBOX = RoomId("team:T0AAA/C0INBOX")
OTHER_INBOX = RoomId("team:T0AAA/C0NEXT")
BEN = PersonId("team:T0AAA@U0BEN")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
async def inbox(world: World) -> World:
    """One channel takes the line; the other channel's link is gone."""
    await world.links.part(RoomId("team:T0AAA/C0MAP"))
    await make_inbox(world)
    return world


async def make_inbox(world: World, room: RoomId = INBOX, line: RoomId = LINE, mode: Mode = Mode.VOICE) -> None:
    settings = LinkSettings(mode=mode)
    await world.database.links.save(Link(room, line, "+1 202 555 0100", "test", settings, is_inbox=True))
    world.execute("UPDATE links SET made_at = %s", BASE)
    world.execute("UPDATE marks SET read_up_to = %s", BASE)


async def hear(world: World, number: str, text: str = "Hello.", room: RoomId = CHAT) -> None:
    await world.deliveries.accept(heard(number, Text("0", text), room=room, line=LINE))


async def react(world: World, number: str, *, about: str) -> None:
    await world.deliveries.accept(heard(number, Reaction("r", "❤️"), about=heard(about).id, line=LINE))


async def conversation(world: World, chat: RoomId = CHAT) -> Conversation:
    [row] = world.execute("SELECT room FROM conversations WHERE peer = %s AND ended_at IS NULL", chat)
    found = await world.database.conversations.of(row["room"])
    assert found is not None
    return found


def places(world: World) -> list[tuple[str, str]]:
    """Where the team's side got what, in its order."""
    return [(outgoing.delivery.target, words(outgoing.delivery.parts[0])) for outgoing in world.team.sender.sent]


def words(part: object) -> str:
    return part.text if isinstance(part, Text | Announcement) else type(part).__name__


def thread(number: int, inbox: RoomId = INBOX) -> RoomId:
    """The thread that the so-manieth message of the team's side began."""
    return RoomId(f"{inbox}/M{number}")


def dropped(number: str, room: RoomId) -> Message:
    """A clip in that thread."""
    channel = RoomId(room.rpartition("/")[0])
    return replace(said(number, voice(), room=channel), thread=room)


def typed(number: str, room: RoomId, sender: PersonId = ANN, text: str = "Anybody?") -> Message:
    """A text in that thread."""
    return replace(dropped(number, room), parts=(Text("text", text),), sender=sender)


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, None])
async def test_text_in_an_ended_thread_tells_its_writer_once_where_it_goes_on(inbox: World, mode: Mode | None) -> None:
    """``None``: the inbox is off by then."""
    await make_inbox(inbox, mode=Mode.CONVERSATION)
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    if mode is None:
        await inbox.links.part(INBOX)
    for sender, first, second in ((ANN, "7", "8"), (BEN, "9", "10")):
        with pytest.raises(Refused, match="reached nobody") as told:
            await inbox.deliveries.accept(typed(first, thread(1), sender))
        assert told.value.room == OTHER_CHANNEL
        assert await inbox.deliveries.accept(typed(second, thread(1), sender)) == ()
    await inbox.run()
    assert inbox.chats.sender.sent == []


async def test_clip_in_an_ended_thread_is_told_of_each_time(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    for number in ("7", "8"):
        with pytest.raises(Refused, match="reached nobody"):
            await inbox.deliveries.accept(dropped(number, thread(1)))
        assert await inbox.deliveries.accept(dropped(number, thread(1))) == ()  # its event came twice
        with pytest.raises(Refused, match="reached nobody"):
            await inbox.deliveries.accept(replace(dropped(number, thread(1)), command=f"trigger{number}"))


async def test_text_in_an_ended_thread_is_internal_where_texts_are(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    assert await inbox.deliveries.accept(typed("7", thread(1))) == ()
    assert await inbox.deliveries.accept(replace(typed("8", thread(1)), is_internal=True)) == ()


# One root


async def test_roots_stand_in_the_order_in_which_contacts_wrote(inbox: World) -> None:
    chats = [RoomId(f"chat:default/{number}") for number in (5, 3, 9, 1, 7)]
    for number in (4, 2, 5, 1, 3):  # as webhooks may come
        await hear(inbox, str(number), chats[number - 1], room=chats[number - 1])
    locks = {row["lock"] for row in inbox.execute("SELECT lock FROM procrastinate_jobs WHERE task_name = 'send_next'")}
    assert len(locks) == 1
    await inbox.run()
    assert [said for _, said in places(inbox)] == chats


async def test_first_message_is_the_root_and_the_rest_stands_in_its_thread(inbox: World) -> None:
    for number in ("1", "2"):
        await hear(inbox, number, number)
    await inbox.run()
    await hear(inbox, "3", "3")
    await inbox.run()
    root, *rest = places(inbox)
    assert root[0].startswith(f"{INBOX}/new-")
    assert rest == [(thread(1), "2"), (thread(1), "3")]


async def test_each_chat_has_a_conversation_of_its_own(inbox: World) -> None:
    await hear(inbox, "1")
    await hear(inbox, "2", room=OTHER_CHAT)
    await inbox.run()
    assert (await conversation(inbox)).room == thread(1)
    assert (await conversation(inbox, OTHER_CHAT)).room == thread(2)


async def test_two_first_messages_at_two_processes_have_one_root(inbox: World, other_process: World) -> None:
    await asyncio.gather(hear(inbox, "1", "a"), hear(other_process, "2", "b"))
    await asyncio.gather(inbox.run(), other_process.run())
    targets = [target for target, _ in places(inbox)]
    assert [target.startswith(f"{INBOX}/new-") for target in targets] == [True, False]
    assert targets[1] == thread(1)


@pytest.mark.parametrize("lists_messages", [True, False])
async def test_lost_answer_to_the_root_leaves_one_conversation(inbox: World, lists_messages: bool) -> None:
    inbox.team.sender.lose_answers, inbox.team.sender.lists_messages = 1, lists_messages
    await hear(inbox, "1")
    await hear(inbox, "2")
    await inbox.run()
    found = await conversation(inbox)
    assert found.root is not None
    assert places(inbox)[-1][0] == found.room


class LinksOfBefore:
    """Gives, the first time, the links as they were before a root was recorded."""

    def __init__(self, links: LinkStore, before: Link) -> None:
        self._links = links
        self._before = [before]

    async def of(self, rooms: Sequence[RoomId]) -> Sequence[Link]:
        return [self._before.pop()] if self._before else await self._links.of(rooms)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._links, name)


async def test_clip_that_meets_the_root_as_it_is_recorded_is_told_again(inbox: World) -> None:
    """The links were read before it, and whether a root is being posted was asked after it."""
    await hear(inbox, "1")
    await inbox.run()
    database = inbox.database
    [taker] = [link for link in await database.links.all() if link.is_inbox]
    links = cast(LinkStore, LinksOfBefore(database.links, taker))
    routes = Routes(links, database.conversations, inbox.links, Networks(inbox.team.network(), inbox.chats.network()))
    with pytest.raises(RetryLater):
        await routes.of(dropped("2", thread(1)))
    assert len((await routes.of(dropped("2", thread(1)))).links) == 1


async def test_message_accepted_while_the_root_is_posted_follows_into_its_thread(inbox: World) -> None:
    inbox.team.sender.meanwhile = [hear(inbox, "2", "meanwhile")]
    await hear(inbox, "1")
    await inbox.run()
    assert places(inbox)[1] == (thread(1), "meanwhile")


async def test_delivery_that_still_names_the_thread_as_it_was_opened_follows(inbox: World) -> None:
    """It was accepted just before the thread got its name, and committed just after."""
    await hear(inbox, "1")
    [opened] = inbox.execute("SELECT opened_as FROM conversations")
    await inbox.run()
    await hear(inbox, "2", "late")
    inbox.execute("UPDATE deliveries SET target = %s WHERE state = 'waiting'", opened["opened_as"])
    inbox.execute("SELECT enqueue_jobs('send_next', %s)", [opened["opened_as"]])
    await inbox.run()
    assert places(inbox)[1] == (thread(1), "late")


async def test_webhook_told_again_after_the_root_is_posted_is_no_news(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await hear(inbox, "1")
    await inbox.run()
    assert len(places(inbox)) == 1


async def test_earlier_message_told_later_is_the_root(inbox: World) -> None:
    await hear(inbox, "2", "second")
    await hear(inbox, "1", "first")
    await inbox.run()
    assert [said for _, said in places(inbox)] == ["first", "second"]


@pytest.mark.parametrize("what", [Reaction("r", "❤️"), Announcement("a", Happening.ROOM_AT_RISK)])
async def test_only_what_somebody_says_begins_a_conversation(inbox: World, what: Reaction | Announcement) -> None:
    await inbox.deliveries.accept(heard("1", what, line=LINE, about=said().id))
    assert not inbox.execute("SELECT * FROM conversations")


async def test_what_our_own_side_says_elsewhere_begins_no_conversation(inbox: World) -> None:
    await inbox.deliveries.accept(replace(heard("1", line=LINE), is_ours=True))
    assert not inbox.execute("SELECT * FROM conversations")


# Precedence


async def test_chat_with_a_link_of_its_own_is_never_in_the_inbox(inbox: World) -> None:
    await inbox.link(OTHER_CHANNEL, CHAT)
    await hear(inbox, "1")
    await inbox.run()
    assert places(inbox) == [(OTHER_CHANNEL, "Hello.")]


async def test_linking_and_unlinking_take_effect_at_the_next_message(inbox: World) -> None:
    await hear(inbox, "1", "thread")
    await inbox.run()
    await inbox.link(OTHER_CHANNEL, CHAT)
    await hear(inbox, "2", "channel")
    await inbox.run()
    await inbox.links.part(OTHER_CHANNEL)
    await hear(inbox, "3", "thread again")
    await inbox.run()
    assert places(inbox)[1:] == [(OTHER_CHANNEL, "channel"), (thread(1), "thread again")]


async def test_order_holds_when_a_chat_is_linked_and_unlinked(inbox: World) -> None:
    """What nobody has seen yet goes where the chat is heard now, before what comes next."""
    await hear(inbox, "1")
    await inbox.run()
    await hear(inbox, "2", "thread")
    await inbox.link(OTHER_CHANNEL, CHAT)
    await hear(inbox, "3", "channel")
    await inbox.run()
    assert places(inbox)[1:] == [(OTHER_CHANNEL, "thread"), (OTHER_CHANNEL, "channel")]
    await hear(inbox, "4", "channel again")
    await inbox.links.part(OTHER_CHANNEL)
    await hear(inbox, "5", "thread again")
    await inbox.run()
    assert places(inbox)[3:] == [(thread(1), "channel again"), (thread(1), "thread again")]


async def test_what_is_unlinked_is_not_moved_where_the_chat_has_another_link(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.link(OTHER_CHANNEL, CHAT)
    await inbox.link(RoomId("team:T0AAA/C0THIRD"), CHAT)
    await hear(inbox, "2", "both")
    await inbox.links.part(OTHER_CHANNEL)
    await inbox.run()
    assert sorted(places(inbox)[1:]) == [(OTHER_CHANNEL, "both"), (RoomId("team:T0AAA/C0THIRD"), "both")]


async def test_inbox_of_one_line_goes_before_the_inbox_of_all(inbox: World) -> None:
    await make_inbox(inbox, OTHER_INBOX, ALL_LINES)
    await hear(inbox, "1")
    await inbox.deliveries.accept(
        replace(heard("2", room=OTHER_CHAT), within=(RoomId("chat:default/line/b"), ALL_LINES), line="b")
    )
    assert (await conversation(inbox)).inbox == INBOX
    assert (await conversation(inbox, OTHER_CHAT)).inbox == OTHER_INBOX


async def test_line_has_one_inbox(inbox: World) -> None:
    line = await inbox.links.find_line("+12025550100", by=ANN)
    with pytest.raises(Refused) as no:
        await inbox.links.make_inbox(OTHER_INBOX, line, made_by=ANN)
    assert no.value.room == INBOX


async def test_chat_that_moves_stays_one_conversation(inbox: World) -> None:
    await inbox.deliveries.accept(heard("1", line=LINE, room_key="pair"))
    await inbox.run()
    await inbox.deliveries.accept(heard("2", Text("0", "moved"), room=OTHER_CHAT, line=LINE, room_key="pair"))
    await inbox.run()
    assert {target for target, _ in places(inbox)[1:]} == {thread(1)}
    [delivery] = await inbox.deliveries.accept(dropped("3", thread(1)))
    assert (await inbox.row(delivery)).target == OTHER_CHAT


# The team answers


async def test_clip_dropped_in_the_thread_goes_to_that_contact(inbox: World) -> None:
    await hear(inbox, "1")
    await hear(inbox, "2", room=OTHER_CHAT)
    await inbox.run()
    [delivery] = await inbox.deliveries.accept(dropped("3", thread(2)))
    assert (await inbox.row(delivery)).target == OTHER_CHAT


@pytest.mark.parametrize("mode", list(Mode))
async def test_what_is_written_at_the_root_goes_nowhere_in_either_mode(inbox: World, mode: Mode) -> None:
    await make_inbox(inbox, mode=mode)
    assert not await inbox.deliveries.accept(said("1", Text("t", "For us."), room=INBOX))


async def test_clip_dropped_at_the_root_is_told_once(inbox: World) -> None:
    with pytest.raises(Refused, match="Drop it in a contact's thread"):
        await inbox.deliveries.accept(said("1", room=INBOX))
    assert not await inbox.deliveries.accept(said("1", room=INBOX))


async def test_text_sent_by_a_mention_at_the_root_is_to_be_written_elsewhere(inbox: World) -> None:
    message = said("1", Text("t", "Hello."), room=INBOX)
    with pytest.raises(Refused, match="Write it in a contact's thread"):
        await inbox.deliveries.accept(replace(message, command=message.id))


async def test_shortcut_on_a_clip_at_the_root_is_refused_each_time(inbox: World) -> None:
    """Its writer was told of the clip before; each use of a shortcut is an act of its own."""
    clip = said("1", room=INBOX)
    for act in ("", "trigger1", "trigger2"):
        with pytest.raises(Refused, match="Drop it in a contact's thread"):
            await inbox.deliveries.accept(replace(clip, command=act))


async def test_clip_in_a_thread_without_conversation_is_told(inbox: World) -> None:
    with pytest.raises(Refused, match=r"conversation.*Drop it in"):
        await inbox.deliveries.accept(dropped("1", thread(7)))


async def test_text_sent_in_a_thread_without_conversation_is_told(inbox: World) -> None:
    with pytest.raises(Refused, match=r"conversation.*Write it in"):
        await inbox.deliveries.accept(replace(typed("1", thread(7)), command="trigger"))


async def test_clip_dropped_while_the_root_is_posted_is_not_refused(inbox: World) -> None:
    """The thread stands in the team's room before we have heard of it: its event comes again a moment later."""

    async def drop() -> None:
        with pytest.raises(RetryLater):
            await inbox.deliveries.accept(dropped("2", thread(1)))

    inbox.team.sender.meanwhile = [drop()]
    await hear(inbox, "1")
    await inbox.run()
    assert len(await inbox.deliveries.accept(dropped("2", thread(1)))) == 1


async def test_threads_take_the_settings_of_their_inbox(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.links.set(INBOX, {"mode": ["conversation"]}, by=None)
    written = replace(said("2", Text("t", "To them."), room=INBOX), thread=thread(1))
    assert len(await inbox.deliveries.accept(written)) == 1


# States


async def test_states_follow_who_spoke_last(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    assert (await conversation(inbox)).state is ConversationState.NEW
    await inbox.deliveries.accept(dropped("2", thread(1)))
    await inbox.run()
    assert (await conversation(inbox)).state is ConversationState.ANSWERED
    await hear(inbox, "3")
    assert (await conversation(inbox)).state is ConversationState.WAITING
    await inbox.conversations.close(thread(1), by=ANN)
    assert (await conversation(inbox)).state is ConversationState.CLOSED


async def test_receipt_that_overtakes_the_answer_of_the_send_answers_the_contact(inbox: World) -> None:
    """The webhook names the memo by its attachment before our own call has returned."""
    await hear(inbox, "1")
    await inbox.run()
    [delivery] = await inbox.deliveries.accept(dropped("2", thread(1)))

    async def tell() -> None:
        [prepared] = (await inbox.row(delivery)).prepared or ()
        message = MessageId("chat:x#M1")
        receipt = Receipt("r1", ReceiptKind.SENT, BASE, ReceiptSource.WEBHOOK, message, attachments=prepared.media)
        await inbox.database.receipts.add([receipt])

    inbox.chats.sender.meanwhile = [tell()]
    await inbox.run()
    assert (await inbox.row(delivery)).sent_as == "chat:x#M1"
    assert (await conversation(inbox)).state is ConversationState.ANSWERED


async def test_answer_to_what_was_said_before_leaves_the_contact_waiting(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.deliveries.accept(dropped("2", thread(1)))
    asked_at = BASE + 3 * MINUTE  # after the answer was dropped, before it has arrived
    await inbox.deliveries.accept(heard("3", Text("0", "One more thing."), room=CHAT, line=LINE, at=asked_at))
    await inbox.run()
    assert (await conversation(inbox)).waiting_since is not None
    assert (await conversation(inbox)).state is ConversationState.WAITING


async def test_root_is_edited_when_the_state_changes_and_once_in_ten_seconds(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run(during=timedelta(seconds=1))
    for number in ("2", "3"):
        await inbox.deliveries.accept(dropped(number, thread(1)))
        await inbox.run(during=timedelta(seconds=1))
    assert inbox.team.threads.shown == []
    await inbox.run()
    assert inbox.team.threads.shown == [(thread(1), ConversationState.ANSWERED)]
    inbox.pass_by(MINUTE)
    await hear(inbox, "4")
    await inbox.run(during=timedelta(seconds=1))
    assert len(inbox.team.threads.shown) == 2


async def test_root_that_cannot_be_edited_is_edited_later(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    inbox.team.threads.trouble = {"show": [OutcomeUnknown("Lost."), Refused("No.")]}
    await inbox.conversations.take(thread(1), by=ANN)
    await inbox.run()
    assert inbox.team.threads.shown[-1][0] == thread(1)


async def test_of_two_who_take_it_one_has_it_and_the_other_learns_who(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    holders = await asyncio.gather(*(inbox.conversations.take(thread(1), by=who) for who in (ANN, BEN)))
    assert len(set(holders)) == 1
    await inbox.conversations.release(thread(1), by=ANN)
    assert (await conversation(inbox)).taken_by is None


async def test_button_of_a_root_that_is_not_recorded_yet_is_tried_again(inbox: World) -> None:
    async def take() -> None:
        with pytest.raises(RetryLater):
            await inbox.conversations.take(thread(1), by=ANN)

    inbox.team.sender.meanwhile = [take()]
    await hear(inbox, "1")
    await inbox.run()
    assert await inbox.conversations.take(thread(1), by=ANN) == ANN


async def test_who_may_not_send_may_not_take(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.links.set(INBOX, {"senders": [BEN]}, by=None)
    with pytest.raises(Refused, match="admins"):
        await inbox.conversations.take(thread(1), by=ANN)


# Being noticed


async def test_first_message_after_quarter_of_an_hour_is_shown_in_the_channel(inbox: World) -> None:
    for number, minutes in (("1", 0), ("2", 14), ("3", 28), ("4", 44)):
        message = heard(number, line=LINE, at=BASE + minutes * MINUTE)
        await inbox.deliveries.accept(message)
    await inbox.run()
    assert [outgoing.delivery.is_broadcast for outgoing in inbox.team.sender.sent] == [False, False, False, True]


async def test_what_the_team_says_counts_as_talk(inbox: World) -> None:
    await inbox.deliveries.accept(heard("1", line=LINE, at=BASE))
    await inbox.run()
    await inbox.deliveries.accept(replace(dropped("2", thread(1)), sent_at=BASE + 10 * MINUTE))
    await inbox.deliveries.accept(heard("3", line=LINE, at=BASE + 20 * MINUTE))
    await inbox.run()
    assert not inbox.team.sender.sent[-1].delivery.is_broadcast


# Closed, and opened again


async def test_message_within_a_day_opens_the_same_thread(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.close(thread(1), by=ANN)
    await hear(inbox, "2", "again")
    await inbox.run()
    assert places(inbox)[-1] == (thread(1), "again")
    assert inbox.team.sender.sent[-1].delivery.is_broadcast
    assert (await conversation(inbox)).closed_at is None


async def test_message_after_a_day_begins_a_new_thread_that_names_the_former(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.close(thread(1), by=ANN)
    inbox.execute("UPDATE conversations SET closed_at = %s", BASE - 2 * DAY)
    await hear(inbox, "2", "much later")
    await inbox.run()
    found = await conversation(inbox)
    assert (found.room, found.former) == (thread(2), thread(1))
    with pytest.raises(Refused, match="conversation"):
        await inbox.deliveries.accept(dropped("3", thread(1)))


async def test_answer_opens_a_closed_conversation(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.close(thread(1), by=ANN)
    await inbox.deliveries.accept(dropped("2", thread(1)))
    while await inbox.backfill.read_next() is not None:  # it waits for what may have been missed in the thread
        pass
    await inbox.run()
    assert (await conversation(inbox)).state is ConversationState.ANSWERED


async def test_conversation_goes_on_when_its_inbox_is_off(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.links.part(INBOX)
    await hear(inbox, "2", "still there")
    await hear(inbox, "3", "nobody listens", room=OTHER_CHAT)
    await inbox.run()
    assert places(inbox)[1:] == [(thread(1), "still there")]
    assert len(await inbox.deliveries.accept(dropped("4", thread(1)))) == 1


# Moved


async def test_moved_conversation_goes_on_in_the_channel_and_says_so(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    await hear(inbox, "2", "here now")
    await inbox.run()
    assert inbox.team.sender.sent[1].delivery.parts[0] == Announcement("moved", Happening.GOES_ON, room=OTHER_CHANNEL)
    assert [target for target, _ in places(inbox)[1:]] == [thread(1), OTHER_CHANNEL]
    with pytest.raises(Refused):
        await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)


async def test_what_was_not_shown_before_a_move_goes_first_in_the_channel(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await hear(inbox, "2", "before")
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    await hear(inbox, "3", "after")
    await inbox.run()
    shown = [place for place in places(inbox)[1:] if place[0] == OTHER_CHANNEL]
    assert shown == [(OTHER_CHANNEL, "before"), (OTHER_CHANNEL, "after")]


@pytest.mark.parametrize("how", ["move", "link"])
async def test_what_nobody_told_before_a_move_is_found_in_the_history(inbox: World, how: str) -> None:
    await hear(inbox, "1")
    await inbox.run()
    inbox.chats.history.said = [heard("2", Text("0", "missed"), line=LINE)]
    if how == "move":
        await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    else:
        await inbox.database.links.save(Link(OTHER_CHANNEL, CHAT, "Ann", "test"))
    await inbox.backfill.open_gaps()
    while await inbox.backfill.read_next() is not None:
        pass
    await inbox.run()
    assert (OTHER_CHANNEL, "missed") in places(inbox)


async def test_what_the_team_said_in_a_channel_before_a_move_stays_there(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    assert not await inbox.deliveries.accept_found(said("2", room=OTHER_CHANNEL))


async def test_conversation_does_not_move_while_something_is_posted_in_its_thread(inbox: World) -> None:
    """What comes next would be shown in the channel before it."""
    await hear(inbox, "1")
    await inbox.run()
    await hear(inbox, "2", "before")
    inbox.team.sender.trouble["send"] = [OutcomeUnknown("Lost.")]
    await inbox.do_jobs()
    with pytest.raises(RetryLater, match="being posted"):
        await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    assert (await conversation(inbox)).room == thread(1)
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)


async def test_tapback_on_what_was_not_shown_before_a_move_follows_it(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await hear(inbox, "2", "before")
    await react(inbox, "3", about="2")
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    await inbox.run()
    assert (OTHER_CHANNEL, "Reaction") in places(inbox)


async def test_tapback_and_edit_after_a_move_reach_what_stands_in_the_former_thread(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    await react(inbox, "2", about="1")
    await inbox.deliveries.accept(heard("3", Edit("0", "Hello!"), about=heard("1").id, line=LINE))
    await inbox.run()
    assert sorted(places(inbox)[2:]) == [(thread(1), "Edit"), (thread(1), "Reaction")]


async def test_tapback_that_history_tells_after_a_move_is_shown_once(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await hear(inbox, "2", "before")
    await react(inbox, "3", about="2")
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    told_again = heard("3", Reaction("r", "❤️"), about=heard("2").id, line=LINE, at=datetime.now(UTC))
    await inbox.deliveries.accept_found(told_again)
    await inbox.run()
    assert places(inbox).count((OTHER_CHANNEL, "Reaction")) == 1


@pytest.mark.parametrize("change", [Edit("e", "Mended."), Reaction("r", "👍")])
async def test_what_the_team_changes_in_the_former_thread_reaches_the_contact(
    inbox: World, change: Edit | Reaction
) -> None:
    await make_inbox(inbox, mode=Mode.CONVERSATION)
    await hear(inbox, "1")
    await inbox.run()
    await inbox.deliveries.accept(typed("2", thread(1)))
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    await inbox.links.set(OTHER_CHANNEL, {"mode": ["conversation"]}, by=None)
    [root] = inbox.execute("SELECT sent_as FROM deliveries WHERE source = %s", heard("1").id)
    about = typed("2", thread(1)).id if isinstance(change, Edit) else root["sent_as"]
    await inbox.deliveries.accept(replace(typed("3", thread(1)), parts=(change,), about=about))
    await inbox.run()
    assert type(inbox.chats.sender.sent[-1].delivery.parts[0]) is type(change)


async def test_tapback_in_words_after_a_move_reaches_what_stands_in_the_former_thread(inbox: World) -> None:
    inbox.team.unknown_emoji = {"❤️"}
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    await react(inbox, "2", about="1")
    await inbox.run()
    assert (thread(1), "❤️") in places(inbox)
    assert not inbox.execute("SELECT id FROM deliveries WHERE state <> 'recorded'")


async def test_tapback_on_what_stands_in_an_unlinked_channel_is_not_shown_there(inbox: World) -> None:
    await inbox.link(OTHER_CHANNEL, CHAT)
    await hear(inbox, "1")
    await inbox.run()
    await inbox.links.part(OTHER_CHANNEL)
    await hear(inbox, "2")
    await react(inbox, "3", about="1")
    await inbox.run()
    assert [words for _, words in places(inbox)] == ["Hello.", "Hello."]


async def test_conversation_does_not_move_into_a_channel_that_is_linked(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.link(OTHER_CHANNEL, OTHER_CHAT)
    with pytest.raises(Refused, match="linked"):
        await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    with pytest.raises(Refused, match="linked"):
        await inbox.conversations.move(thread(1), INBOX, by=ANN)


async def test_unlinked_channel_gives_its_chat_back_to_the_inbox(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.move(thread(1), OTHER_CHANNEL, by=ANN)
    await inbox.links.part(OTHER_CHANNEL)
    await hear(inbox, "2", "back")
    await inbox.run()
    found = await conversation(inbox)
    assert (found.former, found.room) == (thread(1), thread(3))


# Blocked


async def test_blocked_contact_is_blocked_at_the_network(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.block(thread(1), by=ANN)
    assert (inbox.chats.blocking.blocked, (await conversation(inbox)).blocked_at is None) == ({CHAT}, False)
    await inbox.conversations.unblock(thread(1), by=ANN)
    assert (inbox.chats.blocking.blocked, (await conversation(inbox)).blocked_at) == (set(), None)


async def test_group_is_not_blocked(inbox: World) -> None:
    await inbox.deliveries.accept(heard("1", line=LINE, is_in_group=True))
    await inbox.run()
    with pytest.raises(Refused, match="group"):
        await inbox.conversations.block(thread(1), by=ANN)


# What is gone


async def test_deleted_root_is_replaced_by_one_new_root(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    inbox.team.sender.gone = {thread(1)}
    for number in ("2", "3", "4"):
        await hear(inbox, number, number)
    await inbox.run()
    root, *rest = places(inbox)[1:]
    assert (root[0].startswith(f"{INBOX}/new-"), root[1]) == (True, "2")
    assert rest == [(thread(2), "3"), (thread(2), "4")]
    assert len(await inbox.deliveries.accept(dropped("5", thread(2)))) == 1


async def test_what_is_said_waits_while_its_channel_is_gone(inbox: World) -> None:
    inbox.team.sender.gone = {INBOX}
    await hear(inbox, "1", "a")
    await hear(inbox, "2", "b")
    for wait in (MINUTE, 5 * DAY):
        inbox.pass_by(wait)
        await inbox.run(during=6 * MINUTE)
    inbox.team.sender.gone = set()
    await inbox.run()
    assert [said for _, said in places(inbox)] == ["a", "b"]


async def test_conversation_goes_on_in_another_inbox_when_its_channel_is_gone(inbox: World) -> None:
    await hear(inbox, "1", "old")
    await inbox.run()
    await inbox.links.part(INBOX)
    await make_inbox(inbox, OTHER_INBOX)
    await hear(inbox, "2", "still in the old one")
    await inbox.run()
    inbox.team.sender.gone = {INBOX}
    await hear(inbox, "3", "moved along")
    await inbox.run()
    *_, kept, moved = places(inbox)
    assert kept == (thread(1), "still in the old one")
    assert (moved[0].startswith(f"{OTHER_INBOX}/new-"), moved[1]) == (True, "moved along")


async def test_message_into_a_channel_that_is_gone_fails_once_it_is_unlinked(world: World) -> None:
    world.team.sender.gone = {RoomId("team:T0AAA/C0MAP")}
    [delivery] = await world.deliveries.accept(heard())
    for wait in (MINUTE, 5 * DAY):
        world.pass_by(wait)
        await world.run(during=6 * MINUTE)
    assert await world.status(delivery) is Status.QUEUED
    await world.links.part(RoomId("team:T0AAA/C0MAP"))
    await world.run()
    assert await world.status(delivery) is Status.FAILED


# Nobody listens


async def test_chat_that_nobody_listens_to_is_counted(inbox: World) -> None:
    await inbox.links.part(INBOX)
    for number in ("1", "1", "2"):
        await hear(inbox, number)
    [unheard] = await inbox.database.conversations.unheard()
    assert (unheard.room, unheard.line, unheard.messages) == (CHAT, LINE, 2)
    assert not inbox.execute("SELECT * FROM deliveries")


async def test_chat_that_somebody_listens_to_now_is_not_unheard(inbox: World) -> None:
    await inbox.links.part(INBOX)
    await hear(inbox, "1")
    await inbox.link(OTHER_CHANNEL, CHAT)
    assert await inbox.database.conversations.unheard() == []


# Downtime


async def test_missed_first_message_begins_a_conversation(inbox: World) -> None:
    await inbox.backfill.open_gaps()
    inbox.chats.history.said = [heard("5", Text("0", "missed"), line=LINE)]
    inbox.chats.history.everywhere = True
    while await inbox.backfill.read_next() is not None:
        pass
    await inbox.run()
    assert [said for _, said in places(inbox)] == ["missed"]


@pytest.mark.parametrize("is_closed", [False, True])
async def test_first_word_after_downtime_waits_for_what_was_missed_before_it(inbox: World, *, is_closed: bool) -> None:
    """The chat has no mark of its own, as it is new, or as its conversation was closed: only its line has a gap."""
    if is_closed:
        await hear(inbox, "1", "closed")
        await inbox.run()
        await inbox.conversations.close(thread(1), by=ANN)
    await inbox.backfill.open_gaps()
    await hear(inbox, "6", "told")
    await inbox.run(during=timedelta())
    inbox.chats.history.said = [heard("5", Text("0", "missed"), line=LINE)]
    inbox.chats.history.everywhere = True
    while await inbox.backfill.read_next() is not None:
        pass
    await inbox.run()
    assert [said for _, said in places(inbox)][is_closed:] == ["missed", "told"]


@pytest.mark.parametrize("is_read_once_more", [False, True])
async def test_what_the_team_writes_in_a_closed_thread_waits_for_what_was_missed_there(
    inbox: World, *, is_read_once_more: bool
) -> None:
    """Closed conversations are not read, so nobody knows whether Slack will still tell of something said before it."""
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.close(thread(1), by=ANN)
    while is_read_once_more and await inbox.backfill.read_next() is not None:
        pass
    inbox.execute("UPDATE conversations SET closed_at = %s", BASE)
    inbox.execute("UPDATE marks SET read_up_to = %s", BASE)
    told = replace(dropped("6", thread(1)), sent_at=inbox.now())
    missed = replace(dropped("5", thread(1)), sent_at=inbox.now() - timedelta(seconds=1))
    await inbox.deliveries.accept(told)
    await inbox.run(during=timedelta(seconds=1))
    assert inbox.chats.sender.sent == []
    inbox.team.history.said = [missed, told]
    while await inbox.backfill.read_next() is not None:
        pass
    await inbox.run()
    assert [sent.delivery.source for sent in inbox.chats.sender.sent] == [missed.id, told.id]


async def test_nothing_from_before_the_inbox_is_carried(inbox: World) -> None:
    await inbox.deliveries.accept_found(heard("5", line=LINE, at=BASE - MINUTE))
    assert not inbox.execute("SELECT * FROM conversations")
    assert await inbox.database.conversations.unheard() == []


async def test_closed_conversation_is_opened_by_what_is_new_only(inbox: World) -> None:
    """A webhook may come twice, and the line's history tells again what was said just before."""
    before = heard("1", Text("0", "Hello."), line=LINE)
    await inbox.deliveries.accept(before)
    await inbox.run()
    await inbox.conversations.close(thread(1), by=ANN)
    await inbox.deliveries.accept(before)
    await inbox.deliveries.accept_found(before)
    assert (await conversation(inbox)).state is ConversationState.CLOSED
    await inbox.deliveries.accept(heard("2", Text("0", "Late, and new."), line=LINE))
    assert (await conversation(inbox)).closed_at is None


async def test_closed_conversations_are_not_read(inbox: World) -> None:
    await hear(inbox, "1")
    await inbox.run()
    await inbox.conversations.close(thread(1), by=ANN)
    while await inbox.backfill.read_next() is not None:
        pass
    inbox.team.history.reads.clear()
    inbox.chats.history.reads.clear()
    await inbox.backfill.open_gaps()
    while await inbox.backfill.read_next() is not None:
        pass
    assert set(inbox.team.history.reads) == {INBOX}
    assert set(inbox.chats.history.reads) == {LINE}
