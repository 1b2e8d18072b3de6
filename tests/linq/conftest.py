"""The client against the local Linq, and the sample bodies."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import linq
import pytest

from bot.linq.client import LinqClient, open_api
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

PAYLOADS = Path(__file__).parents[1] / "payloads" / "linq"


@pytest.fixture
def payload() -> Callable[[str], Any]:
    return lambda name: json.loads((PAYLOADS / f"{name}.json").read_text())


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def side(wire: Wire) -> AsyncIterator[LinqServer]:
    side = LinqServer(wire, TimeScale())
    await side.start()
    yield side
    await side.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
def api(side: LinqServer, session: aiohttp.ClientSession) -> linq.AsyncLinqAPIV3:
    return open_api(side.api_key, side.base_url, session)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def client(api: linq.AsyncLinqAPIV3, session: aiohttp.ClientSession) -> LinqClient:
    return LinqClient(api, session, now=now)
