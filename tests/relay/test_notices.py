"""One notice per Slack message: posted once, found again when its answer was lost, then only edited."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.model import MemoId, Notice, Receipt, ReceiptKind
from tests.fakes import ANN, CHAT, share
from tests.relay.conftest import World


async def turn_slept_over(world: World) -> Notice:
    """A turn whose process slept from its start, while another posted the notice."""
    await world.clips.accept(share())
    [notice_id] = world.memory.notices
    sleeping = await world.memory.take(notice_id, world.clock())
    assert sleeping is not None
    await world.run()
    return sleeping


async def test_a_message_with_two_clips_gets_one_notice(world: World) -> None:
    await world.clips.accept(share("1790000001.0", "a.m4a", "b.m4a"))
    await world.run()
    assert len(world.slack.posts) == 1
    assert "a.m4a queued, b.m4a queued" in world.slack.posts


async def test_receipts_edit_the_notice_in_place(world: World) -> None:
    await world.clips.accept(share())
    await world.run()
    await world.receipts.add([Receipt("R1", ReceiptKind.READ, world.clock(), MemoId("M1"))])
    await world.run()
    assert len(world.slack.posts) == 1
    assert world.slack.edits[-1] == "memo.m4a read"


async def test_an_unchanged_notice_is_not_edited(world: World) -> None:
    await world.clips.accept(share())
    await world.run()
    edits = len(world.slack.edits)
    [notice] = world.memory.notices
    await world.notices.announce(notice)
    assert len(world.slack.edits) == edits


async def test_a_post_whose_answer_was_lost_is_found_and_not_posted_again(world: World) -> None:
    world.slack.trouble["post_notice"] = [OutcomeUnknown("lost")]
    await world.clips.accept(share())
    await world.run()
    assert len(world.slack.posts) == 1
    [notice] = world.memory.notices.values()
    assert [notice.ts] == world.slack.standing[notice.id]


async def test_a_post_that_truly_failed_is_posted_again_after_looking(world: World) -> None:
    world.slack.trouble["post_notice"] = [OutcomeUnknown("lost")]
    world.slack.post_stands_when_lost = False
    await world.clips.accept(share())
    await world.run()
    assert len(world.slack.posts) == 1
    assert world.slack.finds == 1


async def test_a_post_without_an_answer_is_given_time_to_be_listed(world: World) -> None:
    """Looked for at once, it might not be found, and be posted a second time."""
    world.slack.trouble["post_notice"] = [OutcomeUnknown("lost")]
    await world.clips.accept(share())
    [notice] = world.memory.notices
    with pytest.raises(RetryLater) as later:
        await world.notices.announce(notice)
    assert later.value.after == timedelta(seconds=2)


async def test_what_became_of_a_clip_while_its_notice_was_lost_is_shown_when_that_is_found(world: World) -> None:
    world.slack.trouble["post_notice"] = [OutcomeUnknown("lost")]
    await world.clips.accept(share())
    [notice] = world.memory.notices
    with pytest.raises(RetryLater):
        await world.notices.announce(notice)
    await world.receipts.add([Receipt("R1", ReceiptKind.READ, world.clock(), MemoId("M1"))])
    await world.run()
    assert (world.slack.posts, world.slack.edits) == (["memo.m4a queued"], ["memo.m4a read"])


async def test_a_notice_with_nothing_to_tell_is_not_posted(world: World) -> None:
    await world.clips.accept(share())
    world.memory.rows.clear()  # the message's deliveries were forgotten
    [notice] = world.memory.notices
    await world.notices.announce(notice)
    assert world.slack.posts == []


async def test_a_process_killed_just_after_posting_leaves_one_notice(world: World) -> None:
    await world.clips.accept(share())
    [notice_id] = world.memory.notices
    notice = await world.memory.take(notice_id, world.clock())
    assert notice is not None
    await world.slack.post_notice(notice)
    await world.run()
    assert len(world.slack.posts) == 1


async def test_an_edit_that_must_wait_shows_the_newest_status_when_its_turn_comes(world: World) -> None:
    await world.clips.accept(share())
    await world.run()
    world.slack.trouble["update_notice"] = [RetryLater("rate limited", after=timedelta(seconds=30))]
    for kind in (ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ):
        await world.receipts.add([Receipt(f"R{kind}", kind, world.clock(), MemoId("M1"))])
    edits = len(world.slack.edits)
    await world.run()
    assert world.slack.edits[edits:] == ["memo.m4a read"]


async def test_a_failure_is_also_said_aloud_exactly_once(world: World) -> None:
    world.linq.trouble["send"] = [Refused("No.")]
    [delivery] = await world.clips.accept(share())
    await world.run()
    [notice] = world.memory.notices
    await world.notices.announce(notice)
    assert world.slack.alarms == [delivery]


async def test_a_failure_is_said_aloud_although_the_notice_can_be_edited_no_more(world: World) -> None:
    [delivery] = await world.clips.accept(share())
    [notice] = world.memory.notices
    await world.notices.announce(notice)
    gone = Refused("The notice was deleted in Slack.", code="message_not_found")
    world.slack.trouble["update_notice"] = [gone] * 9
    world.linq.trouble["send"] = [Refused("This person asked for no more messages.", code="2024")]
    await world.run()
    assert world.slack.alarms == [delivery]


async def test_what_nobody_can_confirm_is_said_aloud_too(world: World) -> None:
    world.linq.lose_answers, world.linq.lists_memos = 1, False
    [delivery] = await world.clips.accept(share())
    await world.run()
    assert world.slack.alarms == [delivery]


async def test_an_alarm_that_slack_puts_off_is_said_later(world: World) -> None:
    world.linq.trouble["send"], world.slack.trouble["alarm"] = [Refused("No.")], [RetryLater("rate limited")]
    [delivery] = await world.clips.accept(share())
    await world.run()
    assert world.slack.alarms == [delivery]


async def test_an_alarm_whose_answer_was_lost_is_not_said_twice(world: World) -> None:
    world.linq.trouble["send"], world.slack.trouble["alarm"] = [Refused("No.")], [OutcomeUnknown("lost")]
    await world.clips.accept(share())
    await world.run()
    assert world.slack.alarms == []


async def test_nothing_is_said_aloud_before_its_notice_stands(world: World) -> None:
    world.linq.trouble["send"], world.slack.trouble["post_notice"] = [Refused("No.")], [RetryLater("rate limited")]
    world.slack.post_stands_when_lost = False
    await world.clips.accept(share())
    [notice] = world.memory.notices
    await world.clips.work(CHAT)
    with pytest.raises(RetryLater):
        await world.notices.announce(notice)
    assert world.slack.alarms == []


async def test_a_clip_sent_again_that_fails_alike_is_shown_with_its_own_button(world: World) -> None:
    world.linq.trouble["send"] = [Refused("This person asked for no more messages.", code="2024")] * 2
    [delivery] = await world.clips.accept(share())
    await world.run()
    edits = len(world.slack.edits)
    await world.wishes.resend(delivery, by=ANN)
    await world.clips.work(CHAT)
    await world.run()
    assert len(world.slack.edits) == edits + 1


async def test_a_notice_that_slack_refuses_does_not_stop_the_memo(world: World) -> None:
    world.slack.trouble["post_notice"] = [Refused("channel is archived", code="is_archived")]
    await world.clips.accept(share())
    await world.run()
    assert len(world.linq.sent) == 1


async def test_a_process_that_slept_over_its_post_takes_away_what_it_posted_too_late(world: World) -> None:
    sleeping = await turn_slept_over(world)
    await world.notices._show(sleeping)
    assert len(world.slack.posts) == 2
    assert world.slack.removed == ["1790000001.000001"]


async def test_what_was_posted_too_late_is_taken_away_though_the_connections_are_dead_after_the_sleep(
    world: World,
) -> None:
    sleeping = await turn_slept_over(world)
    world.slack.trouble["remove_notice"] = [RetryLater("Slack hung up."), RetryLater("Slack hung up.")]
    await world.notices._show(sleeping)
    assert world.slack.removed == ["1790000001.000001"]


async def test_what_was_posted_too_late_and_unanswered_is_taken_away_by_a_later_turn(world: World) -> None:
    """Nobody knows its ts: it is looked for, since more than one turn may have posted."""
    sleeping = await turn_slept_over(world)
    world.slack.trouble["post_notice"] = [OutcomeUnknown("lost")]
    with pytest.raises(RetryLater):
        await world.notices._show(sleeping)
    assert world.slack.standing[sleeping.id] == ["1790000000.000001", "1790000001.000001"]
    await world.notices.announce(sleeping.id)
    assert world.slack.standing[sleeping.id] == ["1790000000.000001"]


async def test_a_notice_that_one_turn_posted_is_never_looked_for(world: World) -> None:
    await world.clips.accept(share())
    await world.run()
    await world.receipts.add([Receipt("R1", ReceiptKind.READ, world.clock(), MemoId("M1"))])
    await world.run()
    assert (world.slack.edits[-1], world.slack.finds) == ("memo.m4a read", 0)


async def test_a_post_that_must_wait_for_its_turn_is_not_looked_for(world: World) -> None:
    """It was surely not made, and a search is a call too."""
    world.slack.trouble["post_notice"] = [RetryLater("rate limited"), RetryLater("rate limited")]
    world.slack.post_stands_when_lost = False
    await world.clips.accept(share())
    await world.run()
    assert (len(world.slack.posts), world.slack.finds) == (1, 0)


async def test_old_words_of_a_process_that_slept_over_its_edit_are_followed_by_the_true_ones(world: World) -> None:
    await world.clips.accept(share())
    await world.run()
    [notice_id] = world.memory.notices
    sleeping = await world.memory.take(notice_id, world.clock())
    assert sleeping is not None
    await world.receipts.add([Receipt("R1", ReceiptKind.READ, world.clock(), MemoId("M1"))])
    await world.run()
    await world.notices._show(replace(sleeping, shown="memo.m4a queued"))
    await world.run()
    assert world.slack.edits[-1] == "memo.m4a read"
