"""Nothing goes wrong: what people see when the bot does its work."""

import hashlib

import pytest

from bot.sandbox.slack.state.models import Upload
from tests.stories.conftest import SOUND, Town, town_with

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_dropped_clip_arrives_byte_for_byte_and_its_thread_ends_at_read(place: Town) -> None:
    message = await place.drop()
    await place.until_shown(message, "read")
    [memo] = place.memos()
    assert memo.sha256 == hashlib.sha256(SOUND).hexdigest()
    assert memo.filename == "memo.m4a"


async def test_the_notice_is_one_message_in_the_thread_edited_in_place(place: Town) -> None:
    place.sandbox.linq.switches.reads_automatically = False
    message = await place.drop()
    await place.until_shown(message, "delivered")
    [memo] = place.memos()
    place.sandbox.linq.phone.read(memo.id)
    await place.until_shown(message, "read")
    [notice] = place.replies(message)
    assert notice.thread_ts == message.ts
    assert any("delivered" in draft for draft in notice.drafts)


async def test_a_clip_in_a_thread_is_told_of_in_that_thread(place: Town) -> None:
    root = await place.sandbox.slack.say(place.channel, "here it comes")
    message = await place.drop(thread_ts=root.ts)
    await place.until_shown(message, "read")
    assert place.replies(message)[0].thread_ts == root.ts


async def test_two_clips_in_one_message_share_a_notice_and_keep_their_order(place: Town) -> None:
    message = await place.drop(Upload("one.m4a", SOUND), Upload("two.m4a", SOUND))
    await place.until_shown(message, "read", "read")
    assert [memo.filename for memo in place.memos()] == ["one.m4a", "two.m4a"]
    assert len(place.replies(message)) == 1


async def test_socket_mode_carries_the_same_clip(database_url: str) -> None:
    async with town_with(database_url, socket_mode=True) as town:
        message = await town.drop()
        await town.until_shown(message, "read")
        assert len(town.memos()) == 1


async def test_an_event_delivered_twice_sends_one_memo(place: Town) -> None:
    place.sandbox.slack.switches.duplicate_events = 1
    message = await place.drop()
    await place.until_shown(message, "read")
    assert len(place.memos()) == 1
