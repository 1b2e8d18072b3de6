"""A relay among fakes, on a database of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.database import Database
from tests.relay.world import World


@pytest.fixture
async def world(tmp_path: Path, database: Database, database_url: str) -> AsyncIterator[World]:
    """The channel is linked to the chat."""
    made = World(tmp_path, database, database_url)
    await made.link()
    yield made
    await made.prefetcher.close()
    made.close()


@pytest.fixture
async def lending_world(tmp_path: Path, database: Database, database_url: str) -> AsyncIterator[World]:
    """The same, with recordings lent under temporary urls."""
    made = World(tmp_path, database, database_url, lend_up_to=10 * 1024 * 1024)
    await made.link()
    yield made
    await made.prefetcher.close()
    made.close()


@pytest.fixture
async def other_process(world: World, database_url: str) -> AsyncIterator[World]:
    """A second process of the same bot: the same networks and tables, connections of its own."""
    database = await Database.open(database_url)
    made = World(world.folder, database, database_url, team=world.team, chats=world.chats)
    yield made
    await made.prefetcher.close()
    made.close()
    await database.close()
