"""A toy Slack with an ear on the other end and Slack's own client beside it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.server import SlackServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.slack_listener import Listener


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
async def listener(slack: SlackServer) -> AsyncIterator[Listener]:
    """The url the toy Slack sends everything to."""
    listener = Listener()
    listener.held.set()
    application = web.Application()
    application.router.add_post("/slack/events", listener.take)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    slack.connect(listener.url)
    yield listener
    listener.held.set()
    await runner.cleanup()


@pytest.fixture
async def client(slack: SlackServer) -> AsyncWebClient:
    """Slack's own client, which must not repeat anything by itself here."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
