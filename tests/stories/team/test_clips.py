"""A clip on a good day: what people see when nothing goes wrong."""

import hashlib

import pytest

from bot.sandbox.slack.state.models import Upload
from tests.stories.system import SOUND, System, system_with

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_clip_arrives_byte_for_byte_and_its_notice_ends_at_read(linked: System) -> None:
    message = await linked.drop()
    await linked.until_shown(message, "read")
    [memo] = linked.memos()
    assert memo.sha256 == hashlib.sha256(SOUND).hexdigest()
    assert memo.filename == "memo.m4a"


async def test_the_notice_is_one_message_in_the_thread_and_edited_in_place(linked: System) -> None:
    linked.sandbox.linq.switches.reads_automatically = False
    message = await linked.drop()
    await linked.until_shown(message, "delivered")
    [memo] = linked.memos()
    linked.phone.read(memo.id)
    await linked.until_shown(message, "read")
    [notice] = linked.replies(message)
    assert notice.thread_ts == message.ts
    assert any("delivered" in draft for draft in notice.drafts)


async def test_a_clip_in_a_thread_has_its_notice_in_that_thread(linked: System) -> None:
    root = await linked.say("here it comes")
    message = await linked.drop(thread_ts=root.ts)
    await linked.until_shown(message, "read")
    assert linked.notices(message)[0].thread_ts == root.ts


async def test_two_clips_of_a_message_share_a_notice_and_keep_their_order(linked: System) -> None:
    message = await linked.drop(Upload("one.m4a", SOUND), Upload("two.m4a", SOUND))
    await linked.until_shown(message, "read", "read")
    assert [memo.filename for memo in linked.memos()] == ["one.m4a", "two.m4a"]
    assert len(linked.replies(message)) == 1


async def test_an_event_delivered_twice_sends_one_memo(linked: System) -> None:
    linked.slack.switches.duplicate_events = 1
    message = await linked.drop()
    await linked.until_shown(message, "read")
    assert len(linked.memos()) == 1


async def test_socket_mode_carries_both_directions(database_url: str) -> None:
    async with system_with(database_url, socket_mode=True) as system:
        message = await system.drop()
        await system.until_shown(message, "read")
        system.phone.send(system.chat, "Got your memo, thanks")
        await system.until_posted("Got your memo, thanks")
        assert len(system.memos()) == 1
