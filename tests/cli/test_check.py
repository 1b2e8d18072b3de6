"""``memobridge check``: what it says of each part that a deployment may or may not have."""

from datetime import UTC, datetime

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CLIPS
from bot.store.database import Database
from tests.cli.shell import Ran, Shell


def line_of(ran: Ran, subject: str) -> str:
    """The one line of ``check`` about it."""
    [line] = [line for line in ran.out.splitlines() if line[2:].startswith(f"{subject}:")]
    return line


async def test_each_part_has_one_line_with_its_verdict(shell: Shell) -> None:
    await shell.run("links", "add", CLIPS, Chats.BEN)
    ran = await shell.run("check")
    subjects = [line.partition(":")[0] for line in ran.out.splitlines()]
    parts = ["settings", "database", "Slack token", "Slack scopes", "clock", "Slack signing secret"]
    parts += ["Linq key", "Linq webhooks", "audio", f"link {CLIPS}", "waiting messages"]
    assert (ran.code, subjects) == (0, [f"✓ {part}" for part in parts])


@pytest.mark.parametrize("token", ["xoxb-wrong"])
async def test_rejected_slack_token_is_named_with_its_fix(shell: Shell, token: str) -> None:
    ran = await shell.run("check", SLACK_BOT_TOKEN=token)
    assert ran.code == 1
    assert line_of(ran, "Slack token").startswith("✗ ")
    assert "Traceback" not in ran.err


async def test_rejected_app_token_is_named(shell: Shell) -> None:
    ran = await shell.run("check", SLACK_APP_TOKEN="xapp-wrong")
    assert ran.code == 1
    assert line_of(ran, "Slack app token").startswith("✗ ")


async def test_missing_webhooks_say_what_comes_late(shell: Shell) -> None:
    ran = await shell.run("check", LINQ_WEBHOOK_SECRET="")
    assert (ran.code, line_of(ran, "Linq webhooks")[0]) == (0, "✓")
    assert "Set PUBLIC_URL, or LINQ_WEBHOOK_SECRET" in line_of(ran, "Linq webhooks")


async def test_missing_subscription_of_a_public_url_is_wrong(shell: Shell) -> None:
    ran = await shell.run("check", PUBLIC_URL="https://bot.example.com")
    assert ran.code == 1
    assert line_of(ran, "Linq webhooks").startswith("✗ Linq webhooks: No webhook subscription for this bot")


async def test_no_link_yet_is_no_failure(shell: Shell) -> None:
    ran = await shell.run("check")
    assert (ran.code, line_of(ran, "links")[0]) == (0, "✓")
    assert "/voicememo link" in line_of(ran, "links")


async def test_key_that_will_expire_is_named_with_its_day(shell: Shell, database: Database) -> None:
    key = shell.environment["LINQ_API_V3_API_KEY"]
    at = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
    await database.account.save_expiry(key[:6], at, at)
    ran = await shell.run("check")
    assert ran.code == 1
    assert "expires on 2027-01-02 03:04 UTC: create a new one at Linq" in line_of(ran, "Linq key")
    assert key not in ran.out


async def test_line_at_risk_is_named_with_its_number(shell: Shell) -> None:
    [line, *_] = shell.sandbox.linq.account.lines
    shell.sandbox.linq.admin.set_line(line.number, reputation="AT_RISK")
    ran = await shell.run("check")
    assert ran.code == 1
    assert f"{line.number} is AT_RISK" in line_of(ran, "Linq key")
