"""Answers of both networks that do not say what was done: found again or shown as unconfirmed, never sent twice."""

from typing import Any

import pytest

from bot.sandbox.linq.switches import FaultWord
from bot.sandbox.slack.state.models import Message
from tests.stories.system import System, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = {"SEND_CONFIRM_SECONDS": "4"}
TAKEN = ("sent", "delivered", "read")
RESEND, CONFIRM_DELIVERED = "resend", "confirm_delivered"


@pytest.fixture
def silent(linked: System) -> System:
    """No webhook comes unless a test lets it: only the bot's own search can help it."""
    linked.sandbox.linq.switches.webhooks_withheld = True
    return linked


def release_webhooks(linked: System) -> None:
    linked.sandbox.linq.switches.webhooks_withheld = False
    linked.sandbox.linq.admin.release_webhooks()


async def final_status(linked: System, message: Message) -> str:
    """The status in its notice, once that is no longer ``queued``."""
    await linked.until(lambda: shown(linked.notice(message)) not in ([], ["queued"]))
    [status] = shown(linked.notice(message))
    return status


async def press(linked: System, message: Message, action: str) -> None:
    [notice] = linked.notices(message)
    await linked.slack.press(message.channel, notice.ts, action)


def buttons(linked: System, message: Message) -> list[str]:
    [notice] = linked.notices(message)
    return [
        element["action_id"] for block in notice.blocks for element in block.get("elements", []) if "value" in element
    ]


@pytest.mark.parametrize("fault", ["lose_answer", "act_then_500", "act_then_empty", "act_then_no_id", "act_then_text"])
async def test_a_memo_that_linq_took_without_saying_so_is_found(silent: System, fault: FaultWord) -> None:
    silent.sandbox.linq.switches.next("voicememo", fault)
    assert await final_status(silent, await silent.drop()) in TAKEN
    assert len(silent.memos()) == 1


async def test_a_memo_that_linq_lists_late_is_found_by_a_later_search(silent: System) -> None:
    silent.sandbox.linq.switches.listed_after_looks = 1
    silent.sandbox.linq.switches.next("voicememo", "lose_answer")
    assert await final_status(silent, await silent.drop()) in TAKEN
    assert len(silent.memos()) == 1


@pytest.mark.parametrize("fault", ["drop", "refuse_500"])
async def test_a_memo_that_cannot_be_found_is_left_to_a_person(silent: System, fault: FaultWord) -> None:
    silent.sandbox.linq.switches.next("voicememo", fault)
    message = await silent.drop()
    assert await final_status(silent, message) == "unconfirmed"
    assert {RESEND, CONFIRM_DELIVERED} <= set(buttons(silent, message))
    assert silent.memos() == []
    release_webhooks(silent)
    await press(silent, message, RESEND)
    await silent.until_shown(message, "read")
    assert len(silent.memos()) == 1


async def test_a_person_confirms_a_memo_without_sending_another(silent: System) -> None:
    silent.sandbox.linq.switches.listed = False
    silent.sandbox.linq.switches.next("voicememo", "lose_answer")
    message = await silent.drop()
    assert await final_status(silent, message) == "unconfirmed"
    await press(silent, message, CONFIRM_DELIVERED)
    await silent.until_shown(message, "sent")
    assert len(silent.memos()) == 1


async def test_a_late_webhook_confirms_what_was_given_up(silent: System) -> None:
    silent.sandbox.linq.switches.listed = False
    silent.sandbox.linq.switches.next("voicememo", "lose_answer")
    message = await silent.drop()
    assert await final_status(silent, message) == "unconfirmed"
    release_webhooks(silent)
    await silent.until_shown(message, "read")
    assert len(silent.memos()) == 1


async def test_a_webhook_before_the_answer_finds_its_delivery(linked: System) -> None:
    linked.sandbox.linq.switches.webhook_before_answer = True
    linked.sandbox.linq.switches.next("voicememo", "ok", "lose_answer")
    for count in (1, 2):
        await linked.until_shown(await linked.drop(), "read")
        assert len(linked.memos()) == count


@pytest.mark.parametrize(("fault", "is_taken"), [("hang", False), ("act_then_hang", True)])
async def test_a_timeout_is_reconciled_whether_linq_took_the_memo_or_not(
    silent: System, fault: FaultWord, is_taken: bool
) -> None:
    silent.sandbox.linq.switches.next("voicememo", fault)
    status = await final_status(silent, await silent.drop())
    assert status in TAKEN if is_taken else status == "unconfirmed"
    assert len(silent.memos()) == is_taken


@pytest.mark.parametrize(
    "fault",
    [{"drop": True, "done": True}, {"status": 500, "done": True}, {"drop": True}, {"status": 503}],
    ids=["cut but done", "500 but done", "cut", "503"],
)
async def test_a_notice_whose_post_got_no_answer_is_posted_once(linked: System, fault: dict[str, Any]) -> None:
    linked.slack.switches.fault("chat.postMessage", times=1, **fault)
    message = await linked.drop()
    await linked.until_shown(message, "read")
    assert len(linked.replies(message)) == 1


async def test_a_notice_answered_too_late_is_posted_once_even_without_metadata(linked: System) -> None:
    linked.slack.switches.hide_metadata = True
    linked.slack.switches.fault("chat.postMessage", times=1, done=True, delay_s=11.0)
    message = await linked.drop()
    await linked.until(lambda: [shown(reply.text) for reply in linked.replies(message)] == [["read"]])
