"""Message shortcuts and the buttons of notices, as people use them."""

from dataclasses import replace
from typing import Any

import pytest

from bot.relay.errors import Refused
from bot.relay.parts import Media, Text, Voice
from bot.slack.adapter import SlackAdapter
from bot.slack.ids import SlackRoom, person_id
from tests.slack.deliveries import failed, incoming, notice, text
from tests.slack.fake_relay import FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, BEN, BOT, CLIPS, CREW, ELSEWHERE, TEAM, Fault
from tests.slack.inbound.payloads import event
from tests.slack.signed_requests import SignedRequests
from tests.slack.times import NOON

SEND, SEND_AS_IT_IS, RESEND = "send_as_voice_memo", "send_to_imessage", "resend_voice_memo"
CHANNEL = SlackRoom(TEAM, CLIPS)
STUB = {"mode": "file_access", "file_access": "check_file_info"}


async def told(slack: FakeSlack) -> str:
    """What the person was told last, once it has come."""
    await slack.until(lambda: bool(slack.responses))
    words: str = slack.responses[-1]["text"]
    return words


async def posted_notice(slack: FakeSlack, adapter: SlackAdapter, ts: str, **fields: Any) -> dict[str, Any]:
    """The notice of a failed clip, as Slack has it."""
    shown = replace(notice(failed(), ts=ts), **fields)
    await adapter.board.post(shown, adapter.board.render(shown))
    posts = [message for message in slack.channels[CLIPS].messages.values() if message["user"] == BOT]
    return posts[-1]


# buttons


@pytest.mark.parametrize(
    ("action", "act"),
    [
        ("resend", "resend"),
        ("confirm_delivered", "confirm delivered"),
        ("approve", "approve"),
        ("send_now", "send now"),
        ("dismiss", "dismiss"),
    ],
)
async def test_a_button_does_what_it_says_for_whoever_clicked(
    relay: FakeRelay, requests: SignedRequests, action: str, act: str
) -> None:
    assert (await requests.click(action, "d1", user=BEN)).status == 200
    assert relay.acts == [(act, "d1", person_id(TEAM, BEN))]


async def test_what_is_not_to_be_sent_again_is_said_to_whoever_clicked(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    relay.trouble = Refused("It is read: sending it again would make two.")
    await requests.click("resend", "d1", user=BEN)
    assert "would make two" in await told(slack)


async def test_a_click_that_could_not_be_stored_shows_as_failed(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.trouble = RuntimeError("the database is away")
    assert (await requests.click("resend", "d1")).status == 500


async def test_a_button_of_an_older_version_does_nothing(relay: FakeRelay, requests: SignedRequests) -> None:
    assert (await requests.click("retry_v0", "d1")).status == 200
    assert relay.acts == []


# send as voice memo


async def test_send_takes_any_message_of_anybody(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    root = slack.say(text="old thread")
    message = slack.drop(slack.add_file(), bot_id="B0OTHER", thread_ts=root["ts"])
    assert (await requests.shortcut(SEND, message, user=BEN)).status == 200
    [accepted] = relay.messages
    assert accepted.id == CHANNEL.message(message["ts"])
    assert accepted.thread == accepted.notice_room == CHANNEL.thread(root["ts"]).id
    assert (accepted.sender, accepted.sent_at, accepted.dedup_key) == (person_id(TEAM, BEN), NOON, "")
    assert "on the way" in await told(slack)


async def test_send_used_twice_asks_twice(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    message = slack.drop(slack.add_file(), client_msg_id="twin")
    for _ in range(2):
        await requests.shortcut(SEND, message)
    assert len({accepted.command for accepted in relay.messages}) == 2


async def test_send_takes_the_sound_of_a_video_and_looks_stubs_up(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    film = slack.add_file("film.mp4")
    for files in ([slack.file_object(film)], [{"id": film.id, **STUB}]):
        await requests.shortcut(SEND, slack.say(files=files))
    assert relay.names == ["film.mp4", "film.mp4"]
    assert all(isinstance(part, Voice) for message in relay.messages for part in message.parts)


async def test_send_takes_what_nothing_tells_because_somebody_means_it(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.shortcut(SEND, slack.drop(slack.add_file("recording", b"????", mimetype="", filetype="")))
    assert relay.names == ["recording"]


async def test_send_takes_the_recording_of_a_forwarded_message(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.shortcut(SEND, event("message_forwarded"))
    assert relay.names == ["Audio clip.m4a"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ({"name": "cat.png", "mimetype": "image/png", "filetype": "png"}, "no audio or video"),
        ({"name": "memo.m4a", "mode": "hidden_by_limit"}, "history limit"),
        ({"mode": "tombstone"}, "no audio or video"),
    ],
)
async def test_send_says_why_there_is_nothing_to_send(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, file: dict[str, Any], words: str
) -> None:
    await requests.shortcut(SEND, slack.say(files=[{"id": "F0X", **file}]))
    assert words in await told(slack)
    assert relay.messages == []


# send to iMessage


async def test_a_message_is_sent_as_it_is(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    message = slack.drop(slack.add_file("memo.m4a"), slack.add_file("cat.png"), text=f"*look*, <@{ANN}>")
    await requests.shortcut(SEND_AS_IT_IS, message)
    [accepted] = relay.messages
    assert [type(part) for part in accepted.parts] == [Text, Media, Media]
    assert isinstance(accepted.parts[0], Text)
    assert accepted.parts[0].text == "look, @Ann"
    assert accepted.command
    assert "The notice" not in await told(slack)


@pytest.mark.parametrize("shortcut", [SEND, SEND_AS_IT_IS])
async def test_what_its_writer_kept_inside_is_not_sent(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, shortcut: str
) -> None:
    message = slack.drop(slack.add_file(), text="// for us: she is the one with the blue door")
    assert (await requests.shortcut(shortcut, message, user=BEN)).status == 200
    assert "begins with `//`" in await told(slack)
    assert relay.messages == []


async def test_a_message_without_anything_says_so(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    await requests.shortcut(SEND_AS_IT_IS, slack.say(text=""))
    assert "nothing in this message" in await told(slack)


# where


@pytest.mark.parametrize("shortcut", [SEND, SEND_AS_IT_IS])
async def test_a_channel_without_a_link_says_so(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, shortcut: str
) -> None:
    await requests.shortcut(shortcut, slack.drop(slack.add_file(), channel=CREW), CREW)
    assert "not linked" in await told(slack)
    assert relay.messages == []


@pytest.mark.parametrize("shortcut", [SEND, SEND_AS_IT_IS, RESEND])
async def test_a_shortcut_where_the_bot_is_not_says_how_to_invite_it(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, shortcut: str
) -> None:
    room = SlackRoom(TEAM, ELSEWHERE).id
    relay.links[room] = replace(relay.links[CHANNEL.id], room=room)
    await requests.shortcut(shortcut, slack.drop(slack.add_file(), channel=ELSEWHERE), ELSEWHERE)
    assert "/invite" in await told(slack)
    assert (relay.messages, relay.acts) == ([], [])


@pytest.mark.parametrize("shortcut", [SEND, SEND_AS_IT_IS])
async def test_who_may_not_send_is_told_so(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, shortcut: str
) -> None:
    relay.refusal = "Only members of this workspace may send from here."
    await requests.shortcut(shortcut, slack.drop(slack.add_file()))
    assert await told(slack) == relay.refusal


# resend


async def test_resend_is_for_the_whole_message(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    message = slack.drop(slack.add_file(), slack.add_file())
    await requests.shortcut(RESEND, message, user=BEN)
    assert relay.acts == [("resend message", CHANNEL.message(message["ts"]), person_id(TEAM, BEN))]
    assert "2 clips are on the way" in await told(slack)


async def test_resend_on_the_notice_or_the_alert_is_for_their_message(
    slack: FakeSlack, adapter: SlackAdapter, relay: FakeRelay, requests: SignedRequests
) -> None:
    root = slack.say(text="an old thread")["ts"]
    message = slack.drop(slack.add_file(), thread_ts=root)
    shown = notice(failed(), ts=message["ts"])
    shown = replace(shown, room=CHANNEL.thread(root).id)
    await adapter.board.post(shown, adapter.board.render(shown))
    await adapter.board.alert(shown, shown.deliveries[0])
    for post in slack.thread(CLIPS, root)[1:]:
        await requests.shortcut(RESEND, post, user=BEN)
    assert relay.acts == [("resend message", CHANNEL.message(message["ts"]), person_id(TEAM, BEN))] * 2


async def test_resend_on_a_notice_without_blocks_is_for_the_message_above_it(
    slack: FakeSlack, adapter: SlackAdapter, relay: FakeRelay, requests: SignedRequests
) -> None:
    message = slack.drop(slack.add_file())
    slack.faults["chat.postMessage"] = Fault(error="invalid_blocks", times=1)
    await requests.shortcut(RESEND, await posted_notice(slack, adapter, message["ts"]))
    assert relay.acts == [("resend message", CHANNEL.message(message["ts"]), person_id(TEAM, ANN))]


async def test_resend_on_the_notice_of_a_command_names_that_command(
    slack: FakeSlack, adapter: SlackAdapter, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.shortcut(RESEND, await posted_notice(slack, adapter, ""))
    assert relay.acts == [("resend message", CHANNEL.command("1.2.3"), person_id(TEAM, ANN))]


async def test_resend_on_what_the_contact_said_says_where_to_use_it(
    slack: FakeSlack, adapter: SlackAdapter, relay: FakeRelay, requests: SignedRequests
) -> None:
    root = slack.say(text="hello")["ts"]
    await adapter.sender.send(incoming(text(), thread=CHANNEL.thread(root).id))
    await requests.shortcut(RESEND, slack.thread(CLIPS, root)[0])
    assert "Use it on the message with the clip" in await told(slack)
    assert relay.acts == []
