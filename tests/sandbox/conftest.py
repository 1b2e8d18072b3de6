"""The two servers alone, each with its official client, and with something that listens as the bot would."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from linq import AsyncLinqAPIV3
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.linq.server import LinqServer
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import Caller, Receiver
from tests.sandbox.slack.listener import Listener, listening


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def time_scale() -> TimeScale:
    """Linq's time, real by default; a test that waits for Linq's minutes sets the scale itself."""
    return TimeScale()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def slack(wire: Wire) -> AsyncIterator[SlackServer]:
    """A minute lasts 6 ms, so that retries come at once."""
    server = SlackServer(wire, TimeScale(0.0001))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def listener(slack: SlackServer) -> AsyncIterator[Listener]:
    """The listener that the local Slack sends everything to."""
    async with listening() as listener:
        slack.connect(listener.url)
        yield listener


@pytest.fixture
async def client(slack: SlackServer) -> AsyncWebClient:
    """Slack's own client, which must not repeat anything by itself here."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
async def linq(wire: Wire, time_scale: TimeScale) -> AsyncIterator[LinqServer]:
    server = LinqServer(wire, time_scale)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def caller(linq: LinqServer) -> AsyncIterator[Caller]:
    """Linq's library as it is, set to refuse every answer its own types do not allow."""
    api = AsyncLinqAPIV3(
        api_key=linq.api_key,
        base_url=linq.base_url,
        webhook_secret=linq.webhook_secret,
        max_retries=0,
        _strict_response_validation=True,
    )
    async with api, aiohttp.ClientSession() as http:
        yield Caller(api, http)


@pytest.fixture
async def receiver(linq: LinqServer, wire: Wire) -> AsyncIterator[Receiver]:
    """A subscriber to everything, on the default subscription."""
    receiver = Receiver("", wire)
    app = web.Application()
    app.router.add_post("/linq/webhooks", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/linq/webhooks?version=2026-02-03"
    linq.subscribe(receiver.url)
    yield receiver
    await runner.cleanup()
