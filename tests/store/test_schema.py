"""The schema: each step once and in order, one process at a time, and never on tables of another edition."""

import asyncio

import psycopg
import pytest

from bot.jobs import job_schemas
from bot.relay.errors import Refused
from bot.store.database import Database, migrate
from bot.store.embedded import Embedded
from bot.store.schema import Schema, apply, store_schema
from tests.conftest import create, url_of
from tests.store.rows import ask

FIRST: Schema = ("toy", "CREATE TABLE toy (a int)", {"1": "CREATE TABLE toy (a int)"})
GROWN: Schema = (
    "toy",
    "never run",
    {**FIRST[2], "2": "ALTER TABLE toy ADD b int", "3": "ALTER TABLE toy ADD c int"},
)


async def apply_all(url: str, *schemas: Schema) -> list[list[str]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return [await apply(connection, [schema]) for schema in schemas]


async def test_steps_are_applied_once_and_in_order(database_url: str) -> None:
    assert await apply_all(database_url, FIRST, FIRST, GROWN, GROWN) == [["toy/1"], [], ["toy/2", "toy/3"], []]
    assert ask(database_url, "SELECT a, b, c FROM toy") == []


async def test_empty_database_is_made_in_one_go(database_url: str) -> None:
    whole: Schema = ("toy", "CREATE TABLE toy (a int, b int, c int)", GROWN[2])
    assert await apply_all(database_url, whole, whole) == [["toy/1", "toy/2", "toy/3"], []]


async def test_step_that_was_edited_after_it_was_applied_is_refused(database_url: str) -> None:
    await apply_all(database_url, FIRST)
    edited: Schema = ("toy", "", {"1": "CREATE TABLE toy (b int)"})
    with pytest.raises(Refused, match=r"another edition of toy/1"):
        await apply_all(database_url, edited)


async def test_edited_steps_are_named_before_unknown_ones(database_url: str) -> None:
    """Whoever joined steps has fewer of them: the database is not newer, it is another edition."""
    await apply_all(database_url, FIRST, GROWN)
    joined: Schema = ("toy", "", {"1": "CREATE TABLE toy (a int, b int, c int)"})
    with pytest.raises(Refused, match=r"another edition of toy/1\."):
        await apply_all(database_url, joined)


async def test_database_of_a_newer_version_is_refused(database_url: str) -> None:
    await apply_all(database_url, FIRST, GROWN)
    with pytest.raises(Refused, match=r"newer memobridge .* toy/3"):
        await apply_all(database_url, FIRST)


async def test_step_that_fails_leaves_nothing_behind(database_url: str) -> None:
    broken: Schema = ("toy", "CREATE TABLE toy (a int); SELECT nonsense", {"1": ""})
    with pytest.raises(psycopg.Error):
        await apply_all(database_url, broken)
    assert ask(database_url, "SELECT to_regclass('toy') AS toy") == [{"toy": None}]
    assert ask(database_url, "SELECT name FROM schema_steps WHERE name LIKE 'toy%'") == []


async def test_owners_do_not_know_each_others_steps(database_url: str) -> None:
    other: Schema = ("toyshop", "CREATE TABLE toyshop (a int)", {"1": "CREATE TABLE toyshop (a int)"})
    assert await apply_all(database_url, FIRST, other) == [["toy/1"], ["toyshop/1"]]


async def test_processes_that_start_together_make_the_tables_once(embedded: Embedded) -> None:
    create(embedded, "together")
    url = url_of(embedded, "together")
    for database in await asyncio.gather(*(Database.open(url, schemas=job_schemas()) for _ in range(3))):
        await database.ping()
        await database.close()
    steps = ask(url, "SELECT name FROM schema_steps WHERE name LIKE 'store/%%' ORDER BY name")
    assert [row["name"] for row in steps] == [f"store/{name}" for name in sorted(store_schema()[2])]


async def test_migrate_says_which_steps_it_applied(embedded: Embedded) -> None:
    create(embedded, "migrated")
    url = url_of(embedded, "migrated")
    applied = await migrate(url, job_schemas())
    assert "store/0001_tables.sql" in applied
    assert "jobs/0001_jobs.sql" in applied
    assert await migrate(url, job_schemas()) == []


async def test_older_job_tables_grow_to_todays(embedded: Embedded) -> None:
    """Procrastinate's steps, applied one by one, lead to where its whole schema does."""
    create(embedded, "older")
    (owner, whole, steps), ours = job_schemas()
    first = next(iter(steps))
    url = url_of(embedded, "older")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await apply(connection, [(owner, steps[first], {first: steps[first]})])
        await apply(connection, [(owner, whole, steps), ours])
        await connection.execute("SELECT procrastinate_fetch_job_v2(ARRAY['send_next'], 1)")
