"""What ``check`` says about Slack: the truth, with what to do, and no more than can be known."""

from datetime import timedelta

import pytest

from bot.slack.adapter import SlackAdapter
from bot.slack.diagnosis import NEEDED_SCOPES
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ARCHIVED, CLIPS, ELSEWHERE, HIDDEN, SCOPES, Fault
from tests.slack.times import NOON


async def test_all_is_well_where_it_is(adapter: SlackAdapter) -> None:
    found = adapter.diagnosis()
    for result in (await found.token(), await found.scopes(), await found.clock(), await found.channel(CLIPS, "link")):
        assert result.is_ok, result.sentence


async def test_a_missing_scope_is_named_with_what_is_lost(adapter: SlackAdapter, slack: FakeSlack) -> None:
    slack.scopes -= {"files:write", "reactions:write"}
    result = await adapter.diagnosis().scopes()
    assert not result.is_ok
    for words in ("files:write", "voice memos and files do not appear", "reactions:write", "reinstall the app"):
        assert words in result.sentence


def test_every_scope_that_is_needed_says_what_is_lost_without_it() -> None:
    assert set(NEEDED_SCOPES) == SCOPES


async def test_a_token_that_slack_refuses_says_what_to_do(adapter: SlackAdapter, slack: FakeSlack) -> None:
    slack.faults["auth.test"] = Fault(error="token_revoked")
    result = await adapter.diagnosis().token()
    assert not result.is_ok
    assert "set SLACK_BOT_TOKEN again. [token_revoked]" in result.sentence


async def test_a_token_that_expires_says_when_and_what_to_do(adapter: SlackAdapter, slack: FakeSlack) -> None:
    slack.token_expires_in = 11 * 3600
    result = await adapter.diagnosis().token()
    assert not result.is_ok
    assert "it expires in 11 h. Token rotation is on" in result.sentence


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (timedelta(seconds=20), "agrees"),
        (timedelta(minutes=10), "600 s behind"),
        (timedelta(minutes=-10), "600 s ahead of"),
    ],
)
async def test_a_clock_that_is_off_is_told_by_slacks_date(
    adapter: SlackAdapter, slack: FakeSlack, skew: timedelta, words: str
) -> None:
    slack.date = NOON + skew
    result = await adapter.diagnosis().clock()
    assert words in result.sentence
    assert result.is_ok == (words == "agrees")


async def test_of_the_signing_secret_nothing_is_claimed_that_nobody_can_know(adapter: SlackAdapter) -> None:
    result = adapter.diagnosis().signing_secret(is_set=True)
    assert "only a request from Slack can show" in result.sentence
    assert "not needed" in adapter.diagnosis().signing_secret(is_set=False).sentence


@pytest.mark.parametrize(
    ("channel", "words"), [(ELSEWHERE, "/invite"), (HIDDEN, "Invite the bot with /invite"), (ARCHIVED, "archived")]
)
async def test_a_channel_that_the_bot_cannot_use_says_why(adapter: SlackAdapter, channel: str, words: str) -> None:
    result = await adapter.diagnosis().channel(channel, "link")
    assert not result.is_ok
    assert words in result.sentence
