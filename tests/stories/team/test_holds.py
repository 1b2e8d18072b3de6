"""What is held before it leaves: for approval, for quiet hours; decided by buttons, once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.slack.state.models import Upload
from tests.stories.system import SOUND, System

pytestmark = pytest.mark.asyncio(loop_scope="module")


def quiet_now() -> str:
    """Quiet hours from an hour ago until an hour from now."""
    now = datetime.now(UTC)
    return f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M} UTC"


async def test_first_clip_into_a_chat_waits_until_somebody_presses_send(linked: System) -> None:
    await linked.configure("confirm", "first")
    first = await linked.drop()
    await linked.until_shown(first, "held")
    assert "a member of this workspace decides" in linked.notice(first)
    assert linked.memos() == []
    notice = linked.notices(first)[0]
    await asyncio.gather(*(linked.slack.press(linked.channel, notice.ts, "approve") for _ in range(2)))
    await linked.until_shown(first, "read")
    second = await linked.drop()
    await linked.until_shown(second, "read")
    assert len(linked.memos()) == 2
    assert len(linked.notices(first)) == 1


async def test_clip_of_quiet_hours_shows_its_hour_and_can_be_sent_now(linked: System) -> None:
    await linked.configure("quiet", quiet_now())
    clip = await linked.drop()
    await linked.until_shown(clip, "held")
    assert "<!date^" in linked.notice(clip)
    await linked.slack.press(linked.channel, linked.notices(clip)[0].ts, "send_now")
    await linked.until_shown(clip, "read")


async def test_cancelled_clip_never_leaves(linked: System) -> None:
    await linked.configure("confirm", "always")
    clip = await linked.drop()
    await linked.until_shown(clip, "held")
    await linked.slack.press(linked.channel, linked.notices(clip)[0].ts, "dismiss")
    await linked.until_shown(clip, "cancelled")
    after = await linked.drop(Upload("after.m4a", SOUND))
    await linked.until_shown(after, "held")
    assert linked.memos() == []


async def test_contact_who_opted_out_is_not_sent_to_until_they_write(linked: System) -> None:
    linked.phone.opt_out(linked.chat)
    await linked.until(lambda: any("asked for no more messages" in str(post.blocks) for post in linked.posts()))
    clip = await linked.drop()
    await linked.until_shown(clip, "failed")
    assert "Once they have written" in str(linked.notices(clip)[0].blocks)
    assert not [call for call in linked.sandbox.wire.named("POST /v3/attachments") if call]
    linked.phone.send(linked.chat, "I am back")
    await linked.until(lambda: any("I am back" in str(post.blocks) for post in linked.posts()))
    await linked.slack.press(linked.channel, linked.notices(clip)[0].ts, "resend")
    await linked.until_shown(clip, "read")
