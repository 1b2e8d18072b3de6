"""Limits of both sides: nothing is lost, nothing is hammered, and the notice says when it goes on."""

import re

import pytest

from bot.sandbox.slack.state.models import Upload
from tests.stories.conftest import SOUND, Town, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")


def refused(place: Town, what: str) -> int:
    """How many calls of this name were answered 429."""
    return len([entry for entry in place.sandbox.wire.named(what) if entry.status == 429])


async def test_beyond_thirty_a_minute_to_one_person_clips_wait_their_turn_in_order(place: Town) -> None:
    place.sandbox.linq.switches.pair_limit = 2
    place.sandbox.time_scale.scale = 1 / 30
    names = [f"{number}.m4a" for number in range(5)]
    messages = [await place.drop(Upload(name, SOUND)) for name in names]
    for message in messages:
        await place.until_shown(message, "read", timeout=60)
    assert [memo.filename for memo in place.memos()] == names
    assert refused(place, "voicememo") <= 4
    place.sandbox.time_scale.scale = 1.0


async def test_a_wait_of_hours_is_told_with_its_hour_and_is_not_tried_before(place: Town) -> None:
    before = refused(place, "voicememo")
    place.sandbox.linq.switches.daily_cap = 0
    message = await place.drop()
    await place.until(lambda: "Next try" in place.notice(message))
    told = r"queued – Linq asked us to slow down.*\[1007\] Next try at \d\d:\d\d UTC\."
    assert re.search(told, place.notice(message))
    await place.drop(Upload("second.m4a", SOUND))
    other = place.sandbox.slack.new_channel("others")
    await place.link(other, place.sandbox.linq.add_chat("+12025569999").id)
    assert refused(place, "voicememo") == before + 1
    await place.sandbox.slack.delete(place.channel, message.ts)
    await place.until_shown(message, "cancelled")


async def test_trouble_in_one_chat_keeps_no_other_waiting(place: Town) -> None:
    place.sandbox.linq.account.chats[place.chat].condition = "creating"
    stuck = await place.drop()
    await place.until(lambda: bool(place.sandbox.wire.named("voicememo")) and shown(place.notice(stuck)) == ["queued"])
    other, chat = place.sandbox.slack.new_channel("free"), place.sandbox.linq.add_chat("+12025569998")
    await place.link(other, chat.id)
    free = await place.sandbox.slack.drop(other, Upload("free.m4a", SOUND))
    await place.until_shown(free, "read")
    assert shown(place.notice(stuck)) == ["queued"]
    place.sandbox.linq.account.chats[place.chat].condition = "ready"
    await place.until_shown(stuck, "read")


async def test_slack_asking_for_a_pause_is_obeyed_and_the_notice_ends_true(place: Town) -> None:
    place.sandbox.linq.switches.reads_automatically = False
    place.sandbox.slack.switches.fault("chat.update", status=429, retry_after=2, times=1)
    message = await place.drop()
    await place.until_shown(message, "delivered")
    [memo] = place.memos()
    place.sandbox.linq.phone.read(memo.id)
    await place.until_shown(message, "read")
    assert refused(place, "chat.update") == 1


async def test_events_that_slack_holds_back_are_no_failure(place: Town) -> None:
    answer = await place.sandbox.slack.warn_rate_limited().ended()
    assert answer.status == 200


async def test_many_memos_in_one_channel_reach_their_last_word_without_a_storm(place: Town) -> None:
    """A message a second and channel, fifty edits a minute: the bot keeps within both by itself."""
    place.sandbox.linq.switches.pair_limit = None
    before = len(place.sandbox.wire.entries)
    messages = [await place.drop(Upload(f"{number}.m4a", SOUND)) for number in range(10)]
    for message in messages:
        await place.until_shown(message, "read", timeout=60)
    assert [memo.filename for memo in place.memos()] == [f"{number}.m4a" for number in range(10)]
    assert not [each for each in place.sandbox.wire.entries[before:] if each.what == "conversations.replies"]
    assert refused(place, "chat.postMessage") == 0
    assert refused(place, "chat.update") <= 1  # the pause that the story before asked for
