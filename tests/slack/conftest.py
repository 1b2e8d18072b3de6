"""The Slack door with the toy Slack before it and a fake relay behind it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from bot.relay.model import ChannelId, Link
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from bot.slack.client import Client
from bot.slack.door import SlackDoor
from bot.slack.downloads import Bounds
from bot.slack.lookups import Lookups
from bot.slack.over_http import HttpEntrance
from tests.slack.fake_relay import CHAT, FakeRelay

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Seconds:
    """A clock that goes only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def slack(wire: Wire) -> AsyncIterator[SlackServer]:
    """A minute lasts 6 ms, so that retries come at once."""
    side = SlackServer(wire, TimeScale(0.0001))
    await side.start()
    yield side
    await side.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def within_s() -> float:
    """How long the door works before it says that it needs a moment."""
    return 2.5


@pytest.fixture
def door(slack: SlackServer, session: aiohttp.ClientSession, clock: Seconds, within_s: float) -> SlackDoor:
    bounds = Bounds(size_bytes=1024 * 1024, idle_s=0.3, total_s=10.0)
    return SlackDoor(
        slack.bot_token,
        session,
        clock=clock,
        now=lambda: NOON,
        base_url=slack.api_url,
        bounds=bounds,
        answer_within_s=within_s,
    )


@pytest.fixture
def client(door: SlackDoor) -> Client:
    return door.client


@pytest.fixture
def lookups(door: SlackDoor) -> Lookups:
    return door.lookups


@pytest.fixture
def relay() -> FakeRelay:
    """The channel #clips is linked."""
    relay = FakeRelay()
    relay.links[ChannelId(CLIPS)] = Link(ChannelId(CLIPS), CHAT.id, "+12025550123", "U0ANN000001")
    return relay


@pytest.fixture
async def events_url(door: SlackDoor, relay: FakeRelay, slack: SlackServer) -> AsyncIterator[str]:
    """The door listens over HTTP, and the toy Slack knows where."""
    listeners = door.listeners(clips=relay, links=relay, wishes=relay, allowed_bots=("B0FRIEND",))
    entrance = HttpEntrance(listeners.dispatch, slack.signing_secret)
    application = web.Application()
    application.router.add_post("/slack/events", entrance.events)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    slack.connect(url)
    yield url
    relay.held.set()
    await door.answers.drain(5.0)
    await runner.cleanup()
