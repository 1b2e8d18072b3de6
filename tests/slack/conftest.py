"""A Slack door with the toy Slack before it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from bot.sandbox.pace import Pace as SandboxPace
from bot.sandbox.slack import SlackSide
from bot.sandbox.wire import Wire
from bot.slack.client import Client
from bot.slack.downloads import Bounds, Downloads
from bot.slack.lookups import Lookups
from bot.slack.pace import Pace
from bot.slack.web import Web


class Seconds:
    """A clock that goes only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class OurSide:
    """The parts of the door that call Slack."""

    web: Web
    lookups: Lookups
    client: Client


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def slack(wire: Wire) -> AsyncIterator[SlackSide]:
    """A minute lasts 6 ms, so that retries come at once."""
    side = SlackSide(wire, SandboxPace(0.0001))
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
def ours(slack: SlackSide, session: aiohttp.ClientSession, clock: Seconds) -> OurSide:
    web = Web(slack.bot_token, session, slack.api_url, Pace(clock))
    lookups = Lookups(web, clock)
    bounds = Bounds(size_bytes=1024 * 1024, idle_s=0.3, total_s=10.0)
    return OurSide(web, lookups, Client(web, lookups, Downloads(slack.bot_token, session, slack.api_url, bounds)))


@pytest.fixture
def client(ours: OurSide) -> Client:
    return ours.client
