"""Events: signed, retried, withheld, late, doubled and out of order."""

import asyncio
import json
import random

import pytest
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import ANN, BEN, CLIPS, ELSEWHERE, OTHER_BOT, PRIVATE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.slack.listener import Listener, answers, status, statuses

CLIP = Upload("hello.m4a", b"sound")


async def test_drop_is_a_signed_file_share(slack: SlackServer, listener: Listener) -> None:
    message = await slack.drop(CLIPS, CLIP, user=BEN)
    await slack.settled()
    [received] = listener.received
    assert SignatureVerifier(slack.signing_secret).is_valid_request(received.raw, dict(received.headers))
    assert received.body["type"] == "event_callback"
    assert received.body["authorizations"][0]["user_id"] == slack.bot_user
    event = received.body["event"]
    assert (event["type"], event["subtype"], event["user"], event["channel"]) == ("message", "file_share", BEN, CLIPS)
    assert (event["ts"], event["channel_type"], event["files"][0]["name"]) == (message.ts, "channel", "hello.m4a")


async def test_files_of_a_drop_share_one_event(slack: SlackServer, listener: Listener) -> None:
    await slack.drop(CLIPS, CLIP, Upload("note.txt", b"text"), Upload("b.mp3", b"more"))
    await slack.settled()
    assert [f["name"] for f in listener.events()[0]["files"]] == ["hello.m4a", "note.txt", "b.mp3"]


async def test_file_in_thread_has_thread_ts(slack: SlackServer, listener: Listener) -> None:
    root = await slack.say(CLIPS, "listen")
    await slack.drop(CLIPS, CLIP, thread_ts=root.ts)
    await slack.settled()
    assert listener.events()[-1]["thread_ts"] == root.ts
    assert listener.events()[-1]["parent_user_id"] == ANN


async def test_broadcast_carries_its_root(slack: SlackServer, listener: Listener) -> None:
    root = await slack.say(CLIPS, "listen")
    await slack.drop(CLIPS, CLIP, thread_ts=root.ts, broadcast=True)
    await slack.settled()
    event = listener.events()[-1]
    assert (event["subtype"], event["root"]["ts"]) == ("thread_broadcast", root.ts)


async def test_refused_event_is_retried_three_times(slack: SlackServer, listener: Listener) -> None:
    listener.answer = status(500)
    message = await slack.drop(CLIPS, CLIP)
    assert message.delivery
    assert (await message.delivery.ended()).status == 500
    assert len({received.body["event_id"] for received in listener.received}) == 1
    assert [received.headers.get("x-slack-retry-num") for received in listener.received] == [None, "1", "2", "3"]
    assert listener.received[1].headers["x-slack-retry-reason"] == "http_error"


async def test_accepted_retry_is_the_last(slack: SlackServer, listener: Listener) -> None:
    listener.answer = statuses(500, 503, 200)
    message = await slack.drop(CLIPS, CLIP)
    assert message.delivery
    assert (await message.delivery.ended()).accepted
    assert [answer.status for answer in message.delivery.answers] == [500, 503, 200]


async def test_second_retry_waits_a_minute(wire: Wire) -> None:
    side = SlackServer(wire, TimeScale())
    await side.start()
    side.connect("http://127.0.0.1:9/slack/events")
    await side.drop(CLIPS, CLIP)
    await wire.until(lambda: len(wire.named("event message")) == 2, timeout=5)
    with pytest.raises(TimeoutError):
        await side.settled(timeout=0.3)
    await side.stop()
    assert [entry.facts["reason"] for entry in wire.named("event message")] == ["connection_failed"] * 2


async def test_no_retry_header_stops_retries(slack: SlackServer, listener: Listener) -> None:
    listener.answer = status(500, X_Slack_No_Retry="1")
    await slack.drop(CLIPS, CLIP)
    await slack.settled()
    assert len(listener.received) == 1


async def test_timeout_causes_a_concurrent_retry(slack: SlackServer, listener: Listener, wire: Wire) -> None:
    listener.released.clear()
    await slack.drop(CLIPS, CLIP)
    await wire.until(lambda: len(wire.named("event message")) == 1, timeout=10)
    assert wire.named("event message")[0].facts["reason"] == "http_timeout"
    await listener.until(2)
    listener.released.set()
    await slack.settled()
    assert listener.received[1].headers["x-slack-retry-reason"] == "http_timeout"


async def test_no_event_without_membership(slack: SlackServer, listener: Listener) -> None:
    message = await slack.drop(ELSEWHERE, CLIP)
    await slack.invite(ELSEWHERE)
    await slack.drop(ELSEWHERE, CLIP)
    await slack.settled()
    assert message.delivery is None
    assert len(listener.events("message")) == 1
    assert len(listener.events("member_joined_channel")) == 1


async def test_no_event_without_subscription(slack: SlackServer, listener: Listener) -> None:
    slack.switches.subscribed = {"message.groups"}
    await slack.drop(CLIPS, CLIP)
    await slack.drop(PRIVATE, CLIP)
    await slack.settled()
    assert [event["channel"] for event in listener.events()] == [PRIVATE]
    assert listener.events()[0]["channel_type"] == "group"


async def test_no_event_without_scope(slack: SlackServer, listener: Listener) -> None:
    slack.switches.scopes.remove("channels:history")
    await slack.drop(CLIPS, CLIP)
    await slack.settled()
    assert listener.received == []


async def test_events_of_a_drop_keep_their_order(slack: SlackServer, listener: Listener) -> None:
    slack.switches.subscribed |= {"file_created", "file_public", "file_shared", "app_mention"}
    slack.switches.scopes.add("app_mentions:read")
    message = await slack.drop(CLIPS, CLIP, text=f"<@{slack.bot_user}> please")
    await slack.settled()
    kinds = [received.body["event"]["type"] for received in listener.received]
    assert kinds == ["file_created", "file_public", "file_shared", "message", "app_mention"]
    mention = listener.events("app_mention")[0]
    assert (mention["ts"], "subtype" in mention, len(mention["files"])) == (message.ts, False, 1)
    assert "ts" not in listener.events("file_shared")[0]


async def test_shuffled_events(wire: Wire) -> None:
    side = SlackServer(wire, TimeScale(0.0001), chance=random.Random(4))
    await side.start()
    side.switches.subscribed |= {"file_created", "file_public", "file_shared"}
    side.switches.shuffle_events = True
    await side.drop(CLIPS, CLIP)
    await side.settled()
    await side.stop()
    firsts = [entry.what for entry in wire.entries if entry.facts.get("attempt") == 0]
    assert sorted(firsts) == ["event file_created", "event file_public", "event file_shared", "event message"]
    assert firsts != ["event file_created", "event file_public", "event file_shared", "event message"]


async def test_duplicates_share_an_event_id(slack: SlackServer, listener: Listener) -> None:
    slack.switches.duplicate_events = 2
    await slack.drop(CLIPS, CLIP)
    await slack.settled()
    assert len(listener.received) == 3
    assert len({received.body["event_id"] for received in listener.received}) == 1


async def test_double_gesture_shares_client_msg_id(slack: SlackServer, listener: Listener) -> None:
    slack.switches.double_gesture = True
    await slack.drop(CLIPS, CLIP)
    await slack.settled()
    assert len({event["ts"] for event in listener.events()}) == 2
    assert len({event["client_msg_id"] for event in listener.events()}) == 1


async def test_edit_deletion_and_file_deletion_events(slack: SlackServer, listener: Listener) -> None:
    message = await slack.drop(CLIPS, CLIP, text="one")
    await slack.settled()
    await slack.edit(CLIPS, message.ts, "two")
    await slack.delete_file(message.files[0].id)
    await slack.delete(CLIPS, message.ts)
    await slack.settled()
    edited, unfiled, deleted = listener.events()[1:]
    assert (edited["subtype"], edited["message"]["text"], edited["previous_message"]["text"]) == (
        "message_changed",
        "two",
        "one",
    )
    assert unfiled["message"]["files"] == [{"id": message.files[0].id, "mode": "tombstone"}]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", message.ts)


async def test_transcript_changes_file_and_message(slack: SlackServer, listener: Listener) -> None:
    slack.switches.subscribed.add("file_change")
    message = await slack.drop(CLIPS, Upload("audio_message.m4a", b"x", "m4a_clip"))
    await slack.settled()
    await slack.finish_transcript(message.files[0].id, "good morning")
    await slack.settled()
    assert listener.events("file_change")[0]["file_id"] == message.files[0].id
    changed = listener.events()[-1]["message"]["files"][0]
    assert changed["transcription"]["preview"]["content"] == "good morning"


async def test_own_events_switch(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=CLIPS, text="mine")
    slack.switches.own_events = False
    await client.chat_postMessage(channel=CLIPS, text="unheard")
    await slack.settled()
    assert [(event["bot_id"], event["text"]) for event in listener.events()] == [(slack.bot_id, "mine")]


async def test_other_bots_have_bot_id(slack: SlackServer, listener: Listener) -> None:
    await slack.drop(CLIPS, CLIP, user=OTHER_BOT)
    await slack.settled()
    event = listener.events()[0]
    assert event["bot_id"] != slack.bot_id
    assert "client_msg_id" not in event


async def test_strangers_carry_their_team(slack: SlackServer, listener: Listener) -> None:
    stranger = slack.new_user("stella", team="T0STRANGERS")
    await slack.drop(CLIPS, CLIP, user=stranger)
    await slack.settled()
    assert listener.events()[0]["user_team"] == "T0STRANGERS"


async def test_forwarded_message_has_nested_files(slack: SlackServer, listener: Listener) -> None:
    message = await slack.drop(PRIVATE, CLIP)
    await slack.settled()
    await slack.forward(PRIVATE, message.ts, to=CLIPS)
    await slack.settled()
    event = listener.events()[-1]
    assert "files" not in event
    assert event["attachments"][0]["files"][0]["id"] == message.files[0].id


async def test_lost_events_are_never_sent(slack: SlackServer, listener: Listener) -> None:
    slack.switches.lose_events = 1
    await slack.drop(CLIPS, CLIP)
    received = await slack.drop(CLIPS, CLIP)
    await slack.settled()
    assert [event["ts"] for event in listener.events()] == [received.ts]


async def test_channel_and_app_lifecycle_events(slack: SlackServer, listener: Listener) -> None:
    await slack.archive(CLIPS)
    new_id = await slack.move_channel(CLIPS)
    await slack.uninstall()
    await slack.settled()
    assert listener.events("channel_archive")[0]["channel"] == CLIPS
    moved = listener.events("channel_id_changed")[0]
    assert (moved["old_channel_id"], moved["new_channel_id"]) == (CLIPS, new_id)
    assert listener.events("tokens_revoked")
    assert listener.events("app_uninstalled")


async def test_hourly_limit_sends_app_rate_limited(slack: SlackServer, listener: Listener) -> None:
    slack.switches.events_per_hour = 1
    for _ in range(3):
        await slack.drop(CLIPS, CLIP)
    await slack.settled()
    kinds = [received.body["type"] for received in listener.received]
    assert kinds.count("event_callback") == 1
    assert "app_rate_limited" in kinds
    assert all(
        "event" not in received.body for received in listener.received if received.body["type"] == "app_rate_limited"
    )


async def test_failing_subscription_is_disabled(slack: SlackServer, listener: Listener) -> None:
    slack.switches.disable_after = 4
    listener.answer = status(500)
    await slack.drop(CLIPS, CLIP)
    await slack.settled()
    assert slack.dispatcher.disabled
    assert (await slack.drop(CLIPS, CLIP)).delivery is None
    slack.connect(listener.url)
    assert (await slack.drop(CLIPS, CLIP)).delivery is not None


async def test_url_verification_needs_the_challenge(slack: SlackServer, listener: Listener) -> None:
    listener.answer = lambda received: answers({"challenge": received.body["challenge"]})(received)
    assert await slack.verify_url()
    listener.answer = answers("ok")
    assert not await slack.verify_url()


async def test_wire_log_has_no_secret(slack: SlackServer, listener: Listener, wire: Wire) -> None:
    await slack.drop(CLIPS, CLIP)
    await slack.settled()
    told = json.dumps([entry.shown() for entry in wire.entries])
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret):
        assert secret not in told


async def test_withheld_events_are_released_in_reverse(slack: SlackServer, listener: Listener) -> None:
    slack.switches.events_withheld = True
    first, second = await slack.say(CLIPS, "one"), await slack.say(CLIPS, "two")
    slack.switches.events_withheld = False
    third = await slack.say(CLIPS, "three")
    await slack.settled()
    slack.release_events("reversed")
    await slack.settled()
    assert [event["ts"] for event in listener.events()] == [third.ts, second.ts, first.ts]


async def test_delayed_event_follows_a_later_one(slack: SlackServer, listener: Listener) -> None:
    slack.switches.event_delay_s = 0.2
    late = await slack.say(CLIPS, "late")
    await asyncio.sleep(0)  # its task takes the delay as it starts
    slack.switches.event_delay_s = 0.0
    prompt = await slack.say(CLIPS, "prompt")
    await slack.settled()
    assert [event["ts"] for event in listener.events()] == [prompt.ts, late.ts]
