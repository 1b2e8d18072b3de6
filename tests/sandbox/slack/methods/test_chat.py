"""Messages posted, changed and deleted through the Web API, and how any method may fail."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import ANN, ARCHIVED, BEN, BOT_ID, CLIPS, CREW, ELSEWHERE, HIDDEN, PRIVATE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.wire import Wire


async def refused(call: Any) -> Any:
    """The answer of a call that must fail."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


async def test_auth_test_names_the_bot(slack: SlackServer, client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == (slack.bot_user, slack.bot_id, slack.team)
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_token_types_are_checked(slack: SlackServer, client: AsyncWebClient) -> None:
    assert (await refused(client.auth_test(token="xoxb-other")))["error"] == "invalid_auth"
    assert (await refused(client.auth_test(token=slack.app_token)))["error"] == "not_allowed_token_type"
    assert (await refused(client.apps_connections_open(app_token=slack.bot_token)))["error"] == "not_allowed_token_type"


async def test_missing_scope_names_needed_and_provided(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.scopes = {"chat:write", "channels:read"}
    answer = await refused(client.files_info(file="F1"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "files:read")
    assert answer["provided"] == "channels:read,chat:write"
    assert answer.status_code == 200
    assert (await refused(client.conversations_info(channel=PRIVATE)))["needed"] == "groups:read"


async def test_post_has_blocks_and_thread(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "listen")
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*queued*"}}]
    answer = await client.chat_postMessage(channel=CLIPS, thread_ts=root.ts, text="queued", blocks=blocks)
    [_, notice] = slack.thread(CLIPS, root.ts)
    assert (notice.ts, notice.text, notice.blocks, notice.bot_id) == (answer["ts"], "queued", blocks, BOT_ID)
    assert answer["message"]["thread_ts"] == root.ts


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE01", "channel_not_found"),
        (HIDDEN, "channel_not_found"),
        (ELSEWHERE, "not_in_channel"),
        (ARCHIVED, "is_archived"),
    ],
)
async def test_channels_that_take_no_post(client: AsyncWebClient, channel: str, error: str) -> None:
    assert (await refused(client.chat_postMessage(channel=channel, text="x")))["error"] == error


async def test_channel_can_be_given_by_name(client: AsyncWebClient) -> None:
    assert (await client.chat_postMessage(channel="#clips", text="x"))["channel"] == CLIPS


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"text": "x", "metadata": {"event_type": "two words", "event_payload": {}}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "x", "event_payload": {"a": "b" * 20_000}}}, "metadata_too_large"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "imaginary"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": "{no json"}, "invalid_blocks_format"),
        ({"text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
    ],
)
async def test_invalid_content_is_refused(client: AsyncWebClient, content: dict[str, Any], error: str) -> None:
    assert (await refused(client.chat_postMessage(channel=CLIPS, **content)))["error"] == error


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
        {"type": "section"},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11},
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": ""}]},
        {"type": "actions", "elements": []},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x" * 76}}]},
        {"type": "divider", "block_id": "x" * 256},
    ],
)
async def test_oversized_blocks_are_refused(client: AsyncWebClient, block: Any) -> None:
    answer = await refused(client.chat_postMessage(channel=CLIPS, text="x", blocks=[block]))
    assert answer["error"] == "invalid_blocks"
    assert "/blocks/0" in answer["response_metadata"]["messages"][0]


async def test_update_replaces_text(slack: SlackServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=CLIPS, text="queued")
    await client.chat_update(channel=CLIPS, ts=posted["ts"], text="sent")
    message = slack.message(CLIPS, posted["ts"])
    assert (message.text, message.drafts) == ("sent", ["queued"])


async def test_update_limits(slack: SlackServer, client: AsyncWebClient) -> None:
    said = await slack.say(CLIPS, "hello")
    posted = await client.chat_postMessage(channel=CLIPS, text="queued")
    assert (await refused(client.chat_update(channel=CLIPS, ts=said.ts, text="x")))["error"] == "cant_update_message"
    assert (await refused(client.chat_update(channel=CLIPS, ts="1.000001", text="x")))["error"] == "message_not_found"
    too_long = client.chat_update(channel=CLIPS, ts=posted["ts"], text="x" * 4001)
    assert (await refused(too_long))["error"] == "msg_too_long"


async def test_ephemeral_is_for_one_member(slack: SlackServer, client: AsyncWebClient) -> None:
    await client.chat_postEphemeral(channel=CLIPS, user=BEN, text="only you")
    assert [(e.user, e.text) for e in slack.ephemerals(CLIPS)] == [(BEN, "only you")]
    assert slack.ephemerals(CLIPS, ANN) == []
    stranger = client.chat_postEphemeral(channel=CLIPS, user="U0STRANGER1", text="x")
    assert (await refused(stranger))["error"] == "user_not_in_channel"


async def test_permalink_names_the_thread(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "a")
    reply = await slack.say(CLIPS, "b", thread_ts=root.ts)
    answer = await client.chat_getPermalink(channel=CLIPS, message_ts=reply.ts)
    assert f"p{reply.ts.replace('.', '')}?thread_ts={root.ts}" in answer["permalink"]


async def test_repeated_reaction_is_an_error(slack: SlackServer, client: AsyncWebClient) -> None:
    said = await slack.say(CLIPS, "a")
    await client.reactions_add(channel=CLIPS, timestamp=said.ts, name="eyes")
    again = client.reactions_add(channel=CLIPS, timestamp=said.ts, name="eyes")
    assert (await refused(again))["error"] == "already_reacted"
    assert slack.message(CLIPS, said.ts).reactions == {"eyes": [slack.bot_user]}
    await client.reactions_remove(channel=CLIPS, timestamp=said.ts, name="eyes")
    gone = client.reactions_remove(channel=CLIPS, timestamp=said.ts, name="eyes")
    assert (await refused(gone))["error"] == "no_reaction"


async def test_users_info_shows_admins(client: AsyncWebClient) -> None:
    assert (await client.users_info(user=ANN))["user"]["is_admin"]
    assert not (await client.users_info(user=BEN))["user"]["is_admin"]
    assert (await refused(client.users_info(user="U0")))["error"] == "user_not_found"


async def test_unfurled_file_link_shares_the_file(slack: SlackServer, client: AsyncWebClient) -> None:
    dropped = await slack.drop(CLIPS, Upload("a.mp3", b"x"))
    link = dropped.files[0].record["permalink"]
    await client.chat_postMessage(channel=CLIPS, text=f"got {link}", unfurl_links=False, unfurl_media=False)
    assert len(dropped.files[0].shares) == 1
    await client.chat_postMessage(channel=CLIPS, text=f"got {link}")
    assert [share.by for share in dropped.files[0].shares] == [ANN, slack.bot_user]


async def test_post_rate_per_channel(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.post_burst = 2
    for _ in range(2):
        await client.chat_postMessage(channel=CLIPS, text="x")
    answer = await refused(client.chat_postMessage(channel=CLIPS, text="x"))
    assert (answer.status_code, answer["error"]) == (429, "ratelimited")
    assert answer.headers["Retry-After"] == "1"
    await client.chat_postMessage(channel=CREW, text="other channels are free")
    slack.switches.rate_limits = False
    await client.chat_postMessage(channel=CLIPS, text="x")


async def test_method_tier_limits_calls(slack: SlackServer, client: AsyncWebClient) -> None:
    group = slack.new_usergroup([ANN])
    calls = (client.usergroups_users_list(usergroup=group) for _ in range(25))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refusals = [a for a in answers if isinstance(a, SlackApiError)]
    assert {refusal.response.status_code for refusal in refusals} == {429}
    assert len(answers) - len(refusals) in (20, 21)


async def test_dropped_connection_may_hide_a_post(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.fault("chat.postMessage", drop=True, done=True, times=1)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=CLIPS, text="made")
    await client.chat_postMessage(channel=CLIPS, text="plain")
    assert [m.text for m in slack.workspace.channels[CLIPS].messages.values()] == ["made", "plain"]


async def test_default_client_posts_twice_after_a_drop(slack: SlackServer, client: AsyncWebClient) -> None:
    ready_made = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    slack.switches.fault("chat.postMessage", drop=True, done=True, times=1)
    await ready_made.chat_postMessage(channel=CLIPS, text="double")
    assert [m.text for m in slack.workspace.channels[CLIPS].messages.values()] == ["double", "double"]


async def test_fatal_error_may_have_taken_effect(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.fault("chat.postMessage", error="fatal_error", done=True, times=1)
    assert (await refused(client.chat_postMessage(channel=CLIPS, text="x")))["error"] == "fatal_error"
    assert len(slack.workspace.channels[CLIPS].messages) == 1


async def test_late_answer_is_the_true_one(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.fault("auth.test", delay_s=0.05, times=1)
    assert (await client.auth_test())["ok"]


async def test_faults_by_method_or_for_all(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.fault("auth.test", status=503, times=1)
    slack.switches.fault("*", error="token_revoked")
    assert (await refused(client.auth_test())).status_code == 503
    slack.switches.faults.pop("auth.test")
    assert (await refused(client.auth_test()))["error"] == "token_revoked"
    slack.switches.faults.clear()
    assert (await client.auth_test())["ok"]


async def test_down_switch_refuses_and_recovers(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.down = "refused"
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.auth_test()
    slack.switches.down = "503"
    assert (await refused(client.auth_test())).status_code == 503
    slack.switches.down = "no"
    assert (await client.auth_test())["ok"]


async def test_client_msg_id_switch(slack: SlackServer, client: AsyncWebClient) -> None:
    post: dict[str, Any] = {"channel": CLIPS, "text": "x", "client_msg_id": "3e0c2b7e"}
    first = await client.chat_postMessage(**post)
    assert (await client.chat_postMessage(**post))["ts"] != first["ts"]
    slack.switches.client_msg_id = "on"
    assert (await client.chat_postMessage(**post))["is_duplicate"]
    slack.switches.client_msg_id = "error"
    assert (await refused(client.chat_postMessage(**post)))["error"] == "duplicate_message_not_found"


async def test_unknown_method_and_invalid_json(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    bearer = {"Authorization": f"Bearer {slack.bot_token}"}
    async with http.post(f"{slack.api_url}no.such", headers=bearer) as answer:
        assert (await answer.json())["error"] == "unknown_method"
    headers = bearer | {"Content-Type": "application/json"}
    async with http.post(f"{slack.api_url}auth.test", data=b"{", headers=headers) as answer:
        assert (await answer.json())["error"] == "invalid_json"
    async with http.post(f"{slack.api_url}auth.test") as answer:
        assert (await answer.json())["error"] == "not_authed"


async def test_every_call_is_in_the_wire_log(client: AsyncWebClient, wire: Wire) -> None:
    posted = await client.chat_postMessage(channel=CLIPS, text="x")
    await refused(client.chat_postMessage(channel=HIDDEN, text="x"))
    good, bad = wire.named("chat.postMessage", "slack")
    assert (good.status, good.facts["ts"], good.direction) == (200, posted["ts"], "from_bot")
    assert (bad.status, bad.facts["error"]) == (200, "channel_not_found")
