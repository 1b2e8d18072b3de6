"""Buttons of the notice and message shortcuts, as people use them in the toy Slack."""

from dataclasses import replace

import pytest

from bot.relay.errors import Refused
from bot.relay.model import (
    ChannelId,
    Clip,
    Delivery,
    DeliveryId,
    DeliveryState,
    DeliveryWithReceipts,
    Notice,
    Post,
    UserId,
)
from bot.sandbox.slack.fixtures import ANN, BEN, CLIPS, CREW, ELSEWHERE, OTHER_BOT
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.slack.switches import Fault
from bot.sandbox.wire import Wire
from bot.slack.client import Client
from tests.slack.conftest import NOON
from tests.slack.fake_relay import FakeRelay

pytestmark = pytest.mark.usefixtures("events_url")

MEMO = Upload("memo.m4a", b"sound")
SEND, RESEND = "send_as_voice_memo", "resend_voice_memo"


def failed(slack: SlackServer, message_ts: str, root_ts: str, step: DeliveryState = DeliveryState.FAILED) -> Notice:
    """A notice whose only clip has come to this step; without a message it is that of a command."""
    post = Post(slack.team, ChannelId(CLIPS), message_ts, root_ts, UserId(ANN))
    delivery = Delivery(DeliveryId("d1"), post, Clip("F1", "memo.m4a"), 1790000000.0, step=step, reason="Lost.")
    return Notice(delivery.notice, post.channel, root_ts, told=(DeliveryWithReceipts(delivery),))


async def notice_of(slack: SlackServer, client: Client, step: DeliveryState) -> str:
    """The ts of a notice whose only clip has come to this step."""
    root = (await slack.say(CLIPS, "listen")).ts
    return await client.post_notice(failed(slack, root, root, step))


async def told(slack: SlackServer, wire: Wire, channel: str = CLIPS, user: str = ANN) -> str:
    """What this person was told last, once it has come."""
    await wire.until(lambda: bool(slack.ephemerals(channel, user)))
    return slack.ephemerals(channel, user)[-1].text


# buttons


async def test_resend_sends_that_delivery_again(slack: SlackServer, client: Client, relay: FakeRelay) -> None:
    ts = await notice_of(slack, client, DeliveryState.FAILED)
    assert not (await slack.press(CLIPS, ts, "resend", BEN)).error
    assert relay.wishes == [("resend", "d1", BEN)]


async def test_it_arrived_is_passed_on_with_who_said_so(slack: SlackServer, client: Client, relay: FakeRelay) -> None:
    ts = await notice_of(slack, client, DeliveryState.UNCONFIRMED)
    assert not (await slack.press(CLIPS, ts, "arrived", BEN)).error
    assert relay.wishes == [("arrived", "d1", BEN)]


async def test_what_is_not_to_be_sent_again_is_said_to_the_one_who_pressed(
    slack: SlackServer, client: Client, relay: FakeRelay, wire: Wire
) -> None:
    ts = await notice_of(slack, client, DeliveryState.FAILED)
    relay.trouble = Refused("It is read: sending it again would make two.")
    await slack.press(CLIPS, ts, "resend", BEN)
    assert "would make two" in await told(slack, wire, user=BEN)
    assert slack.message(CLIPS, ts).text == "memo.m4a: failed – Lost."


async def test_a_press_that_could_not_be_stored_shows_as_failed(
    slack: SlackServer, client: Client, relay: FakeRelay
) -> None:
    ts = await notice_of(slack, client, DeliveryState.FAILED)
    relay.trouble = RuntimeError("the database is away")
    assert (await slack.press(CLIPS, ts, "resend")).status == 500


async def test_a_button_of_an_older_version_does_nothing(slack: SlackServer, client: Client, relay: FakeRelay) -> None:
    ts = await notice_of(slack, client, DeliveryState.FAILED)
    slack.message(CLIPS, ts).blocks[-1]["elements"][0]["action_id"] = "retry_v0"
    assert not (await slack.press(CLIPS, ts, "retry_v0")).error
    assert relay.wishes == []


# shortcuts


async def test_send_takes_any_message_of_anybody(slack: SlackServer, relay: FakeRelay, wire: Wire) -> None:
    root = await slack.say(CLIPS, "old thread")
    message = await slack.drop(CLIPS, MEMO, user=OTHER_BOT, thread_ts=root.ts)
    assert not (await slack.shortcut(SEND, CLIPS, message.ts, BEN)).error
    [share] = relay.shares
    assert (share.post.message_ts, share.post.root_ts, share.post.user) == (message.ts, root.ts, BEN)
    assert share.asked_at == NOON.timestamp()
    assert "on the way" in await told(slack, wire, user=BEN)


async def test_send_used_twice_is_two_wishes_beside_the_drop(slack: SlackServer, relay: FakeRelay) -> None:
    message = await slack.drop(CLIPS, MEMO)
    await slack.settled()
    for _ in range(2):
        await slack.shortcut(SEND, CLIPS, message.ts)
    assert len({share.trigger for share in relay.shares}) == 3
    assert [share.twin for share in relay.shares[1:]] == ["", ""]


async def test_send_takes_the_sound_of_a_video_and_looks_stubs_up(slack: SlackServer, relay: FakeRelay) -> None:
    film = await slack.drop(CLIPS, Upload("film.mp4", b"x", "video"))
    stub = await slack.drop(CLIPS, Upload("film.mp4", b"x", "connect_stub"))
    for message in (film, stub):
        await slack.shortcut(SEND, CLIPS, message.ts)
    assert [clip.name for share in relay.shares for clip in share.clips] == ["film.mp4", "film.mp4"]


@pytest.mark.parametrize("name", ["recording", "recording.mp4"])
async def test_send_takes_a_file_of_which_slack_does_not_know_the_type_yet(
    slack: SlackServer, relay: FakeRelay, name: str
) -> None:
    message = await slack.drop(CLIPS, Upload(name, b"x", declared={"mimetype": "", "filetype": ""}))
    await slack.shortcut(SEND, CLIPS, message.ts)
    assert [clip.name for share in relay.shares for clip in share.clips] == [name]


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (Upload("cat.png", b"x"), "no audio or video"),
        (Upload("cat.png", b"x", "connect_stub"), "no audio or video"),
        (Upload("memo.m4a", b"x", "hidden_by_limit"), "history limit"),
    ],
)
async def test_send_says_why_there_is_nothing_to_send(
    slack: SlackServer, relay: FakeRelay, wire: Wire, upload: Upload, said: str
) -> None:
    message = await slack.drop(CLIPS, upload)
    await slack.shortcut(SEND, CLIPS, message.ts)
    assert said in await told(slack, wire)
    assert relay.shares == []


async def test_send_in_a_channel_without_a_link_says_so(slack: SlackServer, relay: FakeRelay, wire: Wire) -> None:
    message = await slack.drop(CREW, MEMO)
    await slack.settled()
    relay.shares.clear()
    await slack.shortcut(SEND, CREW, message.ts)
    assert "not linked" in await told(slack, wire, CREW)
    assert relay.shares == []


@pytest.mark.parametrize("shortcut", [SEND, RESEND])
async def test_a_shortcut_where_the_bot_is_not_says_how_to_invite_it(
    slack: SlackServer, relay: FakeRelay, wire: Wire, shortcut: str
) -> None:
    relay.links[ChannelId(ELSEWHERE)] = relay.links[ChannelId(CLIPS)]
    message = await slack.drop(ELSEWHERE, MEMO)
    await slack.shortcut(shortcut, ELSEWHERE, message.ts)
    assert "/invite" in await told(slack, wire, ELSEWHERE)
    assert relay.shares == []
    assert relay.wishes == []


async def test_resend_is_for_the_whole_message(slack: SlackServer, relay: FakeRelay, wire: Wire) -> None:
    message = await slack.drop(CLIPS, MEMO, MEMO)
    await slack.shortcut(RESEND, CLIPS, message.ts, BEN)
    assert relay.wishes == [("resend message", CLIPS, message.ts, BEN)]
    assert "2 clips are on the way" in await told(slack, wire, user=BEN)


async def test_resend_on_the_notice_or_beside_it_is_for_the_message_with_the_clip(
    slack: SlackServer, client: Client, relay: FakeRelay
) -> None:
    root = (await slack.say(CLIPS, "an old thread")).ts
    message = await slack.drop(CLIPS, MEMO, thread_ts=root)
    notice = failed(slack, message.ts, root)
    await client.post_notice(notice)
    await client.alarm(notice, notice.told[0].delivery)
    for post in slack.thread(CLIPS, root)[2:]:
        await slack.shortcut(RESEND, CLIPS, post.ts, BEN)
    assert relay.wishes == [("resend message", CLIPS, message.ts, BEN)] * 2


async def test_resend_on_a_notice_without_blocks_is_for_the_message_above_it(
    slack: SlackServer, client: Client, relay: FakeRelay
) -> None:
    message = await slack.drop(CLIPS, MEMO)
    slack.switches.faults = {"chat.postMessage": Fault(error="invalid_blocks", times=1)}
    ts = await client.post_notice(failed(slack, message.ts, message.ts))
    await slack.shortcut(RESEND, CLIPS, ts, BEN)
    assert relay.wishes == [("resend message", CLIPS, message.ts, BEN)]


async def test_resend_on_the_notice_of_a_command_says_where_else_to_find_it(
    slack: SlackServer, client: Client, relay: FakeRelay, wire: Wire
) -> None:
    notice = failed(slack, "", "")
    notice = replace(notice, ts=await client.post_notice(notice))
    await client.alarm(notice, notice.told[0].delivery)
    for post in slack.thread(CLIPS, notice.ts or ""):
        await slack.shortcut(RESEND, CLIPS, post.ts, BEN)
        assert "Use it on the message with the clip" in await told(slack, wire, user=BEN)
    assert relay.wishes == []
