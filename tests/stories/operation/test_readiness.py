"""Readiness tells the truth: a dependency that is silent, gone or closed is red and says why; a channel is told."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack.fixtures import CREW
from tests.stories.system import System, get, system_with

# A message found within ten seconds may still be told by an event, so history is read less often than that.
QUICK = {"BACKFILL_INTERVAL_SECONDS": "15", "ALERT_AFTER_SECONDS": "0.6", "SLACK_ALERT_CHANNEL": CREW}

HISTORY = "conversations.history"


async def readiness(system: System) -> tuple[int, dict[str, str]]:
    """The status, and the reason of each dependency that is red."""
    status, said = await get(system, "/readyz")
    return status, {name: each["reason"] for name, each in json.loads(said).items() if not each["ok"]}


async def until_red(system: System) -> dict[str, str]:
    """Linq is asked once in a while only, so it may take a while to show."""
    async with asyncio.timeout(90):
        while True:
            status, red = await readiness(system)
            if status == 503:
                return red
            await asyncio.sleep(0.2)


def alerts(system: System) -> list[str]:
    here = system.slack.workspace.channels[CREW]
    return [message.text for message in here.messages.values() if message.bot_id]


@pytest.fixture
async def deaf(database_url: str) -> AsyncIterator[System]:
    """A bot whose socket is open, and over which Slack sends nothing."""
    async with system_with(database_url, socket_mode=True, **QUICK) as system:
        system.slack.switches.deaf = True
        yield system


async def test_a_silent_socket_is_red_and_what_is_dropped_is_carried(deaf: System) -> None:
    assert await readiness(deaf) == (200, {})
    await deaf.until(lambda: deaf.channel in [each.facts["channel"] for each in deaf.sandbox.wire.named(HISTORY)])
    message = await deaf.drop()
    await deaf.until_shown(message, "read")
    status, red = await readiness(deaf)
    assert (status, list(red)) == (503, ["slack"])
    await deaf.until(lambda: len(alerts(deaf)) == 1)
    assert alerts(deaf)[0] == f"memobridge: slack fails: {red['slack']}"

    deaf.slack.switches.deaf = False
    await deaf.until_shown(await deaf.drop(), "read")
    assert await readiness(deaf) == (200, {})
    await deaf.until(lambda: len(alerts(deaf)) == 2)
    assert alerts(deaf)[1].startswith("memobridge: recovered: slack")
    assert len(deaf.memos()) == 2


async def test_a_revoked_token_is_red_with_its_fix_and_fails_no_clip(system: System) -> None:
    await system.slack.uninstall()
    await system.slack.settled()
    status, red = await readiness(system)
    assert (status, list(red)) == (503, ["slack"])
    assert "reinstall the app and set SLACK_BOT_TOKEN" in red["slack"]
    system.slack.switches.faults.clear()
    system.slack.switches.fault("files.info", error="token_revoked")
    system.slack.switches.fault("chat.postMessage", error="token_revoked")
    message = await system.drop()
    await system.until(lambda: bool(system.sandbox.wire.named("chat.postMessage")))
    assert system.replies(message) == []
    assert all(line["event"] != "delivery.closed" for line in system.bot.log)


async def test_a_wrong_webhook_secret_is_red_once_a_poll_brings_news(database_url: str) -> None:
    other = "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()
    async with system_with(database_url, LINQ_WEBHOOK_SECRET=other) as system:
        message = await system.drop()
        await system.until_shown(message, "read", timeout=90)
        status, red = await readiness(system)
        assert (status, list(red)) == (503, ["linq"])
        assert "LINQ_WEBHOOK_SECRET is not what they are signed with" in red["linq"]


async def test_a_refused_api_key_is_red_with_its_fix(system: System) -> None:
    system.sandbox.linq.switches.next("phone_numbers.list", *[2004] * 9)
    red = await until_red(system)
    assert list(red) == ["linq"]
    assert "renew LINQ_API_V3_API_KEY" in red["linq"]
