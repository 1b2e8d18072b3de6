"""Fixtures of the local Linq; a test module loads them with ``pytest_plugins``."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from linq import AsyncLinqAPIV3

from bot.sandbox.linq.server import LinqServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.linq_callers import Caller, Receiver


@pytest.fixture
def linq_wire() -> Wire:
    return Wire()


@pytest.fixture
def linq_pace() -> TimeScale:
    """Real time; a test that waits for Linq's minutes sets the scale itself."""
    return TimeScale()


@pytest.fixture
async def linq_side(linq_wire: Wire, linq_pace: TimeScale) -> AsyncIterator[LinqServer]:
    side = LinqServer(linq_wire, linq_pace)
    await side.start()
    yield side
    await side.stop()


@pytest.fixture
async def linq_caller(linq_side: LinqServer) -> AsyncIterator[Caller]:
    """Linq's library as it is, told to refuse every answer its own types do not allow."""
    api = AsyncLinqAPIV3(
        api_key=linq_side.api_key,
        base_url=linq_side.base_url,
        webhook_secret=linq_side.webhook_secret,
        max_retries=0,
        _strict_response_validation=True,
    )
    async with api, aiohttp.ClientSession() as http:
        yield Caller(api, http)


@pytest.fixture
async def linq_receiver(linq_side: LinqServer) -> AsyncIterator[Receiver]:
    """A subscriber to everything, on the default subscription."""
    receiver = Receiver("")
    app = web.Application()
    app.router.add_post("/linq/webhooks", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/linq/webhooks?version=2026-02-03"
    linq_side.subscribe(receiver.url)
    yield receiver
    await runner.cleanup()
