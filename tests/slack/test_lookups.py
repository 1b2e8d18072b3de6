"""Who the bot is, who is an admin, which channels the bot is in: asked of the toy Slack, and remembered for a while."""

import pytest

from bot.relay.errors import Refused
from bot.relay.model import ChannelId, UserId
from bot.sandbox.slack.fixtures import ANN, ARCHIVED, BEN, CLIPS, ELSEWHERE, HIDDEN
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.switches import Fault
from bot.sandbox.wire import Wire
from bot.slack.lookups import Lookups
from tests.slack.conftest import Seconds


async def test_admins_are_known_and_remembered(
    slack: SlackServer, lookups: Lookups, clock: Seconds, wire: Wire
) -> None:
    assert await lookups.is_admin(UserId(ANN))
    assert await lookups.is_admin(UserId(ANN))
    assert not await lookups.is_admin(UserId(BEN))
    assert len(wire.named("users.info")) == 2
    clock.now += 61
    assert await lookups.is_admin(UserId(ANN))
    assert len(wire.named("users.info")) == 3


async def test_an_admin_of_another_organisation_is_none_here(slack: SlackServer, lookups: Lookups) -> None:
    stranger = slack.new_user("mia", is_admin=True, team="T0OTHER")
    assert not await lookups.is_admin(UserId(stranger))


async def test_the_bot_learns_who_it_is_and_what_it_may_do(slack: SlackServer, lookups: Lookups, wire: Wire) -> None:
    me = await lookups.identity()
    assert (me.team, me.user, me.bot) == (slack.team, slack.bot_user, slack.bot_id)
    await lookups.identity()
    assert len(wire.named("auth.test")) == 1
    assert await lookups.scopes() == slack.switches.scopes


async def test_a_ping_says_what_is_wrong_with_the_token_and_when_it_is_well_again(
    slack: SlackServer, lookups: Lookups, clock: Seconds
) -> None:
    assert await lookups.ping() == ""
    slack.switches.faults = {"auth.test": Fault(error="account_inactive")}
    assert await lookups.ping() == ""
    lookups.doubt()
    assert "reinstall" in await lookups.ping()
    slack.switches.faults = {}
    clock.now += 60
    assert await lookups.ping() == ""


async def test_a_channel_shows_whether_the_bot_is_in_it(lookups: Lookups) -> None:
    assert (await lookups.place(ChannelId(CLIPS))).is_member
    assert not (await lookups.place(ChannelId(ELSEWHERE))).is_member
    assert (await lookups.place(ChannelId(ARCHIVED))).is_archived
    with pytest.raises(Refused):
        await lookups.place(ChannelId(HIDDEN))
