"""The workflow step of a running bot: sends a recording, and tells the workflow how it ended."""

import pytest

from bot.sandbox.slack.state.models import Upload
from tests.stories.system import SOUND, System

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def file_of(linked: System) -> str:
    """A recording that somebody has dropped where nothing is linked."""
    elsewhere = linked.slack.new_channel(f"studio-{linked.channel.lower()}")
    message = await linked.slack.drop(elsewhere, Upload("memo.m4a", SOUND))
    return message.files[0].id


def as_rich_text(file: str) -> list[object]:
    """A form's file in an input of rich text, as Workflow Builder fills it in."""
    inner = {"type": "rich_text", "elements": [{"type": "text", "text": file}]}
    return [{"type": "rich_text_section", "elements": [inner]}]


async def test_step_is_done_when_the_memo_is_sent(linked: System) -> None:
    inputs = {"file": as_rich_text(await file_of(linked)), "channel": linked.channel}
    execution = await linked.slack.execute_function("send_voice_memo", inputs)
    await linked.until(lambda: not execution.is_running)
    assert execution.error == ""
    assert execution.outputs is not None
    assert execution.outputs["status"] in ("sent", "delivered", "read")
    assert [memo.filename for memo in linked.memos()] == ["memo.m4a"]


async def test_step_fails_with_the_reason(linked: System) -> None:
    linked.sandbox.linq.switches.next("voicememo", 2026)
    inputs = {"file": await file_of(linked), "channel": linked.channel}
    execution = await linked.slack.execute_function("send_voice_memo", inputs)
    await linked.until(lambda: not execution.is_running)
    assert "blocked this person" in str(execution.error)
