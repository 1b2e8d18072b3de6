"""The adapter against the sandbox's Linq, against one that answers as it is told, and the sample payloads."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.linq.adapter import LinqAdapter
from bot.linq.ids import LinqIds
from tests.linq.fake_linq import FakeLinq, open_fake_linq
from tests.linq.local_linq import LocalLinq, Wire, open_local_linq

PAYLOADS = Path(__file__).parents[1] / "payloads" / "linq"
IDS = LinqIds()

Payload = Callable[[str], Any]


def load(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def payload() -> Payload:
    return load


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def server(wire: Wire) -> AsyncIterator[LocalLinq]:
    async with open_local_linq(wire) as server:
        yield server


@pytest.fixture
async def fake() -> AsyncIterator[FakeLinq]:
    async with open_fake_linq() as fake:
        yield fake


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def adapter(server: LocalLinq, session: aiohttp.ClientSession) -> AsyncIterator[LinqAdapter]:
    """Against the sandbox."""
    adapter = LinqAdapter(server.api_key, server.base_url, session, now=now, public_url="https://bot.example.com")
    yield adapter
    await adapter.close()


@pytest.fixture
async def second_adapter(server: LocalLinq, session: aiohttp.ClientSession) -> AsyncIterator[LinqAdapter]:
    """Of another process, against the same sandbox."""
    adapter = LinqAdapter(server.api_key, server.base_url, session, now=now)
    yield adapter
    await adapter.close()


@pytest.fixture
async def scripted(fake: FakeLinq, session: aiohttp.ClientSession) -> AsyncIterator[LinqAdapter]:
    """Against the Linq that answers as it is told."""
    adapter = LinqAdapter("key", fake.base_url, session, now=now)
    yield adapter
    await adapter.close()
