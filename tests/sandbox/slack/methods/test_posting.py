"""Whose name a post has, which thread it lands in, and what rich_text Slack accepts."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import ANN, BOT_ID, CLIPS
from bot.sandbox.slack.server import SlackServer
from tests.sandbox.slack.listener import Listener


async def refused(call: Any) -> Any:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


def rich(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "elements": list(elements)}]


def section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


async def test_post_under_another_name(slack: SlackServer, client: AsyncWebClient, listener: Listener) -> None:
    answer = await client.chat_postMessage(channel=CLIPS, text="hi", username="Ann Archer", icon_emoji=":wave:")
    await slack.settled()

    [event] = listener.events()
    assert (event["subtype"], event["username"], event["bot_id"]) == ("bot_message", "Ann Archer", BOT_ID)
    assert (event["icons"], "user" in event) == ({"emoji": ":wave:"}, False)
    assert answer["message"]["username"] == "Ann Archer"


async def test_icon_url_gives_way_to_an_emoji(slack: SlackServer, client: AsyncWebClient) -> None:
    url = "https://example.com/ann.png"
    one = await client.chat_postMessage(channel=CLIPS, text="x", username="Ann", icon_url=url)
    two = await client.chat_postMessage(channel=CLIPS, text="x", username="Ann", icon_url=url, icon_emoji=":wave:")
    icons = [slack.message(CLIPS, posted["ts"]).icons for posted in (one, two)]
    assert icons == [{"image_48": url}, {"emoji": ":wave:"}]


async def test_name_needs_its_scope(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.scopes.remove("chat:write.customize")
    answer = await refused(client.chat_postMessage(channel=CLIPS, text="x", username="Ann"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write.customize")

    slack.switches.customize_without_scope = "ignored"
    posted = await client.chat_postMessage(channel=CLIPS, text="x", username="Ann")
    assert slack.message(CLIPS, posted["ts"]).username == ""


async def test_update_cannot_change_the_name(slack: SlackServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=CLIPS, text="x", username="Ann")
    await client.chat_update(channel=CLIPS, ts=posted["ts"], text="y", username="Ben")
    assert slack.message(CLIPS, posted["ts"]).username == "Ann"


@pytest.mark.parametrize("has_replies", [False, True])
async def test_reply_to_a_deleted_thread_lands_at_the_root(
    slack: SlackServer, client: AsyncWebClient, has_replies: bool
) -> None:
    root = await slack.say(CLIPS, "root")
    if has_replies:
        await slack.say(CLIPS, "reply", thread_ts=root.ts)
    await slack.delete(CLIPS, root.ts)

    answer = await client.chat_postMessage(channel=CLIPS, text="late", thread_ts=root.ts)

    assert "thread_ts" not in answer["message"]
    assert slack.message(CLIPS, answer["ts"]).thread_ts is None


async def test_reply_to_a_reply_joins_its_thread(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "root")
    reply = await slack.say(CLIPS, "reply", thread_ts=root.ts)
    answer = await client.chat_postMessage(channel=CLIPS, text="x", thread_ts=reply.ts)
    assert answer["message"]["thread_ts"] == root.ts


async def test_broadcast_is_in_thread_and_channel(
    slack: SlackServer, client: AsyncWebClient, listener: Listener
) -> None:
    root = await slack.say(CLIPS, "root")
    answer = await client.chat_postMessage(channel=CLIPS, text="all", thread_ts=root.ts, reply_broadcast=True)
    quiet = await client.chat_postMessage(channel=CLIPS, text="quiet", thread_ts=root.ts)
    await client.chat_update(channel=CLIPS, ts=quiet["ts"], text="loud", reply_broadcast=True)

    history = (await client.conversations_history(channel=CLIPS))["messages"]
    assert [m["text"] for m in history] == ["loud", "all", "root"]
    assert [m["text"] for m in (await client.conversations_replies(channel=CLIPS, ts=root.ts))["messages"]] == [
        "root",
        "all",
        "loud",
    ]
    await slack.settled()
    [event] = [each for each in listener.events() if each["ts"] == answer["ts"]]
    assert (event["subtype"], event["root"]["ts"]) == ("thread_broadcast", root.ts)


async def test_markup_arguments_are_accepted(client: AsyncWebClient) -> None:
    await client.chat_postMessage(
        channel=CLIPS, text="x", parse="none", link_names=False, mrkdwn=False, unfurl_links=False, unfurl_media=False
    )


@pytest.mark.parametrize(
    "element",
    [
        {"type": "text", "text": "hi", "style": {"bold": True}},
        {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fc", "skin_tone": 3},
        {"type": "link", "url": "https://example.com", "text": "here"},
        {"type": "user", "user_id": ANN},
        {"type": "broadcast", "range": "here"},
    ],
)
async def test_rich_text_elements_are_accepted(client: AsyncWebClient, element: dict[str, Any]) -> None:
    await client.chat_postMessage(channel=CLIPS, text="x", blocks=rich(section(element)))


@pytest.mark.parametrize(
    "blocks",
    [
        rich(),
        rich(section()),
        rich(section({"type": "text", "text": ""})),
        rich({"type": "rich_text_quote", "elements": []}),
        rich({"type": "rich_text_preformatted", "elements": []}),
        rich({"type": "rich_text_list", "style": "bullet", "elements": []}),
        rich({"type": "rich_text_list", "style": "bullet", "elements": [section()]}),
        rich({"type": "rich_text_list", "elements": [section({"type": "text", "text": "x"})]}),
        rich({"type": "rich_text_list", "style": "bullet", "elements": [{"type": "text", "text": "x"}]}),
        rich(section({"type": "link", "url": ""})),
        rich(section({"type": "shrug"})),
        rich({"type": "rich_text_poem", "elements": [{"type": "text", "text": "x"}]}),
        rich({"type": "rich_text_section", "elements": ["x"]}),
    ],
)
async def test_empty_rich_text_is_refused(client: AsyncWebClient, blocks: list[dict[str, Any]]) -> None:
    answer = await refused(client.chat_postMessage(channel=CLIPS, text="x", blocks=blocks))
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"]


async def test_delete_takes_own_messages_only(slack: SlackServer, client: AsyncWebClient) -> None:
    posted, said = await client.chat_postMessage(channel=CLIPS, text="x"), await slack.say(CLIPS, "y")
    await client.chat_delete(channel=CLIPS, ts=posted["ts"])
    assert posted["ts"] not in slack.workspace.channels[CLIPS].messages
    assert (await refused(client.chat_delete(channel=CLIPS, ts=said.ts)))["error"] == "cant_delete_message"
