"""The store alone: a real database, and in place of the engine a table of the errands that were put in line."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from bot.relay.model import NoticeId
from bot.store.database import Database
from bot.store.embedded import Embedded
from tests.conftest import create, url_of

GATE = 1  # an advisory lock
LINE = f"""
CREATE TABLE line (place bigint GENERATED ALWAYS AS IDENTITY, errand text, name text);
CREATE TABLE broken ();
CREATE TABLE held (name text);
CREATE FUNCTION hurry(kind text, names text[]) RETURNS void LANGUAGE sql AS
$$ INSERT INTO line (errand, name) SELECT 'hurry', unnest(names) $$;
CREATE FUNCTION put_in_line(errand text, kind text, names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(names) > 0 THEN
        IF EXISTS (SELECT FROM held WHERE name = ANY (names)) THEN
            PERFORM pg_advisory_xact_lock_shared({GATE});
        END IF;
        IF EXISTS (SELECT FROM broken) THEN RAISE 'the engine is broken'; END IF;
        INSERT INTO line (errand, name) SELECT put_in_line.errand, unnest(names);
    END IF;
END;
$$;
"""


class Line:
    """Where errands end up."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    @property
    def chats(self) -> list[str]:
        return self._names("work")

    @property
    def notices(self) -> list[NoticeId]:
        return [NoticeId(name) for name in self._names("announce")]

    @property
    def hurried(self) -> list[str]:
        """The chats whose first job need not wait any more."""
        return self._names("hurry")

    def clear(self) -> None:
        self._connection.execute("DELETE FROM line")

    def break_down(self) -> None:
        """From now on nothing can be put in line, as by an engine's bug."""
        self._connection.execute("INSERT INTO broken DEFAULT VALUES")

    def next(self, name: str) -> bool:
        """Take this one out of the line, if it is there."""
        return bool(self._connection.execute("DELETE FROM line WHERE name = %s", (name,)).rowcount)

    @contextmanager
    def held_up(self, name: str) -> Iterator[None]:
        """Whoever puts this one in line waits, and with it the transaction it is in."""
        self._connection.execute("INSERT INTO held VALUES (%s)", (name,))
        self._connection.execute("SELECT pg_advisory_lock(%s)", (GATE,))
        try:
            yield
        finally:
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (GATE,))

    def close(self) -> None:
        self._connection.close()

    def _names(self, errand: str) -> list[str]:
        found = self._connection.execute("SELECT name FROM line WHERE errand = %s ORDER BY place", (errand,))
        return [str(name) for (name,) in found]


@pytest.fixture(scope="session")
def template(embedded: Embedded) -> str:
    """The store's tables, and the line."""
    create(embedded, "template_store")

    async def make() -> None:
        database = await Database.open(url_of(embedded, "template_store"))
        await database.pool.open()
        async with database.pool.connection() as connection:
            await connection.execute(LINE.encode(), prepare=False)
        await database.close()

    asyncio.run(make())
    return "template_store"


@pytest.fixture
def line(database_url: str) -> Iterator[Line]:
    made = Line(database_url)
    yield made
    made.close()


@pytest.fixture
async def memory(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    yield opened
    await opened.close()
