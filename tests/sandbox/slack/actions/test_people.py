"""What people write, and how it looks in events: blocks, edits, deletions, broadcasts, forwards."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import ANN, BEN, CLIPS, PRIVATE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.slack.state.rich_text import compose
from tests.sandbox.slack.listener import Listener


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("a &lt; b", {"type": "text", "text": "a < b"}),
        ("*bold*", {"type": "text", "text": "bold", "style": {"bold": True}}),
        ("~gone~", {"type": "text", "text": "gone", "style": {"strike": True}}),
        (f"<@{BEN}>", {"type": "user", "user_id": BEN}),
        ("<#C1|crew>", {"type": "channel", "channel_id": "C1"}),
        ("<!subteam^S1|@team>", {"type": "usergroup", "usergroup_id": "S1"}),
        ("<!here>", {"type": "broadcast", "range": "here"}),
        ("<https://e.com/?a=1&amp;b=2|menu>", {"type": "link", "url": "https://e.com/?a=1&b=2", "text": "menu"}),
        (":tada:", {"type": "emoji", "name": "tada", "unicode": "1f389"}),
        (":wave::skin-tone-3:", {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fc", "skin_tone": 3}),
        (":partyparrot:", {"type": "emoji", "name": "partyparrot"}),
        ("snake_case_name 2*3*4", {"type": "text", "text": "snake_case_name 2*3*4"}),
    ],
)
def test_typed_text_becomes_rich_text(text: str, element: dict[str, Any]) -> None:
    assert compose(text)[0]["elements"][0]["elements"] == [element]


async def test_message_has_text_and_blocks(slack: SlackServer, listener: Listener) -> None:
    await slack.say(CLIPS, "hello *you*")
    await slack.say(CLIPS, "only text", blocks=[])
    await slack.say(CLIPS, blocks=compose("only blocks"))
    await slack.settled()
    assert [("blocks" in event, event["text"]) for event in listener.events()] == [
        (True, "hello *you*"),
        (False, "only text"),
        (True, ""),
    ]


async def test_edit_has_a_new_edited_ts(slack: SlackServer, listener: Listener) -> None:
    message = await slack.say(CLIPS, "one")
    await slack.edit(CLIPS, message.ts, "two")
    await slack.edit(CLIPS, message.ts, "three")
    await slack.settled()
    first, second = listener.events()[1:]
    assert first["message"]["edited"]["ts"] < second["message"]["edited"]["ts"]
    assert (first["message"]["edited"]["user"], "edited" in first["previous_message"]) == (ANN, False)
    assert second["message"]["blocks"] == compose("three")


async def test_unfurl_changes_without_an_edit(slack: SlackServer, listener: Listener) -> None:
    message = await slack.say(CLIPS, "https://example.com")
    await slack.unfurl(CLIPS, message.ts)
    await slack.settled()
    changed = listener.events()[-1]
    assert (changed["subtype"], "edited" in changed["message"]) == ("message_changed", False)


async def test_deleted_root_replays_its_replies_as_changes(slack: SlackServer, listener: Listener) -> None:
    root = await slack.say(CLIPS, "root")
    replies = [await slack.say(CLIPS, text, thread_ts=root.ts) for text in ("one", "two")]
    await slack.settled()
    await slack.delete(CLIPS, root.ts)
    await slack.settled()

    deleted, *changed = listener.events()[3:]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", root.ts)
    assert [event["message"]["ts"] for event in changed] == [reply.ts for reply in replies]
    for event in changed:
        assert event["message"]["text"] == event["previous_message"]["text"]
        assert "edited" not in event["message"]


async def test_reply_is_also_sent_to_the_channel(slack: SlackServer, listener: Listener) -> None:
    root = await slack.say(CLIPS, "root")
    await slack.say(CLIPS, "for all", user=BEN, thread_ts=root.ts, broadcast=True)
    await slack.settled()
    event = listener.events()[-1]
    assert (event["subtype"], event["thread_ts"], event["root"]["ts"]) == ("thread_broadcast", root.ts, root.ts)


async def test_thread_state_is_listed_with_its_root(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "root")
    await slack.say(CLIPS, "one", user=BEN, thread_ts=root.ts)
    last = await slack.say(CLIPS, "two", thread_ts=root.ts)
    listed = (await client.conversations_history(channel=CLIPS))["messages"][0]
    assert (listed["reply_count"], listed["latest_reply"], set(listed["reply_users"])) == (2, last.ts, {ANN, BEN})
    await slack.delete(CLIPS, last.ts)
    assert (await client.conversations_history(channel=CLIPS))["messages"][0]["reply_count"] == 1


async def test_several_files_are_one_message(slack: SlackServer, listener: Listener) -> None:
    await slack.drop(CLIPS, Upload("a.m4a", b"x"), Upload("b.png", b"y"), text="both", user=BEN)
    await slack.settled()
    [event] = listener.events()
    assert ([f["name"] for f in event["files"]], event["text"]) == (["a.m4a", "b.png"], "both")


async def test_forward_carries_files_in_its_attachment(slack: SlackServer, listener: Listener) -> None:
    message = await slack.drop(PRIVATE, Upload("a.m4a", b"x"))
    await slack.forward(PRIVATE, message.ts, to=CLIPS)
    await slack.settled()
    attachment = listener.events()[-1]["attachments"][0]
    assert (attachment["is_share"], attachment["files"][0]["id"]) == (True, message.files[0].id)
