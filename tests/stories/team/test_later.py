"""Scheduled by a person: not before its hour, not lost by a restart, movable and cancellable meanwhile."""

import time
from typing import Any

import pytest

from tests.stories.system import System


def hour(at: float) -> dict[str, Any]:
    return {"at": {"at": {"type": "datetimepicker", "selected_date_time": int(at)}}}


async def schedule(system: System, ts: str, at: float) -> None:
    await system.slack.shortcut("send_later", system.channel, ts)
    await system.until(lambda: bool(system.slack.views()))
    await system.slack.submit(system.slack.views()[-1]["id"], hour(at))


async def test_text_scheduled_before_a_restart_goes_at_its_hour_and_not_before(system: System) -> None:
    message = await system.say("// See you at six")
    at = int(time.time()) + 4
    await schedule(system, message.ts, at)
    await system.until_shown(message, "held")
    await system.restart()
    await system.until(lambda: bool(system.sent()))
    assert at <= time.time() < at + 60
    await system.until_shown(message, "read")
    assert len(system.sent()) == 1


async def test_scheduled_clip_is_moved_and_then_cancelled(system: System) -> None:
    await system.configure("confirm", "always")
    clip = await system.drop()
    await system.until_shown(clip, "held")
    await schedule(system, clip.ts, time.time() + 3600)  # what is held already gets the hour: nothing is sent twice
    await system.until(lambda: "It goes" in system.notice(clip))
    before = system.notice(clip)
    notice = system.notices(clip)[0]
    await system.slack.press(system.channel, notice.ts, "reschedule")
    await system.until(lambda: bool(system.slack.views()))
    await system.slack.submit(system.slack.views()[-1]["id"], hour(time.time() + 7200))
    await system.until(lambda: system.notice(clip) != before)
    await system.slack.press(system.channel, notice.ts, "dismiss")
    await system.until_shown(clip, "cancelled")
    assert system.memos() == []


@pytest.mark.parametrize("typed", ["later in 1 hour See you at six"])
async def test_command_schedules_a_text_that_can_be_sent_now(system: System, typed: str) -> None:
    await system.command(typed)
    view = system.slack.views()[-1]
    text, picker = (block["element"] for block in view["blocks"])
    assert text["initial_value"] == "See you at six"
    values = hour(picker["initial_date_time"]) | {"text": {"text": {"value": text["initial_value"]}}}
    await system.slack.submit(view["id"], values)
    posts = system.slack.workspace.channels[system.channel].messages
    await system.until(lambda: any("held" in post.text for post in posts.values()))
    notice = next(post for post in posts.values() if "held" in post.text)
    await system.slack.press(system.channel, notice.ts, "send_now")
    await system.until(lambda: [message.parts[0].value for message in system.sent()] == ["See you at six"])
