"""A running system for each test, or one for a whole module in which each test has a channel and a chat of its own."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.store.embedded import Embedded
from tests.conftest import NUMBERS, create, url_of
from tests.stories.system import System, system_with

CHANNELS = itertools.count(1)


@pytest.fixture
async def system(database_url: str) -> AsyncIterator[System]:
    async with system_with(database_url) as system:
        yield system


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_system(embedded: Embedded, template: str, request: pytest.FixtureRequest) -> AsyncIterator[System]:
    """One bot for a whole module, started with the module's ``SETTINGS``; ``SOCKET_MODE`` says how Slack reaches it."""
    name = f"stories_{next(NUMBERS)}"
    create(embedded, name, template)
    settings = getattr(request.module, "SETTINGS", {})
    is_socket = getattr(request.module, "SOCKET_MODE", False)
    async with system_with(url_of(embedded, name), socket_mode=is_socket, **settings) as system:
        yield system


@pytest_asyncio.fixture(loop_scope="module")
async def linked(shared_system: System) -> AsyncIterator[System]:
    """A channel and a chat of one test's own, linked, in the shared system; every switch is put back after it."""
    number = next(CHANNELS)
    channel = shared_system.slack.new_channel(f"channel-{number}")
    chat = shared_system.sandbox.linq.add_chat(f"+1202556{number:04}")
    own = replace(shared_system, channel=channel, chat=chat.id)
    await own.link(channel, chat.id)
    yield own
    shared_system.sandbox.time_scale.scale = 1.0
    shared_system.slack.switches.reset()
    shared_system.sandbox.linq.switches.reset()


@pytest_asyncio.fixture(loop_scope="module")
async def group(linked: System) -> System:
    """The same with a group of three people at the other end."""
    number = next(CHANNELS)
    people = [f"+1202557{number:04}", f"+1202558{number:04}", f"someone{number}@example.com"]
    chat = linked.sandbox.linq.add_chat(*people)
    channel = linked.slack.new_channel(f"group-{number}")
    await linked.link(channel, chat.id)
    return replace(linked, channel=channel, chat=chat.id)
