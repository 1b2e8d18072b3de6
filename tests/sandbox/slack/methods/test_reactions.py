"""Reactions: one bot is one user, and everybody's are told and listed."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import ANN, ARCHIVED, BEN, CLIPS, ELSEWHERE
from bot.sandbox.slack.server import SlackServer
from tests.sandbox.slack.listener import Listener


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_repeated_reaction_is_an_error(slack: SlackServer, client: AsyncWebClient) -> None:
    said = await slack.say(CLIPS, "a")
    await client.reactions_add(channel=CLIPS, timestamp=said.ts, name="eyes")
    assert await refused(client.reactions_add(channel=CLIPS, timestamp=said.ts, name="eyes")) == "already_reacted"
    assert slack.message(CLIPS, said.ts).reactions == {"eyes": [slack.bot_user]}
    await client.reactions_remove(channel=CLIPS, timestamp=said.ts, name="eyes")
    assert await refused(client.reactions_remove(channel=CLIPS, timestamp=said.ts, name="eyes")) == "no_reaction"


async def test_reactions_are_told_with_their_item(
    slack: SlackServer, client: AsyncWebClient, listener: Listener
) -> None:
    said = await slack.say(CLIPS, "a", user=BEN)
    await client.reactions_add(channel=CLIPS, timestamp=said.ts, name="eyes")
    await slack.react(CLIPS, said.ts, "+1::skin-tone-3", user=ANN)
    await slack.unreact(CLIPS, said.ts, "+1::skin-tone-3", user=ANN)
    await slack.settled()

    added, removed = listener.events("reaction_added"), listener.events("reaction_removed")
    assert [(event["user"], event["reaction"]) for event in added] == [
        (slack.bot_user, "eyes"),
        (ANN, "+1::skin-tone-3"),
    ]
    assert [event["reaction"] for event in removed] == ["+1::skin-tone-3"]
    assert added[0]["item"] == {"type": "message", "channel": CLIPS, "ts": said.ts}
    assert (added[0]["item_user"], "bot_id" in added[0]) == (BEN, False)


async def test_reaction_to_another_author_has_no_item_user(
    slack: SlackServer, client: AsyncWebClient, listener: Listener
) -> None:
    posted = await client.chat_postMessage(channel=CLIPS, text="hi", username="Ann")
    await slack.react(CLIPS, posted["ts"], "heart")
    await slack.settled()
    assert "item_user" not in listener.events("reaction_added")[0]


@pytest.mark.parametrize("missing", ["scope", "membership", "own_events"])
async def test_reaction_events_need_scope_and_membership(
    slack: SlackServer, client: AsyncWebClient, listener: Listener, missing: str
) -> None:
    said = await slack.say(CLIPS, "a")
    if missing == "scope":
        slack.switches.scopes.remove("reactions:read")
        await slack.react(CLIPS, said.ts, "eyes")
    elif missing == "membership":
        await slack.react(ELSEWHERE, (await slack.say(ELSEWHERE, "b")).ts, "eyes")
    else:
        slack.switches.own_events = False
        await client.reactions_add(channel=CLIPS, timestamp=said.ts, name="eyes")
    await slack.settled()
    assert listener.events("reaction_added") == []


async def test_reactions_are_read_back(slack: SlackServer, client: AsyncWebClient) -> None:
    said = await slack.say(CLIPS, "a")
    await slack.react(CLIPS, said.ts, "eyes")
    await client.reactions_add(channel=CLIPS, timestamp=said.ts, name="eyes")

    expected = [{"name": "eyes", "users": [ANN, slack.bot_user], "count": 2}]
    assert (await client.reactions_get(channel=CLIPS, timestamp=said.ts))["message"]["reactions"] == expected
    assert (await client.conversations_history(channel=CLIPS))["messages"][0]["reactions"] == expected


async def test_reaction_errors(slack: SlackServer, client: AsyncWebClient) -> None:
    said = await slack.say(CLIPS, "a")
    assert await refused(client.reactions_add(channel=CLIPS, timestamp="1.000001", name="eyes")) == "message_not_found"
    assert await refused(client.reactions_add(channel=CLIPS, timestamp=said.ts, name="no such")) == "invalid_name"
    assert await refused(client.reactions_add(channel=ARCHIVED, timestamp=said.ts, name="eyes")) == "is_archived"
    slack.switches.scopes.remove("reactions:write")
    assert await refused(client.reactions_add(channel=CLIPS, timestamp=said.ts, name="eyes")) == "missing_scope"
