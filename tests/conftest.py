"""One embedded PostgreSQL for the whole test run, and for each test that asks a fresh database of its own."""

import asyncio
import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from bot.jobs import job_schemas
from bot.store.database import Database
from bot.store.embedded import Embedded

# A machine that is busy elsewhere is no fault of an example.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

NUMBERS = itertools.count(1)
os.environ["ENV_FILE"] = ""  # no test meets the settings of a developer's own bot
# Tests do not ask what a power cut leaves behind, and without these a fresh database takes a tenth of the time.
UNSAFE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200")

# What mostly waits goes first, side by side with what computes: a run that ends with it would wait for one file.
WAITING = ("stories", "crash", "cli", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = Path(__file__).parent

    def is_last(item: pytest.Item) -> bool:
        return item.path.relative_to(tests).parts[0] not in WAITING

    items.sort(key=is_last)


def cannot(reason: str) -> NoReturn:
    """Skip, except where the environment promises that all is there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def embedded() -> Iterator[Embedded]:
    """The running server. Its folder has a short path, because a socket lives in it."""
    folder = Path(tempfile.mkdtemp(prefix="memobridge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = Embedded.start(folder)
    with psycopg.connect(server.url, autocommit=True) as connection:
        for setting in UNSAFE:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
    server.stop()
    server = Embedded.start(folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template(embedded: Embedded) -> str:
    """The name of a database that has all tables and no rows."""
    create(embedded, "template_memobridge")

    async def make() -> None:
        database = await Database.open(url_of(embedded, "template_memobridge"), schemas=job_schemas())
        await database.close()

    asyncio.run(make())
    return "template_memobridge"


@pytest.fixture
def database_url(embedded: Embedded, template: str) -> Iterator[str]:
    """A database of this test's own, tables and all; dropped at its end."""
    name = f"test_{next(NUMBERS)}"
    create(embedded, name, template)
    yield url_of(embedded, name)
    with psycopg.connect(embedded.url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The store, whose errands become jobs that nobody runs unless the test starts an engine."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


def create(embedded: Embedded, name: str, template: str = "template1") -> None:
    with psycopg.connect(embedded.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())


def url_of(embedded: Embedded, name: str) -> str:
    return embedded.url.replace("/postgres?", f"/{name}?")
