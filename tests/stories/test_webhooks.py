"""Webhooks on bad days: twice, in any order, late, about strangers, failed and then delivered after all."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.state.models import Failure
from tests.stories.conftest import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEFT = Failure(4001, "Message delivery failed. Please retry the message.", after_sent=True, then_delivered=True)


async def test_a_webhook_that_comes_late_still_counts(place: Town) -> None:
    place.sandbox.linq.switches.webhooks_withheld = True
    place.sandbox.linq.switches.progresses_automatically = False
    message = await place.drop()
    await place.until(lambda: bool(place.memos()))
    place.sandbox.linq.advance(place.memos()[0].id, "sent")
    place.sandbox.linq.advance(place.memos()[0].id, "read")
    await place.until_shown(message, "queued")
    place.sandbox.linq.switches.webhooks_withheld = False
    place.sandbox.linq.admin.release_webhooks()
    await place.until_shown(message, "read")


async def test_each_webhook_three_times_changes_nothing(place: Town) -> None:
    place.sandbox.linq.switches.webhook_copies = 3
    message = await place.drop()
    await place.until_shown(message, "read")
    notice = place.replies(message)[0]
    assert len(place.memos()) == 1
    assert len(place.replies(message)) == 1
    assert [text.count("read") for text in notice.drafts] == [0] * len(notice.drafts)


async def test_webhooks_in_the_wrong_order_add_up_to_the_same(place: Town) -> None:
    place.sandbox.linq.switches.webhooks_reversed = True
    message = await place.drop()
    await place.until_shown(message, "read")


async def test_a_webhook_may_come_before_the_answer(place: Town) -> None:
    place.sandbox.linq.switches.webhook_before_answer = True
    message = await place.drop()
    await place.until_shown(message, "read")
    assert len(place.memos()) == 1


async def test_a_failure_before_it_left_is_told_aloud_and_may_be_sent_again(place: Town) -> None:
    place.sandbox.linq.switches.fail_next(Failure())
    message = await place.drop()
    await place.until_shown(message, "failed")
    assert "[4001]" in place.notice(message)
    await place.until(lambda: len(place.replies(message)) == 2)
    await place.sandbox.slack.press(place.channel, place.replies(message)[0].ts, "resend")
    await place.until_shown(message, "read")
    assert len(place.memos()) == 2


async def test_delivered_after_failed_is_delivered(place: Town) -> None:
    place.sandbox.linq.switches.fail_next(LEFT)
    message = await place.drop()
    await place.until_shown(message, "delivered")
    assert len(place.memos()) == 1


async def test_a_failure_that_names_no_memo_finds_it_by_its_trace(place: Town) -> None:
    place.sandbox.linq.switches.failed_names_no_message = True
    place.sandbox.linq.switches.fail_next(Failure())
    message = await place.drop()
    await place.until_shown(message, "failed")


async def test_strangers_memos_and_unknown_kinds_are_taken_and_change_nothing(place: Town) -> None:
    place.sandbox.linq.admin.stray(place.chat, "read")
    place.sandbox.linq.admin.emit("message.tomorrow", {"id": "x"})
    place.sandbox.linq.phone.send(place.chat, "Thanks, got it!")
    await place.until(lambda: bool(place.sandbox.wire.named("webhook message.received")))
    message = await place.drop()
    await place.until_shown(message, "read")
    answers = [entry.status for entry in place.sandbox.wire.entries if entry.what.startswith("webhook ")]
    assert set(answers) == {200}
    assert len(place.replies(message)) == 1


@pytest.mark.parametrize("chat", [Chats.SAM_BY_SMS, Chats.FAMILY])
async def test_sent_is_the_end_where_nothing_more_is_told(place: Town, chat: str) -> None:
    channel = place.sandbox.slack.new_channel(f"to-{chat[:4]}")
    await place.link(channel, chat)
    place.channel = channel
    message = await place.drop()
    await place.until_shown(message, "sent")
    assert any("report no more than this" in str(block) for block in place.replies(message)[0].blocks)
