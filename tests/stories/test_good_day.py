"""Nothing goes wrong: what people see when the bot does its work."""

import hashlib

from bot.sandbox.slack.files import Upload
from bot.sandbox.slack.workspace import CREW
from tests.stories.conftest import SOUND, Town, town_with


async def test_a_dropped_clip_arrives_byte_for_byte_and_its_thread_ends_at_read(town: Town) -> None:
    message = await town.drop()
    await town.until_shown(message, "read")
    [memo] = town.memos()
    assert memo.sha256 == hashlib.sha256(SOUND).hexdigest()
    assert memo.filename == "memo.m4a"


async def test_the_notice_is_one_message_in_the_thread_edited_in_place(town: Town) -> None:
    message = await town.drop()
    await town.until_shown(message, "read")
    [notice] = town.replies(message)
    assert notice.thread_ts == message.ts
    assert any("queued" in draft for draft in notice.drafts)


async def test_a_clip_in_a_thread_is_told_of_in_that_thread(town: Town) -> None:
    root = await town.sandbox.slack.say(town.channel, "here it comes")
    message = await town.drop(thread_ts=root.ts)
    await town.until_shown(message, "read")
    assert town.replies(message)[0].thread_ts == root.ts


async def test_two_clips_in_one_message_share_a_notice_and_keep_their_order(town: Town) -> None:
    message = await town.drop(Upload("one.m4a", SOUND), Upload("two.m4a", SOUND))
    await town.until_shown(message, "read", "read")
    assert [memo.filename for memo in town.memos()] == ["one.m4a", "two.m4a"]
    assert len(town.replies(message)) == 1


async def test_an_unlinked_channel_and_a_picture_meet_silence(town: Town) -> None:
    elsewhere = await town.sandbox.slack.drop(CREW, Upload("memo.m4a", SOUND))
    picture = await town.drop(Upload("cat.png", b"\x89PNG\r\n\x1a\n" + bytes(100)))
    clip = await town.drop()
    await town.until_shown(clip, "read")
    assert (town.replies(elsewhere), town.replies(picture)) == ([], [])


async def test_socket_mode_carries_the_same_clip(database_url: str) -> None:
    async with town_with(database_url, socket_mode=True) as town:
        message = await town.drop()
        await town.until_shown(message, "read")
        assert len(town.memos()) == 1


async def test_an_event_delivered_twice_sends_one_memo(town: Town) -> None:
    town.sandbox.slack.switches.duplicate_events = 1
    message = await town.drop()
    await town.until_shown(message, "read")
    assert len(town.memos()) == 1
