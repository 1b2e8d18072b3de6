"""The door over Socket Mode: acknowledged when stored, kept through every kind of parting, drained at the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from bot.sandbox.slack.fixtures import CLIPS, CREW
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.slack.switches import Fault
from bot.sandbox.wire import Wire
from bot.slack.door import SlackDoor
from bot.slack.over_socket import SocketEntrance, Watch
from bot.slack.pace import Pace
from bot.slack.web import Web
from tests.slack.fake_relay import FakeRelay

MEMO = Upload("memo.m4a", b"sound")


async def until(holds: Callable[[], Awaitable[bool]], timeout_s: float = 30.0) -> None:
    """Wait until it holds; asked again and again, because the SDK has no event for it."""
    async with asyncio.timeout(timeout_s):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
def web(slack: SlackServer, session: aiohttp.ClientSession) -> Web:
    return Web(slack.app_token, session, slack.api_url, Pace(time.monotonic))


@pytest.fixture
async def entrance(door: SlackDoor, relay: FakeRelay, web: Web) -> AsyncIterator[SocketEntrance]:
    """Not started yet; watched closely."""
    listeners = door.listeners(clips=relay, links=relay, wishes=relay)
    watch = Watch(ping_s=0.2, look_s=0.02, replace_after_s=0.5, pause_s=0.3)
    entrance = SocketEntrance(listeners.dispatch, web, clock=time.monotonic, watch=watch)
    yield entrance
    relay.held.set()
    await entrance.stop(5.0)
    await door.answers.drain(5.0)


@pytest.fixture
async def connected(entrance: SocketEntrance, slack: SlackServer) -> SocketEntrance:
    entrance.start()
    await until(lambda: up(entrance))
    return entrance


async def up(entrance: SocketEntrance) -> bool:
    return await entrance.ping() == ""


async def down(entrance: SocketEntrance) -> bool:
    return await entrance.ping() != ""


async def test_a_drop_is_stored_before_it_is_acknowledged(
    connected: SocketEntrance, slack: SlackServer, relay: FakeRelay
) -> None:
    message = await slack.drop(CLIPS, MEMO)
    assert message.delivery is not None
    assert (await message.delivery.ended()).status == 200
    assert len(relay.shares) == 1


async def test_an_event_nobody_listens_to_is_acknowledged(
    connected: SocketEntrance, slack: SlackServer, wire: Wire
) -> None:
    await slack.archive(CREW)
    await slack.settled()
    assert [entry.status for entry in wire.named("event channel_archive")] == [200]


async def test_what_could_not_be_stored_is_not_acknowledged_and_comes_again(
    connected: SocketEntrance, slack: SlackServer, relay: FakeRelay, wire: Wire
) -> None:
    relay.trouble = RuntimeError("the database is away")
    message = await slack.drop(CLIPS, MEMO)
    await wire.until(lambda: bool(wire.named("event message")))
    relay.trouble = None
    assert message.delivery is not None
    assert (await message.delivery.ended()).status == 200
    assert len(relay.shares) == 1


async def test_nonsense_is_acknowledged_because_it_would_not_get_better(
    connected: SocketEntrance, slack: SlackServer
) -> None:
    answer = await slack.dispatcher.send({"type": "event_callback", "event": None}, "nonsense").ended()
    assert answer.status == 200


async def test_a_command_is_answered_with_its_acknowledgement(connected: SocketEntrance, slack: SlackServer) -> None:
    said = await slack.command(CLIPS, "status")
    assert "Linked to *+12025550123*" in said.text


async def test_a_button_is_acknowledged(connected: SocketEntrance, slack: SlackServer, relay: FakeRelay) -> None:
    await slack.command(CREW, "link +12025550123")
    said = await slack.press(CREW, slack.ephemerals(CREW)[-1].ts, "link_chat")
    assert (said.status, said.error) == (200, "")
    assert CREW in relay.links


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets"])
async def test_a_refreshed_connection_goes_on_hearing(
    connected: SocketEntrance, slack: SlackServer, relay: FakeRelay, wire: Wire, reason: str
) -> None:
    await slack.sockets.disconnect(reason)  # type: ignore[arg-type]  # one of the literals
    await wire.until(lambda: len(wire.named("socket hello")) == 2)
    await until(lambda: up(connected))
    await slack.drop(CLIPS, MEMO)
    await slack.settled()
    assert len(relay.shares) == 1


async def test_a_connection_cut_without_a_word_comes_back(
    connected: SocketEntrance, slack: SlackServer, relay: FakeRelay, wire: Wire
) -> None:
    slack.sockets.cut()
    await wire.until(lambda: len(wire.named("socket hello")) == 2)
    await until(lambda: up(connected))
    await slack.drop(CLIPS, MEMO)
    await slack.settled()
    assert len(relay.shares) == 1


async def test_a_slack_that_was_away_for_long_is_found_again(
    connected: SocketEntrance, slack: SlackServer, wire: Wire
) -> None:
    slack.switches.down = "refused"
    slack.sockets.cut()
    await until(lambda: down(connected))
    await until(lambda: _cannot_reach(connected))
    slack.switches.down = "no"
    await until(lambda: up(connected))


async def _cannot_reach(entrance: SocketEntrance) -> bool:
    return "cannot be reached" in await entrance.ping()


async def test_a_wrong_app_token_is_named_and_tried_again(
    entrance: SocketEntrance, slack: SlackServer, wire: Wire
) -> None:
    slack.switches.faults = {"apps.connections.open": Fault(error="invalid_auth", times=3)}
    entrance.start()
    await wire.until(lambda: bool(wire.named("apps.connections.open")))
    await until(lambda: _names_the_token(entrance))
    await until(lambda: up(entrance))


async def _names_the_token(entrance: SocketEntrance) -> bool:
    return "SLACK_APP_TOKEN" in await entrance.ping()


async def test_socket_mode_switched_off_is_told_and_not_hammered(
    connected: SocketEntrance, slack: SlackServer, wire: Wire
) -> None:
    slack.switches.faults = {"apps.connections.open": Fault(error="forbidden_team")}
    before = len(wire.named("apps.connections.open"))
    await slack.sockets.disconnect("link_disabled", close=True)
    await until(lambda: _is_disabled(connected))
    slack.switches.faults = {}
    await until(lambda: up(connected))
    assert len(wire.named("apps.connections.open")) - before <= 4


async def _is_disabled(entrance: SocketEntrance) -> bool:
    return "switched off" in await entrance.ping()


async def test_stopping_finishes_and_acknowledges_what_was_taken(
    connected: SocketEntrance, slack: SlackServer, relay: FakeRelay
) -> None:
    relay.held.clear()
    message = await slack.drop(CLIPS, MEMO)
    await asyncio.wait_for(relay.asked.wait(), 30.0)
    stopping = asyncio.create_task(connected.stop(10.0))
    relay.held.set()
    await stopping
    assert message.delivery is not None
    assert [answer.status for answer in message.delivery.answers] == [200]


async def test_before_it_is_connected_it_says_so(entrance: SocketEntrance) -> None:
    assert "not connected" in await entrance.ping()


async def test_a_doubted_connection_is_replaced_though_it_is_open(
    connected: SocketEntrance, slack: SlackServer, wire: Wire
) -> None:
    connected.doubt()
    await wire.until(lambda: len(wire.named("socket hello")) == 2)
    assert len(slack.sockets.open) == 1
