"""Channels, guests, other organisations, user groups, workflow steps, and Slack's clock."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import ANN, BEN, BOT, CLIPS, PARTNER_TEAM, PRIVATE, TEAM
from bot.sandbox.slack.server import SlackServer
from tests.sandbox.slack.listener import Listener


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_stranger_of_a_shared_channel(slack: SlackServer, client: AsyncWebClient, listener: Listener) -> None:
    stella = slack.new_user("stella", team=PARTNER_TEAM, tz="America/New_York")
    shared = slack.new_channel("partners", members={ANN, BOT, stella}, shared=True)
    await slack.say(shared, "hello", user=stella)
    await slack.settled()

    [received] = listener.received
    event, outer = received.body["event"], received.body
    assert (event["team"], event["user_team"], event["source_team"]) == (PARTNER_TEAM,) * 3
    assert (outer["team_id"], outer["context_team_id"]) == (PARTNER_TEAM, TEAM)
    assert (outer["authorizations"][0]["team_id"], outer["is_ext_shared_channel"]) == (TEAM, True)
    user = (await client.users_info(user=stella))["user"]
    assert (user["team_id"], user["is_stranger"], user["tz"]) == (PARTNER_TEAM, True, "America/New_York")
    assert (await client.conversations_info(channel=shared))["channel"]["is_ext_shared"]


@pytest.mark.parametrize(
    ("guest", "flags"), [("", (False, False)), ("multi_channel", (True, False)), ("single_channel", (True, True))]
)
async def test_guests_are_restricted(
    slack: SlackServer, client: AsyncWebClient, guest: Any, flags: tuple[bool, bool]
) -> None:
    user = (await client.users_info(user=slack.new_user("gus", guest=guest)))["user"]
    assert (user["is_restricted"], user["is_ultra_restricted"], user["is_stranger"]) == (*flags, False)


async def test_usergroup_is_listed(slack: SlackServer, client: AsyncWebClient) -> None:
    group = slack.new_usergroup([ANN, BEN])
    assert (await client.usergroups_users_list(usergroup=group))["users"] == [ANN, BEN]
    assert [each["id"] for each in (await client.usergroups_list())["usergroups"]] == [group]
    assert await refused(client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    slack.switches.scopes.remove("usergroups:read")
    assert await refused(client.usergroups_users_list(usergroup=group)) == "missing_scope"


@pytest.mark.parametrize(("channel", "kind"), [(CLIPS, "channel_left"), (PRIVATE, "group_left")])
async def test_removed_bot_is_told_once(
    slack: SlackServer, client: AsyncWebClient, listener: Listener, channel: str, kind: str
) -> None:
    await slack.kick(channel)
    await slack.say(channel, "are they gone?")
    await slack.settled()
    assert [received.body["event"]["type"] for received in listener.received] == [kind]
    expected = "not_in_channel" if channel == CLIPS else "channel_not_found"
    assert await refused(client.chat_postMessage(channel=channel, text="x")) == expected
    await slack.invite(channel)
    await client.chat_postMessage(channel=channel, text="back")


@pytest.mark.parametrize(("channel", "kind"), [(CLIPS, "channel_unarchive"), (PRIVATE, "group_unarchive")])
async def test_archived_channel_takes_nothing_until_unarchived(
    slack: SlackServer, client: AsyncWebClient, listener: Listener, channel: str, kind: str
) -> None:
    await slack.archive(channel)
    assert await refused(client.chat_postMessage(channel=channel, text="x")) == "is_archived"
    await slack.unarchive(channel)
    await client.chat_postMessage(channel=channel, text="x")
    await slack.settled()
    assert listener.events(kind)[0]["channel"] == channel


async def test_deleted_channel_is_not_found(slack: SlackServer, client: AsyncWebClient, listener: Listener) -> None:
    await slack.delete_channel(CLIPS)
    assert await refused(client.conversations_info(channel=CLIPS)) == "channel_not_found"
    await slack.settled()
    assert listener.events("channel_deleted")[0]["channel"] == CLIPS


async def test_workflow_step_is_completed_with_its_token(
    slack: SlackServer, client: AsyncWebClient, listener: Listener
) -> None:
    execution = await slack.execute_function("send_voice_memo", {"link": "C1"})
    await slack.settled()
    [event] = listener.events("function_executed")
    assert (event["function"]["callback_id"], event["inputs"]) == ("send_voice_memo", {"link": "C1"})

    step = AsyncWebClient(token=event["bot_access_token"], base_url=slack.api_url)
    await step.functions_completeSuccess(
        function_execution_id=event["function_execution_id"], outputs={"status": "sent"}
    )
    assert execution.outputs == {"status": "sent"}
    again = step.functions_completeError(function_execution_id=execution.id, error="late")
    assert await refused(again) == "execution_not_in_running_state"


async def test_workflow_step_fails_with_a_reason(slack: SlackServer, client: AsyncWebClient) -> None:
    execution = await slack.execute_function("send_voice_memo", {})
    await client.functions_completeError(function_execution_id=execution.id, error="no link")
    assert (execution.error, execution.is_running) == ("no link", False)
    unknown = client.functions_completeSuccess(function_execution_id="Fx0", outputs={})
    assert await refused(unknown) == "invalid_arguments"


async def test_clock_skew_shows_everywhere(slack: SlackServer, client: AsyncWebClient, listener: Listener) -> None:
    slack.switches.clock_skew_s = 600
    answer = await client.auth_test()
    message = await slack.say(CLIPS, "early")
    await slack.settled()

    ahead = {
        "Date": parsedate_to_datetime(answer.headers["Date"]).timestamp(),
        "ts": float(message.ts),
        "signature": float(listener.received[0].headers["X-Slack-Request-Timestamp"]),
    }
    assert {name: 500 < at - time.time() < 700 for name, at in ahead.items()} == dict.fromkeys(ahead, True)
