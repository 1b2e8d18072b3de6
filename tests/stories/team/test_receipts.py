"""Webhooks about our memos on bad days: twice, in any order, late, about strangers, failed and then delivered."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.state.models import Failure
from tests.stories.system import System

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEFT = Failure(4001, "Message delivery failed. Please retry the message.", after_sent=True, then_delivered=True)


async def test_a_webhook_that_comes_late_still_counts(linked: System) -> None:
    linked.sandbox.linq.switches.webhooks_withheld = True
    linked.sandbox.linq.switches.progresses_automatically = False
    message = await linked.drop()
    await linked.until(lambda: bool(linked.memos()))
    linked.sandbox.linq.advance(linked.memos()[0].id, "sent")
    linked.sandbox.linq.advance(linked.memos()[0].id, "read")
    await linked.until_shown(message, "queued")
    linked.sandbox.linq.switches.webhooks_withheld = False
    linked.sandbox.linq.admin.release_webhooks()
    await linked.until_shown(message, "read")


async def test_each_webhook_three_times_changes_nothing(linked: System) -> None:
    linked.sandbox.linq.switches.webhook_copies = 3
    message = await linked.drop()
    await linked.until_shown(message, "read")
    [notice] = linked.replies(message)
    assert len(linked.memos()) == 1
    assert [text.count("read") for text in notice.drafts] == [0] * len(notice.drafts)


@pytest.mark.parametrize("switch", ["webhooks_reversed", "webhook_before_answer"])
async def test_webhooks_in_any_order_add_up_to_the_same(linked: System, switch: str) -> None:
    linked.sandbox.linq.switches.apply({switch: True})
    message = await linked.drop()
    await linked.until_shown(message, "read")
    assert len(linked.memos()) == 1


async def test_a_failure_before_it_left_notifies_and_may_be_resent(linked: System) -> None:
    linked.sandbox.linq.switches.fail_next(Failure())
    message = await linked.drop()
    await linked.until_shown(message, "failed")
    assert "[4001]" in linked.notice(message)
    await linked.until(lambda: len(linked.replies(message)) == 2)
    await linked.slack.press(linked.channel, linked.replies(message)[0].ts, "resend")
    await linked.until_shown(message, "read")
    assert len(linked.memos()) == 2


async def test_delivered_after_failed_is_delivered(linked: System) -> None:
    linked.sandbox.linq.switches.fail_next(LEFT)
    message = await linked.drop()
    await linked.until_shown(message, "delivered")
    assert len(linked.memos()) == 1


async def test_a_failure_that_names_no_message_is_matched_by_its_trace(linked: System) -> None:
    linked.sandbox.linq.switches.failed_names_no_message = True
    linked.sandbox.linq.switches.fail_next(Failure())
    message = await linked.drop()
    await linked.until_shown(message, "failed")


async def test_unknown_messages_and_event_types_change_nothing(linked: System) -> None:
    linked.sandbox.linq.admin.stray(linked.chat, "read")
    linked.sandbox.linq.admin.emit("message.tomorrow", {"id": "x"})
    await linked.until(lambda: bool(linked.sandbox.wire.named("webhook message.tomorrow")))
    message = await linked.drop()
    await linked.until_shown(message, "read")
    answers = [entry.status for entry in linked.sandbox.wire.entries if entry.what.startswith("webhook ")]
    assert set(answers) == {200}
    assert len(linked.replies(message)) == 1


@pytest.mark.parametrize("chat", [Chats.SAM_BY_SMS, Chats.FAMILY])
async def test_sent_is_final_where_linq_reports_no_more(linked: System, chat: str) -> None:
    linked.channel, linked.chat = linked.slack.new_channel(f"to-{chat[:4]}"), chat
    await linked.link(linked.channel, chat)
    message = await linked.drop()
    await linked.until_shown(message, "sent")
    assert any("report no more than this" in str(block) for block in linked.replies(message)[0].blocks)
