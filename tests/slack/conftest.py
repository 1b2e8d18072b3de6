"""The Slack adapter with a fake Slack before it and a fake relay behind it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.relay.inbound_order import InboundOrder
from bot.relay.rooms import Link
from bot.slack.adapter import SlackAdapter, SlackSettings
from bot.slack.api.downloads import DownloadLimits
from bot.slack.api.rate_limit import RateLimiter
from bot.slack.dispatch import Dispatcher
from bot.slack.ids import SlackRoom, person_id
from bot.slack.inbound.http_receiver import HttpReceiver
from tests.slack.fake_overviews import FakeOpenings, FakeOverviews
from tests.slack.fake_relay import ANNS_CHAT, FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, BOT_TOKEN, CLIPS, SECRET, TEAM
from tests.slack.signed_requests import SignedRequests
from tests.slack.times import NOON

CONTAINERS = {b"AUDI": "m4a", b"VIDE": "mp4", b"PICT": "image", b"OGGS": "ogg"}


def sniff(head: bytes) -> str:
    return CONTAINERS.get(head[:4], "unknown")


class Seconds:
    """A clock that goes only when told to, or when somebody sleeps by it. ``goes``: cleared, sleepers sleep on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.goes = asyncio.Event()
        self.goes.set()

    def __call__(self) -> float:
        return self.now

    def time_of_day(self) -> datetime:
        return NOON + timedelta(seconds=self.now - 1000.0)

    async def sleep(self, seconds: float) -> None:
        await self.goes.wait()
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    fake = FakeSlack()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def within_s() -> float:
    """How long the bot works before it says that it needs a moment."""
    return 30.0


@pytest.fixture
def adapter(slack: FakeSlack, session: aiohttp.ClientSession, clock: Seconds, within_s: float) -> SlackAdapter:
    settings = SlackSettings(
        BOT_TOKEN,
        slack.api_url,
        allowed_bots=("B0FRIEND",),
        downloads=DownloadLimits(size_bytes=1024 * 1024),
        answer_within_s=within_s,
    )
    limiter = RateLimiter(clock, sleep=clock.sleep)
    return SlackAdapter(settings, session, clock=clock, now=clock.time_of_day, sniff=sniff, limiter=limiter)


@pytest.fixture
def relay() -> FakeRelay:
    """The channel #clips is linked."""
    relay = FakeRelay()
    room = SlackRoom(TEAM, CLIPS).id
    relay.links[room] = Link(room, ANNS_CHAT.id, "+12025550123", person_id(TEAM, ANN))
    return relay


@pytest.fixture
def overviews() -> FakeOverviews:
    return FakeOverviews()


@pytest.fixture
def openings() -> FakeOpenings:
    return FakeOpenings()


@pytest.fixture
def dispatcher(adapter: SlackAdapter, relay: FakeRelay, overviews: FakeOverviews, openings: FakeOpenings) -> Dispatcher:
    return adapter.dispatcher(relay, relay, relay, relay, overviews, openings, InboundOrder(relay.open_gap))


@pytest.fixture
async def events_url(adapter: SlackAdapter, dispatcher: Dispatcher, relay: FakeRelay) -> AsyncIterator[str]:
    """The bot listens over HTTP."""
    application = web.Application()
    application.router.add_post("/slack/events", HttpReceiver(dispatcher.dispatch, SECRET).events)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    relay.held.set()
    await adapter.drain(5.0)
    await runner.cleanup()


@pytest.fixture
def requests(events_url: str, slack: FakeSlack, session: aiohttp.ClientSession) -> SignedRequests:
    return SignedRequests(events_url, slack, session)
