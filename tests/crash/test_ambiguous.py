"""Answers that do not say what was done, at both doors, end to end: adopted or shown as unconfirmed, never repeated."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from bot.slack.blocks import ARRIVED, RESEND

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.state.models import Memo
from bot.sandbox.linq.switches import FaultWord
from bot.sandbox.linq.switches import Switches as LinqSwitches
from bot.sandbox.slack.fixtures import CLIPS, CREW
from bot.sandbox.slack.state.models import Message, Upload
from bot.store.embedded import Embedded
from tests.conftest import create, url_of
from tests.stories.conftest import SOUND, Town, shown, town_with

pytestmark = [pytest.mark.crash, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

FIND_S = 4.0
CHATS = {CLIPS: Chats.ANN, CREW: Chats.BEN}
NUMBERS = itertools.count(1)
REACHED = ("sent", "delivered", "read")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def living(embedded: Embedded, template: str) -> AsyncIterator[Town]:
    """One bot for all of these: none of them may do it lasting harm."""
    create(embedded, "ambiguous", template)
    async with town_with(url_of(embedded, "ambiguous"), FIND_SECONDS=str(FIND_S)) as town:
        await town.link(CREW, Chats.BEN)
        yield town


@pytest.fixture
def town(living: Town) -> Town:
    """No webhook comes unless a test lets it: only the bot's own looking can help it."""
    living.sandbox.linq.switches.apply(LinqSwitches(webhooks_withheld=True).shown())
    living.sandbox.slack.switches.hide_metadata = False
    return living


async def drop(town: Town, channel: str = CLIPS) -> Message:
    return await town.sandbox.slack.drop(channel, Upload(f"memo-{next(NUMBERS)}.m4a", SOUND))


def memos(town: Town, message: Message) -> list[Memo]:
    """Those that carry the message's clip."""
    [file] = message.files
    return [memo for memo in town.sandbox.linq.memos(CHATS[message.channel]) if memo.filename == file.upload.name]


async def decided(town: Town, message: Message, timeout: float = 30.0) -> str:
    """The status word of its notice, once that is no longer ``queued``."""
    await town.until(lambda: shown(town.notice(message)) not in ([], ["queued"]), timeout)
    [word] = shown(town.notice(message))
    return word


async def press(town: Town, message: Message, action: str) -> None:
    await town.sandbox.slack.press(message.channel, town.replies(message)[0].ts, action)


def buttons(town: Town, message: Message) -> list[str]:
    blocks = [block for block in town.replies(message)[0].blocks if block["type"] == "actions"]
    return [element["text"]["text"] for block in blocks for element in block["elements"]]


async def test_a_memo_that_linq_took_without_saying_so_is_found_and_adopted(town: Town) -> None:
    faults: list[FaultWord] = ["lose_answer", "act_then_500", "act_then_empty", "act_then_no_id", "act_then_text"]
    for fault in faults:
        town.sandbox.linq.switches.next("voicememo", fault)
        message = await drop(town)
        assert await decided(town, message) in REACHED, fault
        assert len(memos(town, message)) == 1, fault


async def test_a_memo_that_linq_lists_late_is_found_by_a_later_look(town: Town) -> None:
    town.sandbox.linq.switches.listed_after_looks = 1
    town.sandbox.linq.switches.next("voicememo", "lose_answer")
    message = await drop(town)
    assert await decided(town, message) in REACHED
    assert len(memos(town, message)) == 1


async def test_a_memo_that_cannot_be_found_is_left_to_a_person(town: Town) -> None:
    town.sandbox.linq.switches.next("voicememo", "drop", "refuse_500")
    messages = [await drop(town), await drop(town, CREW)]
    for message in messages:
        assert await decided(town, message) == "unconfirmed"
        assert buttons(town, message) == ["Resend", "It arrived"]
        assert memos(town, message) == []


async def test_only_a_person_sends_again_what_nobody_can_confirm(town: Town) -> None:
    town.sandbox.linq.switches.next("voicememo", "drop")
    message = await drop(town)
    assert await decided(town, message) == "unconfirmed"
    town.sandbox.linq.switches.webhooks_withheld = False
    await press(town, message, RESEND)
    await town.until_shown(message, "read")
    assert len(memos(town, message)) == 1


async def test_it_arrived_settles_it_without_another_memo(town: Town) -> None:
    town.sandbox.linq.switches.listed = False
    town.sandbox.linq.switches.next("voicememo", "lose_answer")
    message = await drop(town)
    assert await decided(town, message) == "unconfirmed"
    await press(town, message, ARRIVED)
    await town.until_shown(message, "sent")
    assert len(memos(town, message)) == 1


async def test_a_webhook_that_comes_after_it_was_given_up_still_adopts_it(town: Town) -> None:
    town.sandbox.linq.switches.listed = False
    town.sandbox.linq.switches.next("voicememo", "lose_answer")
    message = await drop(town)
    assert await decided(town, message) == "unconfirmed"
    town.sandbox.linq.switches.webhooks_withheld = False
    town.sandbox.linq.admin.release_webhooks()
    await town.until_shown(message, "read")
    assert len(memos(town, message)) == 1


async def test_a_webhook_before_the_answer_finds_its_delivery(town: Town) -> None:
    town.sandbox.linq.switches.webhooks_withheld = False
    town.sandbox.linq.switches.webhook_before_answer = True
    town.sandbox.linq.switches.next("voicememo", "ok", "lose_answer")
    for _ in range(2):
        message = await drop(town)
        await town.until_shown(message, "read")
        assert len(memos(town, message)) == 1


async def test_a_timeout_is_looked_into_whether_linq_had_taken_the_memo_or_not(town: Town) -> None:
    town.sandbox.linq.switches.next("voicememo", "hang", "act_then_hang")
    never_taken = await drop(town)
    await town.until(lambda: town.sandbox.linq.switches.next_answers["voicememo"] == ["act_then_hang"])
    taken = await drop(town, CREW)
    assert await decided(town, taken, timeout=60.0) in REACHED
    assert await decided(town, never_taken, timeout=60.0) == "unconfirmed"
    assert len(memos(town, taken)) == 1
    assert memos(town, never_taken) == []


@pytest.mark.parametrize(
    "fault",
    [{"drop": True, "done": True}, {"status": 500, "done": True}, {"drop": True}, {"status": 503}],
    ids=["dropped but done", "500 but done", "dropped", "503"],
)
async def test_a_notice_whose_post_got_no_answer_stands_once(town: Town, fault: dict[str, Any]) -> None:
    town.sandbox.linq.switches.webhooks_withheld = False
    town.sandbox.slack.switches.fault("chat.postMessage", times=1, **fault)
    message = await drop(town)
    await town.until_shown(message, "read")
    assert len(town.replies(message)) == 1


async def test_a_notice_that_slack_answered_too_late_stands_once_even_without_metadata(town: Town) -> None:
    town.sandbox.linq.switches.webhooks_withheld = False
    town.sandbox.slack.switches.hide_metadata = True
    town.sandbox.slack.switches.fault("chat.postMessage", times=1, done=True, delay_s=11.0)
    message = await drop(town)
    await town.until_shown(message, "read", timeout=60.0)
    assert len(town.replies(message)) == 1
