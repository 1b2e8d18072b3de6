"""Rate limits of both sides: nothing is lost, nothing is hammered, and the notice says when it goes on."""

import re

import pytest

from bot.sandbox.slack.state.models import Upload
from tests.stories.system import SOUND, System, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")


def refusals(linked: System, what: str, since: int = 0) -> int:
    """How many calls of this name were answered 429, from that entry of the wire log on."""
    return len([entry for entry in linked.sandbox.wire.named(what) if entry.status == 429 and entry.number >= since])


async def test_beyond_thirty_a_minute_to_one_person_clips_wait_in_order(linked: System) -> None:
    linked.sandbox.linq.switches.pair_limit = 2
    linked.sandbox.time_scale.scale = 1 / 30
    names = [f"{number}.m4a" for number in range(5)]
    messages = [await linked.drop(Upload(name, SOUND)) for name in names]
    for message in messages:
        await linked.until_shown(message, "read")
    assert [memo.filename for memo in linked.memos()] == names
    assert refusals(linked, "voicememo") <= 4


async def test_a_wait_of_hours_shows_its_hour_and_is_not_tried_before(linked: System) -> None:
    before = refusals(linked, "voicememo")
    linked.sandbox.linq.switches.daily_cap = 0
    message = await linked.drop()
    await linked.until(lambda: "Next try" in linked.notice(message))
    told = r"queued – Linq asked us to slow down.*\[1007\] Next try <!date\^\d+\^.*\|.* UTC>\."
    assert re.search(told, linked.notice(message))
    await linked.drop(Upload("second.m4a", SOUND))
    other = linked.slack.new_channel("others")
    await linked.link(other, linked.sandbox.linq.add_chat("+12025569999").id)
    assert refusals(linked, "voicememo") == before + 1
    await linked.slack.delete(linked.channel, message.ts)
    await linked.until_shown(message, "cancelled")


async def test_trouble_in_one_chat_holds_up_no_other(linked: System) -> None:
    linked.sandbox.linq.admin.set_condition(linked.chat, "creating")
    stuck = await linked.drop()
    await linked.until(lambda: shown(linked.notice(stuck)) == ["queued"])
    other, chat = linked.slack.new_channel("free"), linked.sandbox.linq.add_chat("+12025569998")
    await linked.link(other, chat.id)
    free = await linked.slack.drop(other, Upload("free.m4a", SOUND))
    await linked.until_shown(free, "read")
    assert shown(linked.notice(stuck)) == ["queued"]
    linked.sandbox.linq.admin.set_condition(linked.chat, "ready")
    await linked.until_shown(stuck, "read")


async def test_slacks_retry_after_is_obeyed_and_the_notice_ends_true(linked: System) -> None:
    linked.sandbox.linq.switches.reads_automatically = False
    linked.slack.switches.fault("chat.update", status=429, retry_after=2, times=1)
    message = await linked.drop()
    await linked.until_shown(message, "delivered")
    [memo] = linked.memos()
    linked.phone.read(memo.id)
    await linked.until_shown(message, "read")
    assert refusals(linked, "chat.update") == 1


async def test_events_that_slack_holds_back_are_no_failure(linked: System) -> None:
    answer = await linked.slack.warn_rate_limited().ended()
    assert answer.status == 200


async def test_a_burst_in_both_directions_stays_within_slacks_limits(linked: System) -> None:
    """A post a second and channel, fifty edits a minute: the bot keeps within both by itself."""
    linked.sandbox.linq.switches.pair_limit = None
    before = len(linked.sandbox.wire.entries)
    messages, texts = [], [f"answer number {number}" for number in range(10)]
    for number, text in enumerate(texts):
        messages.append(await linked.drop(Upload(f"{number}.m4a", SOUND)))
        linked.phone.send(linked.chat, text)
    for message in messages:
        await linked.until_shown(message, "read")
    await linked.until_posted(*texts)
    assert [memo.filename for memo in linked.memos()] == [f"{number}.m4a" for number in range(10)]
    assert refusals(linked, "chat.postMessage", before) == 0
    assert refusals(linked, "chat.update", before) <= 1  # the pause that the test before asked for
