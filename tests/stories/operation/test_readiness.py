"""Readiness tells the truth: a neighbour that is deaf, gone or shut is red, says why, and a channel is told once."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack.fixtures import CREW
from tests.stories.system import System, get, system_with

QUICK = {"BACKFILL_INTERVAL_SECONDS": "0.5", "ALERT_AFTER_SECONDS": "0.6", "SLACK_ALERT_CHANNEL": CREW}


async def readiness(system: System) -> tuple[int, dict[str, str]]:
    """The status, and why for each neighbour that is red."""
    status, said = await get(system, "/readyz")
    return status, {name: each["why"] for name, each in json.loads(said).items() if not each["ok"]}


async def until_red(system: System) -> dict[str, str]:
    """Linq is asked once in a while only, so it may take a while to show."""
    async with asyncio.timeout(90):
        while True:
            status, red = await readiness(system)
            if status == 503:
                return red
            await asyncio.sleep(0.2)


def alarms(system: System) -> list[str]:
    here = system.sandbox.slack.workspace.channels[CREW]
    return [message.text for message in here.messages.values() if message.bot_id]


@pytest.fixture
async def deaf(database_url: str) -> AsyncIterator[System]:
    """A bot whose socket is open, and that Slack tells of nothing."""
    async with system_with(database_url, socket_mode=True, **QUICK) as system:
        system.sandbox.slack.switches.deaf = True
        yield system


async def test_a_socket_that_is_open_but_deaf_is_red_and_the_clip_is_carried_all_the_same(deaf: System) -> None:
    assert await readiness(deaf) == (200, {})
    message = await deaf.drop()
    await deaf.until_shown(message, "read")
    status, red = await readiness(deaf)
    assert (status, list(red)) == (503, ["slack"])
    assert "has told of no event since" in red["slack"]
    await deaf.until(lambda: len(alarms(deaf)) == 1)
    assert "memobridge has trouble with slack: Slack has told of no event" in alarms(deaf)[0]

    deaf.sandbox.slack.switches.deaf = False
    heard = await deaf.drop()
    await deaf.until_shown(heard, "read")
    assert await readiness(deaf) == (200, {})
    await deaf.until(lambda: len(alarms(deaf)) == 2)
    assert "well again with slack" in alarms(deaf)[1]
    assert len(deaf.memos()) == 2


async def test_a_revoked_token_is_red_and_says_what_to_do_and_no_clip_fails_for_it(system: System) -> None:
    await system.sandbox.slack.uninstall()
    await system.sandbox.slack.settled()
    status, red = await readiness(system)
    assert (status, list(red)) == (503, ["slack"])
    assert "reinstall the app and set SLACK_BOT_TOKEN" in red["slack"]
    system.sandbox.slack.switches.faults.clear()
    system.sandbox.slack.switches.fault("files.info", error="token_revoked")
    system.sandbox.slack.switches.fault("chat.postMessage", error="token_revoked")
    message = await system.drop()
    await system.until(lambda: bool(system.sandbox.wire.named("chat.postMessage")))
    assert system.replies(message) == []
    assert all(line["event"] != "delivery closed" for line in system.bot.log)


async def test_webhooks_under_another_secret_are_red_once_status_has_to_be_asked_for(database_url: str) -> None:
    other = "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()
    async with system_with(database_url, LINQ_WEBHOOK_SECRET=other) as system:
        message = await system.drop()
        await system.until_shown(message, "read", timeout=90)
        status, red = await readiness(system)
        assert (status, list(red)) == (503, ["linq"])
        assert "LINQ_WEBHOOK_SECRET is not what they are signed with" in red["linq"]


async def test_a_linq_key_that_is_refused_is_red_and_clips_wait_for_a_new_one(system: System) -> None:
    system.sandbox.linq.switches.next("phone_numbers.list", *[2004] * 9)
    red = await until_red(system)
    assert list(red) == ["linq"]
    assert "renew LINQ_API_V3_API_KEY" in red["linq"]
