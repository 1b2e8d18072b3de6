"""Forward only, each step once; and what one version has taken, the next one finishes."""

import asyncio

import psycopg
import pytest

from bot.cli.child import BotProcess
from bot.jobs import Engine
from bot.sandbox.sandbox import Sandbox
from bot.store.embedded import Embedded
from bot.store.schema import apply, store_schema
from tests.conftest import create, url_of
from tests.stories.conftest import Town

pytestmark = pytest.mark.crash

NEXT = "ALTER TABLE deliveries ADD COLUMN mood text NOT NULL DEFAULT 'calm'; CREATE TABLE moods (mood text PRIMARY KEY)"


@pytest.fixture
def empty_url(embedded: Embedded) -> str:
    """A database without any table."""
    create(embedded, "upgrades")
    return url_of(embedded, "upgrades")


async def test_processes_that_start_together_apply_each_step_once_and_all_come_up(empty_url: str) -> None:
    async with Sandbox() as sandbox:
        bots = [BotProcess(sandbox.environment() | {"DATABASE_URL": empty_url}) for _ in range(3)]
        await asyncio.gather(*(bot.start() for bot in bots))
        codes = await asyncio.gather(*(bot.stop() for bot in bots))
    assert codes == [0, 0, 0]
    steps = [str(name) for (name,) in await _rows(empty_url, "SELECT name FROM schema_steps")]
    owned = [f"{owner}/{name}" for owner, _, named in [store_schema(), *Engine().schemas()] for name in named]
    assert sorted(steps) == sorted(owned)


async def test_what_this_version_took_is_finished_on_the_next_versions_tables(database_url: str) -> None:
    """As in a rolling upgrade: taken by a process without a worker, then the tables grow, then a worker comes."""
    async with Sandbox() as sandbox:
        settings = sandbox.environment() | {"DATABASE_URL": database_url}
        async with BotProcess(settings, role="web") as taking:
            town = Town(sandbox, taking)
            await town.meet()
            await town.link()
            message = await town.drop()
            assert message.delivery is not None
            assert (await message.delivery.ended()).accepted
        await _grow(database_url)
        async with BotProcess(settings) as finishing:
            sandbox.meet(finishing.url)
            await town.until_shown(message, "read")
        assert len(town.memos()) == 1


async def test_tables_of_a_later_version_are_left_as_they_are(database_url: str) -> None:
    await _grow(database_url)
    async with Sandbox() as sandbox, BotProcess(sandbox.environment() | {"DATABASE_URL": database_url}):
        pass
    assert ("store/9999_next.sql",) in await _rows(database_url, "SELECT name FROM schema_steps")


async def _grow(url: str) -> None:
    owner, _, steps = store_schema()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await apply(connection, [(owner, "", {**steps, "9999_next.sql": NEXT})])


async def _rows(url: str, sql: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await (await connection.execute(sql.encode())).fetchall()
