"""Who somebody is and what they may do: asked of Slack, never told by names, and remembered for a while."""

import pytest

from bot.relay.errors import Refused
from bot.relay.rooms import Membership
from bot.slack.adapter import SlackAdapter
from bot.slack.api.directory import SlackDirectory
from bot.slack.ids import group_id, person_id
from tests.slack.conftest import Seconds
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import (
    ANN,
    ARCHIVED,
    BEN,
    BOT,
    BOT_ID,
    CLIPS,
    CREW,
    ELSEWHERE,
    GUEST,
    HIDDEN,
    STRANGER,
    TEAM,
)


def person(user: str) -> str:
    return person_id(TEAM, user)


async def test_admins_are_known_and_remembered(adapter: SlackAdapter, slack: FakeSlack, clock: Seconds) -> None:
    directory = adapter.directory
    assert await directory.is_admin(person_id(TEAM, ANN))
    assert await directory.is_admin(person_id(TEAM, ANN))
    assert not await directory.is_admin(person_id(TEAM, BEN))
    assert len(slack.named("users.info")) == 2
    clock.now += 61
    assert await directory.is_admin(person_id(TEAM, ANN))
    assert len(slack.named("users.info")) == 3


async def test_an_operator_may_name_admins_by_id(adapter: SlackAdapter, slack: FakeSlack) -> None:
    directory = SlackDirectory(adapter.api, adapter.identity, lambda: 0.0, admins=[BEN])
    assert await directory.is_admin(person_id(TEAM, BEN))
    assert slack.named("users.info") == []


async def test_an_admin_of_another_organisation_is_none_here(adapter: SlackAdapter) -> None:
    assert not await adapter.directory.is_admin(person_id(TEAM, STRANGER))


@pytest.mark.parametrize(
    ("changes", "membership"),
    [
        ({}, Membership.MEMBER),
        ({"is_restricted": True}, Membership.GUEST),
        ({"is_ultra_restricted": True}, Membership.GUEST),
        ({"is_stranger": True}, Membership.EXTERNAL),
        ({"team_id": "T0FAR"}, Membership.EXTERNAL),
        ({"team_id": "T0SISTER", "enterprise_user": {"teams": ["T0SISTER", TEAM]}}, Membership.MEMBER),
        ({"team_id": "T0SISTER", "enterprise_user": {"teams": ["T0SISTER"]}}, Membership.EXTERNAL),
        ({"team_id": "T0FAR", "profile": {"display_name": "Ann"}}, Membership.EXTERNAL),
    ],
)
async def test_what_slack_says_of_a_person_decides_and_not_their_name(
    adapter: SlackAdapter, slack: FakeSlack, changes: dict[str, object], membership: Membership
) -> None:
    slack.users[BEN] |= changes
    assert await adapter.directory.membership(person_id(TEAM, BEN)) is membership


async def test_guests_and_strangers_are_told_apart(adapter: SlackAdapter) -> None:
    found = [await adapter.directory.membership(person_id(TEAM, user)) for user in (GUEST, STRANGER, "U0NOBODY")]
    assert found == [Membership.GUEST, Membership.EXTERNAL, Membership.EXTERNAL]


async def test_a_bot_that_an_operator_allowed_counts_as_a_member(adapter: SlackAdapter, slack: FakeSlack) -> None:
    assert await adapter.directory.membership(person_id(TEAM, "B0FRIEND")) is Membership.MEMBER
    assert slack.named("users.info") == []


async def test_user_groups_are_looked_up_once_a_minute(adapter: SlackAdapter, slack: FakeSlack) -> None:
    group = group_id(TEAM, "S0SALES")
    assert await adapter.directory.is_in_group(person_id(TEAM, ANN), group)
    assert not await adapter.directory.is_in_group(person_id(TEAM, BEN), group)
    assert len(slack.named("usergroups.users.list")) == 1


async def test_a_person_is_no_group(adapter: SlackAdapter, slack: FakeSlack) -> None:
    """A link's senders may name both."""
    assert not await adapter.directory.is_in_group(person_id(TEAM, ANN), person_id(TEAM, BEN))
    assert slack.named("usergroups.users.list") == []


async def test_names_are_those_that_people_chose(adapter: SlackAdapter) -> None:
    found = await adapter.directory.names([ANN, BEN, CREW, "S0SALES", "U0NOBODY", HIDDEN])
    assert found == {ANN: "Ann", BEN: "Ben Okafor", CREW: "crew", "S0SALES": "sales"}


async def test_a_channel_shows_whether_the_bot_is_in_it(adapter: SlackAdapter) -> None:
    assert (await adapter.directory.channel(CLIPS)).is_member
    assert not (await adapter.directory.channel(ELSEWHERE)).is_member
    assert (await adapter.directory.channel(ARCHIVED)).is_archived
    with pytest.raises(Refused):
        await adapter.directory.channel(HIDDEN)


async def test_the_channels_of_a_person_are_known(adapter: SlackAdapter) -> None:
    assert HIDDEN in await adapter.directory.channels_of(ANN)
    assert await adapter.directory.channels_of(BEN) == {CLIPS, CREW, ELSEWHERE, ARCHIVED}


async def test_the_bot_learns_who_it_is_once(adapter: SlackAdapter, slack: FakeSlack) -> None:
    me = await adapter.identity.get()
    assert (me.team, me.user, me.bot) == (TEAM, BOT, BOT_ID)
    await adapter.identity.get()
    assert len(slack.named("auth.test")) == 1
    assert await adapter.identity.scopes() == slack.scopes


async def test_ids_given_by_an_operator_become_rooms_and_people(adapter: SlackAdapter) -> None:
    assert await adapter.room(CLIPS) == f"slack:{TEAM}/{CLIPS}"
    assert await adapter.person(ANN) == person(ANN)
    assert await adapter.setting_values(["U0ANN000001", "S0SALES Members", " "]) == [
        person("U0ANN000001"),
        group_id(TEAM, "S0SALES"),
        "members",
    ]
