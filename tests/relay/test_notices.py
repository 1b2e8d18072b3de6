"""One notice per source message: posted once, found again when its answer was lost, then only edited."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.ids import NoticeId
from bot.relay.model import Mark, Notice, Receipt, ReceiptKind, ReceiptSource, Status
from bot.relay.parts import Text
from tests.fakes import ANN, BASE, CHANNEL, CHAT, heard, said, voice
from tests.relay.world import World

NOTICE = NoticeId(said().id)
LOST = OutcomeUnknown("The answer was lost.")
MINUTE = timedelta(minutes=1)


async def tell(world: World, kind: ReceiptKind, number: int = 1) -> None:
    """A receipt for the message that was sent as the so-manieth."""
    message = world.chats.sender.message(number)
    await world.receipts.add([Receipt(f"R{kind}{number}", kind, BASE, ReceiptSource.WEBHOOK, message)])


async def frozen_refresh(world: World) -> Notice:
    """One that froze as it began, while another posted the notice."""
    await world.deliveries.accept(said())
    frozen = await world.database.notices.begin_refresh(NOTICE)
    assert frozen is not None
    await world.run()
    return frozen


async def show(world: World, notice: Notice) -> None:
    """What a process does that has begun a refresh before."""
    await world.notices._show(notice, world.team.board, world.team.board.render(notice))


async def test_message_with_two_parts_gets_one_notice(world: World) -> None:
    await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.run()
    assert world.team.board.posts == ["a.m4a queued, b.m4a queued"]


async def test_message_of_the_contact_gets_no_notice(world: World) -> None:
    await world.deliveries.accept(heard())
    await world.run()
    assert (world.team.board.posts, world.execute("SELECT * FROM notices")) == ([], [])


async def test_receipts_edit_the_notice_in_place(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    await tell(world, ReceiptKind.READ)
    await world.run()
    assert len(world.team.board.posts) == 1
    assert world.team.board.edits[-1] == "memo.m4a read"


async def test_notice_that_says_the_same_is_not_edited(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    edits = len(world.team.board.edits)
    await world.notices.refresh(NOTICE)
    assert len(world.team.board.edits) == edits


async def test_post_whose_answer_was_lost_is_found_and_not_repeated(world: World) -> None:
    world.team.board.trouble["post"] = [LOST]
    await world.deliveries.accept(said())
    await world.run()
    assert len(world.team.board.posts) == 1
    [row] = world.execute("SELECT posted_as FROM notices")
    assert world.team.board.posted[NOTICE] == [row["posted_as"]]


async def test_post_that_was_not_taken_is_repeated_after_a_look(world: World) -> None:
    world.team.board.trouble["post"] = [LOST]
    world.team.board.posts_taken_when_lost = False
    await world.deliveries.accept(said())
    await world.run()
    assert (len(world.team.board.posts), world.team.board.finds) == (1, 1)


async def test_post_without_an_answer_is_given_time_to_be_listed(world: World) -> None:
    """Looked for at once, it might not be found, and be posted a second time: a change meanwhile waits, too."""
    world.team.board.trouble["post"] = [LOST]
    await world.deliveries.accept(said())
    await world.notices.refresh(NOTICE)
    await world.run(during=timedelta(seconds=1))
    await tell(world, ReceiptKind.READ)
    await world.do_jobs()
    assert world.team.board.finds == 0
    await world.run()
    assert (world.team.board.posts, world.team.board.edits) == (["memo.m4a queued"], ["memo.m4a read"])


async def test_notice_that_was_found_shows_what_changed_meanwhile(world: World) -> None:
    world.team.board.trouble["post"] = [LOST]
    await world.deliveries.accept(said())
    await world.notices.refresh(NOTICE)
    await tell(world, ReceiptKind.READ)
    await world.run()
    assert (world.team.board.posts, world.team.board.edits[-1]) == (["memo.m4a queued"], "memo.m4a read")


async def test_notice_without_deliveries_is_not_posted(world: World) -> None:
    await world.deliveries.accept(said())
    world.execute("DELETE FROM deliveries")  # as the retention does
    await world.notices.refresh(NOTICE)
    assert world.team.board.posts == []


async def test_process_killed_just_after_posting_leaves_one_notice(world: World) -> None:
    await world.deliveries.accept(said())
    notice = await world.database.notices.begin_refresh(NOTICE)
    assert notice is not None
    await world.team.board.post(notice, world.team.board.render(notice))
    await world.run()
    assert len(world.team.board.posts) == 1


async def test_notice_whose_post_was_not_stored_says_that_it_was_cancelled(world: World) -> None:
    """People may cancel by its very button, and it must not offer that for ever."""
    await world.deliveries.accept(said())
    notice = await world.database.notices.begin_refresh(NOTICE)
    assert notice is not None
    await world.team.board.post(notice, world.team.board.render(notice))
    await world.deliveries.withdraw(said().id, [CHANNEL])
    await world.run()
    assert (len(world.team.board.posts), world.team.board.edits[-1]) == (1, "memo.m4a cancelled")


async def test_notice_whose_thread_is_gone_is_looked_for_without_harm(world: World) -> None:
    await world.deliveries.accept(said())
    await world.database.notices.begin_refresh(NOTICE)
    await world.deliveries.withdraw(said().id, [CHANNEL])
    world.team.board.trouble["find"] = [Refused("thread_not_found")]
    await world.notices.refresh(NOTICE)
    assert world.team.board.posts == []


async def test_post_that_has_to_wait_is_not_looked_for(world: World) -> None:
    """It was surely not made, and a search is a call too."""
    world.team.board.trouble["post"] = [RetryLater("rate limited"), RetryLater("rate limited")]
    world.team.board.posts_taken_when_lost = False
    await world.deliveries.accept(said())
    await world.run()
    assert (len(world.team.board.posts), world.team.board.finds) == (1, 0)


async def test_notice_that_one_refresh_posted_is_never_looked_for(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    await tell(world, ReceiptKind.READ)
    await world.run()
    assert (world.team.board.edits[-1], world.team.board.finds) == ("memo.m4a read", 0)


async def test_edit_that_has_to_wait_shows_the_newest_status_at_its_turn(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    world.team.board.trouble["update"] = [RetryLater("rate limited", after=timedelta(seconds=30))]
    for kind in (ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ):
        await tell(world, kind)
    edits = len(world.team.board.edits)
    await world.run()
    assert world.team.board.edits[edits:] == ["memo.m4a read"]


async def test_refresh_that_waited_for_its_turn_reads_the_facts_again(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    await tell(world, ReceiptKind.SENT)
    world.team.board.waits, world.team.board.meanwhile = 1, [tell(world, ReceiptKind.READ)]
    edits = len(world.team.board.edits)
    await world.run()
    assert world.team.board.edits[edits:] == ["memo.m4a read"]


async def test_refused_notice_does_not_stop_the_message(world: World) -> None:
    world.team.board.trouble["post"] = [Refused("channel is archived", code="is_archived")]
    await world.deliveries.accept(said())
    await world.run()
    assert len(world.chats.sender.sent) == 1


async def test_message_deleted_before_its_first_notice_gets_none(world: World) -> None:
    """A reply to a deleted message would land at the channel's root."""
    await world.deliveries.accept(said())
    world.chats.sender.meanwhile = [world.deliveries.withdraw(said().id, [CHANNEL])]
    await world.deliveries.send_next(CHAT)
    await world.run()
    assert (len(world.chats.sender.sent), world.team.board.posts) == (1, [])


async def test_message_that_lost_one_part_gets_its_notice(world: World) -> None:
    await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.deliveries.withdraw(said().id, [CHANNEL], ["F0a.m4a"])
    await world.run()
    assert world.team.board.posts == ["a.m4a queued, b.m4a cancelled"]


async def test_deleted_message_keeps_the_notice_that_it_has(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=1))]
    await world.deliveries.accept(said())
    await world.run(during=MINUTE)
    await world.deliveries.withdraw(said().id, [CHANNEL])
    await world.run()
    assert world.team.board.edits[-1] == "memo.m4a cancelled"


async def test_message_cancelled_before_its_first_notice_gets_none(world: World) -> None:
    await world.deliveries.accept(said())
    await world.deliveries.withdraw(said().id, [CHANNEL])
    await world.run()
    assert world.team.board.posts == []


async def test_failure_alerts_the_sender_exactly_once(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No.")]
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    await world.notices.refresh(NOTICE)
    assert world.team.board.alerts == [(delivery, Status.FAILED)]


async def test_unconfirmed_alerts_the_sender(world: World) -> None:
    world.chats.sender.lose_answers, world.chats.sender.lists_messages = 1, False
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    assert world.team.board.alerts == [(delivery, Status.UNCONFIRMED)]


async def test_failure_alerts_although_the_notice_can_be_edited_no_more(world: World) -> None:
    [delivery] = await world.deliveries.accept(said())
    await world.notices.refresh(NOTICE)
    world.team.board.trouble["update"] = [Refused("The notice was deleted.")] * 9
    world.chats.sender.trouble["send"] = [Refused("This person asked for no more messages.", code="2024")]
    await world.run()
    assert world.team.board.alerts == [(delivery, Status.FAILED)]


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ([ReceiptKind.DELIVERED], [Status.DELIVERED]),
        ([ReceiptKind.DELIVERED, ReceiptKind.READ], [Status.DELIVERED]),
        ([ReceiptKind.READ], [Status.READ]),
        ([ReceiptKind.SENT], []),
    ],
)
async def test_edit_that_is_refused_for_good_tells_how_it_ended(
    world: World, kinds: list[ReceiptKind], told: list[Status]
) -> None:
    """A workspace's edit window, or a lost right: else the thread would say queued of a delivered memo."""
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    world.team.board.trouble["update"] = [Refused("edit_window_closed")] * 9
    for kind in kinds:
        await tell(world, kind)
        await world.run()
    assert world.team.board.alerts == [(delivery, status) for status in told]


async def test_alert_that_is_put_off_comes_later(world: World) -> None:
    world.chats.sender.trouble["send"], world.team.board.trouble["alert"] = [Refused("No.")], [RetryLater("limited")]
    await world.deliveries.accept(said())
    await world.run()
    assert len(world.team.board.alerts) == 1


async def test_alert_whose_answer_was_lost_is_not_repeated(world: World) -> None:
    world.chats.sender.trouble["send"], world.team.board.trouble["alert"] = [Refused("No.")], [LOST]
    await world.deliveries.accept(said())
    await world.run()
    await world.notices.refresh(NOTICE)
    assert world.team.board.alerts == []


async def test_alert_that_was_refused_keeps_no_other_from_coming(world: World) -> None:
    world.chats.sender.trouble["send"], world.team.board.trouble["alert"] = [Refused("No.")] * 2, [Refused("gone")]
    await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.run()
    assert len(world.team.board.alerts) >= 1


async def test_nothing_is_alerted_before_its_notice_is_posted(world: World) -> None:
    world.chats.sender.trouble["send"], world.team.board.trouble["post"] = [Refused("No.")], [RetryLater("limited")]
    world.team.board.posts_taken_when_lost = False
    await world.deliveries.accept(said())
    await world.deliveries.send_next(CHAT)
    await world.notices.refresh(NOTICE)
    assert world.team.board.alerts == []


async def test_resend_that_fails_alike_is_shown_as_another(world: World) -> None:
    """It has a button of its own."""
    world.chats.sender.trouble["send"] = [Refused("This person asked for no more messages.", code="2024")] * 2
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    edits = len(world.team.board.edits)
    await world.actions.resend(delivery, by=ANN)
    await world.deliveries.send_next(CHAT)
    await world.run()
    assert len(world.team.board.edits) == edits + 1


async def test_frozen_process_removes_what_it_posted_too_late(world: World) -> None:
    frozen = await frozen_refresh(world)
    first = list(world.team.board.posted[NOTICE])
    await show(world, frozen)
    assert len(world.team.board.posts) == 2
    assert world.team.board.posted[NOTICE] == first


async def test_duplicate_is_removed_although_the_connections_are_dead(world: World) -> None:
    """After a long sleep every open connection fails once."""
    frozen = await frozen_refresh(world)
    world.team.board.trouble["remove"] = [RetryLater("hung up"), RetryLater("hung up")]
    await show(world, frozen)
    assert len(world.team.board.removed) == 1


async def test_unanswered_duplicate_is_removed_by_a_later_refresh(world: World) -> None:
    """Nobody knows its id: it is looked for, since more than one refresh may have posted."""
    frozen = await frozen_refresh(world)
    first = list(world.team.board.posted[NOTICE])
    world.team.board.trouble["post"] = [LOST]
    with pytest.raises(RetryLater):
        await show(world, frozen)
    assert len(world.team.board.posted[NOTICE]) == 2
    await world.notices.refresh(NOTICE)
    assert world.team.board.posted[NOTICE] == first


async def test_frozen_process_that_shows_old_words_is_followed_by_the_truth(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    frozen = await world.database.notices.begin_refresh(NOTICE)
    assert frozen is not None
    await tell(world, ReceiptKind.READ)
    await world.run()
    await show(world, replace(frozen, shown="something else"))
    await world.run()
    assert world.team.board.edits[-1] == "memo.m4a read"


@pytest.fixture
def marked(world: World) -> World:
    """The board shows what became of a text by marks, and posts only a failure."""
    world.team.board.by_marks = True
    return world


async def send_text(world: World) -> None:
    await world.deliveries.accept(said("1", Text("t", "Hello"), command="T1"))
    await world.run()


async def test_notice_without_text_is_never_posted(marked: World) -> None:
    await send_text(marked)
    await tell(marked, ReceiptKind.DELIVERED)
    await marked.run()
    assert (marked.team.board.posts, marked.team.board.edits, marked.team.board.finds) == ([], [], 0)


async def test_marks_follow_the_status(marked: World) -> None:
    await send_text(marked)
    for kind in (ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ):
        await tell(marked, kind)
        await marked.run()
    assert marked.team.board.marks[NOTICE] == [
        frozenset(),
        frozenset(),
        frozenset({Mark.DELIVERED}),
        frozenset({Mark.READ}),
    ]


async def test_marks_that_say_the_same_are_not_set_again(marked: World) -> None:
    await send_text(marked)
    await tell(marked, ReceiptKind.DELIVERED)
    await marked.run()
    calls = len(marked.team.board.marks[NOTICE])
    await marked.notices.refresh(NOTICE)
    assert len(marked.team.board.marks[NOTICE]) == calls


async def test_failure_is_marked_posted_and_alerted(marked: World) -> None:
    marked.chats.sender.trouble["send"] = [Refused("No.")]
    await send_text(marked)
    assert marked.team.board.marks[NOTICE][-1] == {Mark.FAILED}
    assert marked.team.board.posts == ["text failed"]
    assert len(marked.team.board.alerts) == 1


async def test_failure_after_marks_is_posted_without_a_search(marked: World) -> None:
    await send_text(marked)
    await tell(marked, ReceiptKind.FAILED)
    await marked.run()
    assert (marked.team.board.posts, marked.team.board.finds) == (["text failed"], 0)


async def test_posted_notice_whose_text_became_empty_is_not_edited(marked: World) -> None:
    marked.chats.sender.trouble["send"] = [Refused("No.")]
    [delivery] = await marked.deliveries.accept(said("1", Text("t", "Hello"), command="T1"))
    await marked.run()
    await marked.actions.resend(delivery, by=ANN)
    await marked.run()
    assert marked.team.board.edits == []
    assert marked.team.board.marks[NOTICE][-1] == frozenset()


@pytest.mark.parametrize("error", [RetryLater("limited"), LOST])
async def test_marks_that_could_not_be_set_are_set_later(marked: World, error: RetryLater | OutcomeUnknown) -> None:
    await send_text(marked)
    marked.team.board.trouble["mark"] = [error]
    await tell(marked, ReceiptKind.DELIVERED)
    await marked.run()
    assert marked.team.board.marks[NOTICE][-1] == {Mark.DELIVERED}


async def test_refused_marks_do_not_hide_a_failure(marked: World) -> None:
    """As without the right to react."""
    marked.team.board.trouble["mark"] = [Refused("missing_scope")] * 9
    marked.chats.sender.trouble["send"] = [Refused("No.")]
    await send_text(marked)
    assert (marked.team.board.posts, len(marked.team.board.alerts)) == (["text failed"], 1)


async def test_refused_marks_alert_of_no_success(marked: World) -> None:
    marked.team.board.trouble["mark"] = [Refused("missing_scope")] * 9
    await send_text(marked)
    await tell(marked, ReceiptKind.DELIVERED)
    await marked.run()
    assert marked.team.board.alerts == []


async def test_notice_without_marks_sets_none(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    assert world.team.board.marks == {}
