"""Backfill: what no event told is read from history, threads included, page by page, as events would have told it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import RoomId
from bot.relay.model import Message
from bot.relay.parts import Edit, Reaction, Text, Voice
from bot.relay.ports.networks import HistoryPage
from bot.slack.adapter import SlackAdapter
from bot.slack.ids import SlackRoom
from bot.slack.inbound.parse import time_of
from tests.slack.conftest import Seconds
from tests.slack.fake_relay import FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, BEN, BOT, BOT_ID, CLIPS, CREW, TEAM, Fault
from tests.slack.signed_requests import SignedRequests
from tests.slack.times import NOON

CHANNEL = SlackRoom(TEAM, CLIPS)
SINCE = NOON - timedelta(minutes=5)


async def pages(
    adapter: SlackAdapter, room: RoomId = CHANNEL.id, since: datetime = SINCE
) -> AsyncIterator[HistoryPage]:
    cursor, first = "", True
    while cursor or first:
        page = await adapter.history.read(room, since, cursor)
        yield page
        cursor, first = page.cursor, False


async def read(adapter: SlackAdapter, room: RoomId = CHANNEL.id, since: datetime = SINCE) -> list[Message]:
    return [message async for page in pages(adapter, room, since) for message in page.messages]


def ids(messages: list[Message]) -> set[str]:
    return {message.id for message in messages}


def old(slack: FakeSlack, *, days: float, **fields: Any) -> dict[str, Any]:
    """A message that was posted that long ago."""
    message = slack.say(**fields)
    messages = slack.channels[CLIPS].messages
    del messages[message["ts"]]
    message["ts"] = f"{(NOON - timedelta(days=days)).timestamp():.6f}"
    messages[message["ts"]] = message
    return message


async def test_history_tells_what_events_would_have_told(
    slack: FakeSlack, adapter: SlackAdapter, relay: FakeRelay, requests: SignedRequests
) -> None:
    root = slack.drop(slack.add_file(), text=f"<@{BEN}> listen", client_msg_id="twin")
    reply = slack.say(text="*yes*", thread_ts=root["ts"])
    for message in (slack.message(CLIPS, root["ts"]), reply):
        await requests.message(message)
    found = await read(adapter)
    assert sorted(found, key=lambda each: each.id) == sorted(relay.messages, key=lambda each: each.id)
    assert [type(part) for part in relay.messages[0].parts] == [Text, Voice]


async def test_only_what_was_said_since_then_is_told(slack: FakeSlack, adapter: SlackAdapter) -> None:
    old(slack, days=0.5, text="yesterday")
    new = slack.say(text="today")
    assert ids(await read(adapter)) == {CHANNEL.message(new["ts"])}


async def test_a_thread_with_a_new_reply_is_read_though_its_root_is_older(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    root = old(slack, days=0.5, text="yesterday")
    reply = slack.drop(slack.add_file(), thread_ts=root["ts"])
    quiet = old(slack, days=0.6, text="also yesterday")
    [message] = await read(adapter)
    assert (message.id, message.thread) == (CHANNEL.message(reply["ts"]), CHANNEL.thread(root["ts"]).id)
    assert [call.args["ts"] for call in slack.named("conversations.replies")] == [root["ts"]]
    assert quiet["ts"] != root["ts"]


async def test_a_clips_thread_is_not_read_for_its_notice_alone(slack: FakeSlack, adapter: SlackAdapter) -> None:
    """Each thread costs a call, Slack allows about one a second, and after a start the room waits for them."""
    noticed, answered = slack.drop(slack.add_file()), slack.drop(slack.add_file())
    for root in (noticed, answered):
        slack.say(text="notice", user=BOT, bot_id=BOT_ID, thread_ts=root["ts"])
    slack.say(text="said by the contact", user=BOT, bot_id=BOT_ID, thread_ts=answered["ts"])
    text = slack.say(text="a text, which has no notice")
    slack.say(text="said by the contact", user=BOT, bot_id=BOT_ID, thread_ts=text["ts"])
    await read(adapter)
    assert {call.args["ts"] for call in slack.named("conversations.replies")} == {answered["ts"], text["ts"]}


async def test_after_a_long_silence_roots_of_the_last_week_are_looked_at(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    root = old(slack, days=5, text="last week")
    reply = slack.say(text="late", thread_ts=root["ts"])
    assert await read(adapter) == []
    assert ids(await read(adapter, since=NOON - timedelta(hours=1))) == {CHANNEL.message(reply["ts"])}


async def test_each_read_is_one_call_and_the_pages_cover_all(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.page_size = 3
    said = [slack.say(text=str(number)) for number in range(7)]
    replies = [slack.say(text="re", thread_ts=said[1]["ts"]) for _ in range(5)]
    await adapter.identity.get()
    found: list[Message] = []
    read = 0
    async for page in pages(adapter):
        found += page.messages
        read += 1
    calls = len(slack.named("conversations.history")) + len(slack.named("conversations.replies"))
    assert read == calls
    assert ids(found) == {CHANNEL.message(each["ts"]) for each in (*said, *replies)}


async def test_a_thread_is_a_room_of_its_own(slack: FakeSlack, adapter: SlackAdapter) -> None:
    root = old(slack, days=20, text="long ago")
    slack.say(text="elsewhere")
    reply = slack.say(text="reply", thread_ts=root["ts"])
    [page] = [page async for page in pages(adapter, CHANNEL.thread(root["ts"]).id)]
    assert [message.id for message in page.messages] == [CHANNEL.message(reply["ts"])]


async def test_a_thread_that_no_longer_exists_is_empty(adapter: SlackAdapter) -> None:
    page = await adapter.history.read(CHANNEL.thread("1790000000.000100").id, SINCE)
    assert (page.messages, page.cursor) == ([], "")


async def test_a_reply_shown_in_the_channel_is_said_at_its_root(slack: FakeSlack, adapter: SlackAdapter) -> None:
    root = old(slack, days=20, text="root")
    slack.say(text="all", thread_ts=root["ts"], subtype="thread_broadcast")
    assert [message.thread for message in await read(adapter)] == [None]


# edits and reactions


async def test_an_edit_has_the_id_that_its_event_gave_it(
    slack: FakeSlack, adapter: SlackAdapter, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.edited(slack.say(text="at 5"), text="at 6")
    found = await read(adapter)
    assert [message for message in found if isinstance(message.parts[0], Edit)] == relay.messages


async def test_an_edit_before_that_time_is_not_told(slack: FakeSlack, adapter: SlackAdapter) -> None:
    early = f"{(SINCE - timedelta(minutes=1)).timestamp():.6f}"
    old(slack, days=0.1, text="at 6", edited={"user": ANN, "ts": early})
    assert await read(adapter) == []


async def test_reactions_to_what_the_contact_said_are_told(slack: FakeSlack, adapter: SlackAdapter) -> None:
    reactions = [{"name": "+1", "users": [ANN, BOT], "count": 2}, {"name": "tada", "users": [BEN], "count": 1}]
    ours = slack.say(text="hi", user=BOT, bot_id=BOT_ID, reactions=reactions)
    slack.say(text="hi", reactions=reactions)
    found = [message for message in await read(adapter) if isinstance(message.parts[0], Reaction)]
    assert [message.parts[0] for message in found] == [Reaction("reaction", "👍"), Reaction("reaction", "🎉")]
    assert {message.about for message in found} == {CHANNEL.message(ours["ts"])}
    assert [message.sender for message in found] == [f"slack:{TEAM}@{ANN}", f"slack:{TEAM}@{BEN}"]


async def test_our_own_posts_and_other_bots_are_not_told(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.say(text="notice", user=BOT, bot_id=BOT_ID)
    slack.drop(slack.add_file(), bot_id="B0OTHER")
    allowed = slack.drop(slack.add_file(), bot_id="B0FRIEND")
    assert ids(await read(adapter)) == {CHANNEL.message(allowed["ts"])}


# trouble


async def test_a_history_that_slack_does_not_show_is_a_sure_no(adapter: SlackAdapter) -> None:
    with pytest.raises(Refused):
        await adapter.history.read(SlackRoom(TEAM, "C0NOWHERE").id, SINCE)


async def test_a_limit_is_for_later_and_holds_only_reading(
    slack: FakeSlack, adapter: SlackAdapter, clock: Seconds
) -> None:
    slack.faults["conversations.history"] = Fault(status=429, retry_after="60", times=1)
    slack.say(text="hello")
    with pytest.raises(RetryLater) as later:
        await read(adapter)
    assert later.value.after == timedelta(seconds=60)
    clock.now += 60
    assert len(await read(adapter)) == 1


async def test_a_limited_app_reads_fifteen_at_a_time(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.page_size = 15
    said = [slack.say(text=str(number)) for number in range(40)]
    assert ids(await read(adapter)) == {CHANNEL.message(each["ts"]) for each in said}
    assert len(slack.named("conversations.history")) == 3


async def test_a_file_that_slack_cannot_tell_of_yet_does_not_stop_reading(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    """Nobody tells of it again, so it counts as a recording, and fails where its owner sees it if it is none."""
    file = slack.add_file("recording", mimetype="", filetype="")
    file.download = "not_ready"
    slack.drop(file)
    after = slack.say(text="after")
    found = await read(adapter)
    assert CHANNEL.message(after["ts"]) in ids(found)
    assert [type(part) for message in found for part in message.parts] == [Text, Voice]


async def test_a_message_that_makes_no_sense_stops_nothing(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.say(text="hello", files=[{"id": 5}], blocks=5)
    slack.channels[CLIPS].messages["odd"] = {"type": "message", "ts": "1795348790.000001", "subtype": 5, "files": "x"}
    slack.say(CREW, text="elsewhere")
    assert len(await read(adapter)) == 1


async def test_times_are_read_as_slack_writes_them(slack: FakeSlack, adapter: SlackAdapter) -> None:
    said = slack.say(text="hello")
    [message] = await read(adapter)
    assert message.sent_at == time_of(said["ts"])
