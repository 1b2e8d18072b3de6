"""A clip that Slack never told of is found in its channel's history, carried, and said to be a trouble."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.relay.errors import RetryLater
from bot.relay.model import ChannelId, DeliveryId, Share
from bot.sandbox.slack.fixtures import BOT, CLIPS, CREW, OTHER_BOT
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.slack.switches import Fault
from bot.sandbox.wire import Wire
from bot.slack.lookups import Lookups
from bot.slack.unheard import CALLS_A_ROUND, Unheard
from tests.slack.fake_relay import FakeRelay

MEMO = Upload("memo.m4a", b"audio")
GRACE = timedelta(seconds=60)


class Scene:
    """The time of day is the toy Slack's, moved on by ``later``. The relay knows what it was told of before."""

    def __init__(self, relay: FakeRelay, lookups: Lookups) -> None:
        self.later = timedelta()
        self.relay = relay
        self.told: set[str] = set()
        self.trouble: list[RetryLater] = []  # what the next clips are answered with
        self.unheard = Unheard(self, relay, lookups, now=self.now, grace=GRACE)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    async def accept(self, share: Share) -> list[DeliveryId]:
        if self.trouble:
            raise self.trouble.pop()
        self.relay.shares.append(share)
        return [] if share.post.message_ts in self.told else [DeliveryId("d1")]

    async def withdraw(self, channel: str, message_ts: str, kept_files: object = ()) -> None:
        raise AssertionError("history withdraws nothing")

    @property
    def found(self) -> list[str]:
        return [share.post.message_ts for share in self.relay.shares]

    async def an_event_comes(self, kind: str = "event_callback") -> None:
        async def dispatch(_: AsyncBoltRequest) -> BoltResponse:
            return BoltResponse(status=200)

        event = {"type": kind, "event": {"type": "message"}}
        await self.unheard.listening(dispatch)(AsyncBoltRequest(body=event, mode="socket_mode"))


@pytest.fixture
async def scene(relay: FakeRelay, lookups: Lookups) -> Scene:
    scene = Scene(relay, lookups)
    await scene.unheard.look()
    return scene


async def test_a_clip_without_an_event_is_carried_and_the_door_is_deaf(scene: Scene, slack: SlackServer) -> None:
    message = await slack.drop(CLIPS, MEMO)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    assert scene.found == [message.ts]
    assert "has told of no event since" in await scene.unheard.ping()


async def test_an_event_proves_that_we_hear_again(scene: Scene, slack: SlackServer) -> None:
    await slack.drop(CLIPS, MEMO)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    await scene.an_event_comes()
    assert await scene.unheard.ping() == ""


async def test_a_press_of_a_button_proves_nothing(scene: Scene, slack: SlackServer) -> None:
    await slack.drop(CLIPS, MEMO)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    await scene.an_event_comes("block_actions")
    assert await scene.unheard.ping() != ""


async def test_a_round_says_that_we_are_deaf_only_when_it_found_a_clip(scene: Scene, slack: SlackServer) -> None:
    """Whoever is told so renews the connection, and that not every minute."""
    await slack.drop(CLIPS, MEMO)
    scene.later += 2 * GRACE
    assert await scene.unheard.look()
    scene.later += 2 * GRACE
    assert not await scene.unheard.look()


async def test_a_clip_that_could_not_be_stored_is_found_again(scene: Scene, slack: SlackServer) -> None:
    message = await slack.drop(CLIPS, MEMO)
    scene.later += 2 * GRACE
    scene.trouble = [RetryLater("The database cannot be reached.")]
    await scene.unheard.look()
    assert scene.found == []
    await scene.unheard.look()
    assert scene.found == [message.ts]


async def test_of_more_channels_than_one_round_may_ask_each_has_its_turn(
    scene: Scene, slack: SlackServer, relay: FakeRelay
) -> None:
    link = relay.links.pop(ChannelId(CLIPS))
    for number in range(CALLS_A_ROUND + 5):
        nowhere = ChannelId(f"C0NOWHERE{number:02}")
        relay.links[nowhere] = replace(link, channel=nowhere)
    relay.links[link.channel] = link
    message = await slack.drop(CLIPS, MEMO)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    await scene.unheard.look()
    assert scene.found == [message.ts]


async def test_a_clip_that_was_told_of_is_no_trouble(scene: Scene, slack: SlackServer) -> None:
    scene.told.add((await slack.drop(CLIPS, MEMO)).ts)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    assert await scene.unheard.ping() == ""


async def test_an_event_has_time_to_come(scene: Scene, slack: SlackServer) -> None:
    message = await slack.drop(CLIPS, MEMO)
    scene.later += GRACE / 2
    await scene.unheard.look()
    assert scene.found == []
    scene.later += GRACE
    await scene.unheard.look()
    assert scene.found == [message.ts]


async def test_each_clip_is_looked_at_once(scene: Scene, slack: SlackServer) -> None:
    message = await slack.drop(CLIPS, MEMO)
    for _ in range(3):
        scene.later += 2 * GRACE
        await scene.unheard.look()
    assert scene.found == [message.ts]


async def test_clips_are_carried_in_the_order_in_which_they_were_dropped(scene: Scene, slack: SlackServer) -> None:
    dropped = [(await slack.drop(CLIPS, MEMO)).ts for _ in range(3)]
    scene.later += 2 * GRACE
    await scene.unheard.look()
    assert scene.found == dropped


async def test_a_clip_is_found_however_much_was_said_after_it(scene: Scene, slack: SlackServer) -> None:
    dropped = [(await slack.drop(CLIPS, MEMO)).ts for _ in range(2)]
    for number in range(250):
        await slack.say(CLIPS, f"line {number}")
    dropped.append((await slack.drop(CLIPS, MEMO)).ts)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    assert scene.found == dropped


async def test_what_one_round_cannot_read_is_read_on_later_and_keeps_no_other_channel_waiting(
    scene: Scene, slack: SlackServer, relay: FakeRelay, wire: Wire
) -> None:
    relay.links[ChannelId(CREW)] = replace(relay.links[ChannelId(CLIPS)], channel=ChannelId(CREW))
    first = await slack.drop(CLIPS, MEMO)
    for number in range(4000):  # Slack lists 200 of them at once
        await slack.say(CLIPS, f"line {number}")
    last, elsewhere = await slack.drop(CLIPS, MEMO), await slack.drop(CREW, MEMO)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    slack.switches.faults = {"conversations.history": Fault(status=500, times=1)}
    await scene.unheard.look()
    assert scene.found == [elsewhere.ts]
    await scene.unheard.look()
    assert scene.found == [elsewhere.ts, first.ts, last.ts]
    asked = [entry.status for entry in wire.named("conversations.history")]
    assert asked == [200] * 20 + [500] + [200] * 3


async def test_what_no_event_would_have_started_is_left_alone(scene: Scene, slack: SlackServer) -> None:
    await slack.drop(CREW, MEMO)  # not linked
    await slack.drop(CLIPS, Upload("cat.png", b"picture"))
    await slack.drop(CLIPS, MEMO, user=OTHER_BOT)
    await slack.drop(CLIPS, MEMO, user=BOT)
    gone = await slack.drop(CLIPS, MEMO)
    await slack.delete(CLIPS, gone.ts)
    await slack.say(CLIPS, "nothing to hear")
    scene.later += 2 * GRACE
    await scene.unheard.look()
    assert scene.found == []


async def test_what_was_dropped_before_we_came_stays_where_it_is(
    slack: SlackServer, relay: FakeRelay, lookups: Lookups
) -> None:
    await slack.drop(CLIPS, MEMO)
    scene = Scene(relay, lookups)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    assert scene.found == []


async def test_what_was_dropped_before_the_channel_was_linked_stays_where_it_is(
    scene: Scene, slack: SlackServer, relay: FakeRelay
) -> None:
    await slack.drop(CLIPS, MEMO)
    relay.links[ChannelId(CLIPS)] = replace(relay.links[ChannelId(CLIPS)], made_at=scene.now())
    after = await slack.drop(CLIPS, MEMO)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    assert scene.found == [after.ts]


async def test_a_history_that_is_not_shown_keeps_no_other_channel_waiting(
    scene: Scene, slack: SlackServer, relay: FakeRelay
) -> None:
    nowhere = ChannelId("C0NOWHERE01")
    relay.links[nowhere] = replace(relay.links[ChannelId(CLIPS)], channel=nowhere)
    await scene.unheard.look()
    message = await slack.drop(CLIPS, MEMO)
    scene.later += 2 * GRACE
    await scene.unheard.look()
    assert scene.found == [message.ts]
