"""Reading channels back: who, what, in which order, page by page."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import ANN, ARCHIVED, BEN, CLIPS, ELSEWHERE, HIDDEN, PRIVATE
from bot.sandbox.slack.server import SlackServer

TAGGED = {"event_type": "delivery", "event_payload": {"id": "d1"}}


@pytest.fixture
async def unlimited(slack: SlackServer, client: AsyncWebClient) -> AsyncWebClient:
    """The client of a Slack without rate limits."""
    slack.switches.rate_limits = False
    return client


async def error_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_info_shows_kind_membership_and_archive(client: AsyncWebClient) -> None:
    elsewhere = (await client.conversations_info(channel=ELSEWHERE, include_num_members=True))["channel"]
    assert (elsewhere["is_member"], elsewhere["num_members"]) == (False, 2)
    assert (await client.conversations_info(channel=PRIVATE))["channel"]["is_private"]
    assert (await client.conversations_info(channel=ARCHIVED))["channel"]["is_archived"]
    assert await error_of(client.conversations_info(channel=HIDDEN)) == "channel_not_found"


async def test_members_are_paged(slack: SlackServer, client: AsyncWebClient) -> None:
    first = await client.conversations_members(channel=CLIPS, limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_members(channel=CLIPS, limit=3, cursor=cursor)
    assert {*first["members"], *second["members"]} >= {ANN, BEN, slack.bot_user}
    assert second["response_metadata"]["next_cursor"] == ""
    assert await error_of(client.conversations_members(channel=CLIPS, cursor="nonsense")) == "invalid_cursor"


async def test_history_is_newest_first_without_replies(slack: SlackServer, unlimited: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "one")
    await slack.say(CLIPS, "hidden in the thread", thread_ts=root.ts)
    await slack.say(CLIPS, "two")
    messages = (await unlimited.conversations_history(channel=CLIPS))["messages"]
    assert [m["text"] for m in messages] == ["two", "one"]
    assert (messages[1]["reply_count"], messages[1]["thread_ts"]) == (1, root.ts)


async def test_history_needs_membership(client: AsyncWebClient) -> None:
    assert await error_of(client.conversations_history(channel=ELSEWHERE)) == "not_in_channel"
    assert await error_of(client.conversations_history(channel=HIDDEN)) == "channel_not_found"


async def test_new_messages_do_not_shift_pages(slack: SlackServer, unlimited: AsyncWebClient) -> None:
    for number in range(4):
        await slack.say(CLIPS, str(number))
    first = await unlimited.conversations_history(channel=CLIPS, limit=2)
    await slack.say(CLIPS, "late")
    cursor = first["response_metadata"]["next_cursor"]
    second = await unlimited.conversations_history(channel=CLIPS, limit=2, cursor=cursor)
    assert [m["text"] for m in [*first["messages"], *second["messages"]]] == ["3", "2", "1", "0"]
    assert (first["has_more"], second["has_more"]) == (True, False)


async def test_bounds_are_exclusive_unless_inclusive(slack: SlackServer, unlimited: AsyncWebClient) -> None:
    a, b, c = [await slack.say(CLIPS, text) for text in "abc"]
    between = await unlimited.conversations_history(channel=CLIPS, oldest=a.ts, latest=c.ts)
    assert [m["ts"] for m in between["messages"]] == [b.ts]
    within = await unlimited.conversations_history(channel=CLIPS, oldest=a.ts, latest=c.ts, inclusive=True)
    assert len(within["messages"]) == 3
    assert await error_of(unlimited.conversations_history(channel=CLIPS, oldest="soon")) == "invalid_ts_oldest"


async def test_replies_begin_with_the_root(slack: SlackServer, unlimited: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "root")
    first = await slack.say(CLIPS, "first", thread_ts=root.ts)
    await slack.say(CLIPS, "second", thread_ts=root.ts)
    after = await unlimited.conversations_replies(channel=CLIPS, ts=root.ts, oldest=first.ts)
    assert [m["text"] for m in after["messages"]] == ["root", "second"]
    assert after["messages"][1]["parent_user_id"] == ANN
    by_reply = await unlimited.conversations_replies(channel=CLIPS, ts=first.ts)
    assert [m["text"] for m in by_reply["messages"]] == ["root", "first", "second"]
    assert await error_of(unlimited.conversations_replies(channel=CLIPS, ts="1.000001")) == "thread_not_found"


async def test_deleted_root_leaves_a_tombstone(slack: SlackServer, unlimited: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "root")
    await slack.say(CLIPS, "reply", thread_ts=root.ts)
    await slack.delete(CLIPS, root.ts)
    messages = (await unlimited.conversations_replies(channel=CLIPS, ts=root.ts))["messages"]
    assert [m.get("subtype") for m in messages] == ["tombstone", None]


async def test_metadata_is_returned_on_request(slack: SlackServer, unlimited: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "root")
    await unlimited.chat_postMessage(channel=CLIPS, thread_ts=root.ts, text="queued", metadata=TAGGED)
    plain = await unlimited.conversations_replies(channel=CLIPS, ts=root.ts)
    assert "metadata" not in plain["messages"][1]
    asked = await unlimited.conversations_replies(channel=CLIPS, ts=root.ts, include_all_metadata=True)
    assert asked["messages"][1]["metadata"] == TAGGED
    slack.switches.hide_metadata = True
    hidden = await unlimited.conversations_replies(channel=CLIPS, ts=root.ts, include_all_metadata=True)
    assert "metadata" not in hidden["messages"][1]


async def test_update_without_metadata_keeps_it(slack: SlackServer, unlimited: AsyncWebClient) -> None:
    posted = await unlimited.chat_postMessage(channel=CLIPS, text="queued", metadata=TAGGED)
    await unlimited.chat_update(channel=CLIPS, ts=posted["ts"], text="sent")
    assert slack.message(CLIPS, posted["ts"]).metadata == TAGGED


async def test_restricted_app_reads_15_messages_a_minute(slack: SlackServer, unlimited: AsyncWebClient) -> None:
    slack.switches.history_restricted = True
    for number in range(20):
        await slack.say(CLIPS, str(number))
    assert len((await unlimited.conversations_history(channel=CLIPS, limit=100))["messages"]) == 15
    assert await error_of(unlimited.conversations_history(channel=CLIPS)) == "ratelimited"


async def test_channels_of_a_person_are_those_that_the_app_sees(client: AsyncWebClient) -> None:
    both = "public_channel,private_channel"
    ids = {channel["id"] for channel in (await client.users_conversations(user=BEN, types=both))["channels"]}
    assert {CLIPS, ELSEWHERE, PRIVATE} <= ids
    assert HIDDEN not in ids
    assert await error_of(client.users_conversations(user="U0NOBODY")) == "user_not_found"
