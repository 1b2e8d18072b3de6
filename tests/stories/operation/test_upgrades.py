"""Migrations go forward only, each step once; what one version has taken, the next one finishes."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from bot.cli.child import BotProcess, ChildError
from bot.jobs import job_schemas
from bot.sandbox.sandbox import Sandbox
from bot.store.embedded import Embedded
from bot.store.schema import Schema, apply, store_schema
from tests.conftest import NUMBERS, create, url_of
from tests.stories.system import System

NEXT_STEP = "ALTER TABLE deliveries ADD COLUMN mood text NOT NULL DEFAULT 'calm'"


@pytest.fixture
def empty_url(embedded: Embedded) -> Iterator[str]:
    """A database without any table."""
    name = f"upgrades_{next(NUMBERS)}"
    create(embedded, name)
    yield url_of(embedded, name)
    with psycopg.connect(embedded.url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def schemas() -> list[Schema]:
    return [store_schema(), *job_schemas()]


async def test_processes_that_start_together_apply_each_step_once(empty_url: str) -> None:
    async with Sandbox() as sandbox:
        bots = [BotProcess(sandbox.environment() | {"DATABASE_URL": empty_url}) for _ in range(3)]
        await asyncio.gather(*(bot.start() for bot in bots))
        assert await asyncio.gather(*(bot.stop() for bot in bots)) == [0, 0, 0]
    async with await psycopg.AsyncConnection.connect(empty_url) as connection:
        rows = await (await connection.execute("SELECT name FROM schema_steps")).fetchall()
    assert sorted(name for (name,) in rows) == sorted(
        f"{owner}/{name}" for owner, _, steps in schemas() for name in steps
    )


async def test_a_worker_finishes_what_a_web_process_took_before_it_started(database_url: str) -> None:
    """As in a rolling upgrade: one process stores the clip and ends, the next one sends it."""
    async with Sandbox() as sandbox:
        settings = sandbox.environment() | {"DATABASE_URL": database_url}
        async with BotProcess(settings, role="web") as web:
            system = System(sandbox, web)
            await system.connect()
            await system.link()
            message = await system.drop()
            assert message.delivery is not None
            assert (await message.delivery.ended()).accepted
        async with BotProcess(settings) as successor:
            sandbox.meet(successor.url)
            await system.until_shown(message, "read")
        assert len(system.memos()) == 1


async def test_a_database_of_a_later_version_is_refused(database_url: str) -> None:
    owner, _, steps = store_schema()
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await apply(connection, [(owner, "", {**steps, "9999_next.sql": NEXT_STEP})])
    async with Sandbox() as sandbox:
        bot = BotProcess(sandbox.environment() | {"DATABASE_URL": database_url})
        with pytest.raises(ChildError, match=r"newer memobridge \(it has store/9999_next.sql\)"):
            await bot.start()
