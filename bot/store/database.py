"""The memory as a whole: opened once, with one object for each thing that is remembered."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bot.relay.errors import Refused
from bot.relay.model import ChatId, NoticeId, RefreshNotice, RelayJob, SendNext
from bot.store.deliveries import Deliveries
from bot.store.group_commit import GroupCommitter
from bot.store.ingest import Ingest
from bot.store.links import Links
from bot.store.notices import Notices
from bot.store.pool import Connection, Pool, reaching
from bot.store.receipts import Receipts
from bot.store.schema import Schema, apply, store_schema

OLDEST_SERVER = 140_000
LINGER_S = 0.02  # a webhook may wait this long for others: Linq gives up after seconds, and a clip brings three

CHATS_OWED = "SELECT DISTINCT chat FROM deliveries WHERE step IN ('waiting', 'prepared', 'sending')"
NOTICES_OWED = "SELECT id FROM notices WHERE wanted > taken"

# A file's address outlives its use only while a lent clip may still be fetched.
FORGET_URLS = "UPDATE deliveries SET url = '' WHERE url <> '' AND step = 'recorded' AND lent_until < now()"
# Those of a message go together, and only after its notice has told of them all.
FORGET_DELIVERIES = """
DELETE FROM deliveries WHERE accepted_at < %(before)s AND NOT EXISTS (
    SELECT FROM deliveries AS near WHERE near.notice = deliveries.notice
    AND (near.accepted_at >= %(before)s OR near.step IN ('waiting', 'prepared', 'sending'))
) AND NOT EXISTS (SELECT FROM notices WHERE id = deliveries.notice AND wanted > taken)
"""
FORGET_NOTICES = """
DELETE FROM notices WHERE wanted = taken AND NOT EXISTS (SELECT FROM deliveries WHERE notice = notices.id)
"""
FORGET_RECEIPTS = """
DELETE FROM receipts WHERE came_at < %s
    AND NOT EXISTS (SELECT FROM deliveries WHERE deliveries.memo = receipts.memo)
    AND NOT EXISTS (SELECT FROM deliveries WHERE deliveries.id = receipts.delivery)
"""


class Database:
    """Made by ``open``."""

    def __init__(self, url: str) -> None:
        # Few connections, since each must first learn every statement. Ingest are answered while somebody waits at
        # the door: they have one that no busy relay can take. The engine holds two of the desk's for itself.
        self._door = Pool(url, size=1, patience_s=2)
        self._room = Pool(url, size=2, patience_s=5)
        # Jobs are only permits, and what a notice shows is compared with the facts at every turn: half of all commits.
        self._desk = Pool(url, size=4, patience_s=5, loses_last=True)
        arrivals = Ingest(self._door)
        self._accepting = GroupCommitter(arrivals.accept)
        self._receiving = GroupCommitter(arrivals.receive, linger=lambda: asyncio.sleep(LINGER_S))
        self.deliveries = Deliveries(self._room, self._accepting)
        self.receipts = Receipts(self._room, self._receiving)
        self.notices = Notices(self._room, self._desk)
        self.links = Links(self._room)

    @classmethod
    async def open(cls, url: str, *, schemas: Sequence[Schema] = ()) -> "Database":
        """Bring the tables to today's shape, those of ``schemas`` too, and connect.

        Raises ``Refused`` for a database that will never do, ``RetryLater`` for one that is out of reach.
        """
        try:
            async with (
                reaching(),
                await AsyncConnection.connect(url, autocommit=True, connect_timeout=10) as connection,
            ):
                _accept_version(connection.info.server_version)
                await apply(connection, [store_schema(), *schemas])
        except psycopg.Error as error:
            raise Refused(
                f"{_first_line(error)} DATABASE_URL must name a database whose tables we may make."
            ) from error
        database = cls(url)
        for pool in (database._room, database._desk, database._door):
            await pool.open()
        return database

    @property
    def pool(self) -> AsyncConnectionPool[Connection]:
        """For the engine, which lives in the same database."""
        return self._desk.raw

    async def close(self) -> None:
        await self._accepting.close()
        await self._receiving.close()
        for pool in (self._door, self._desk, self._room):
            await pool.close()

    async def ping(self) -> None:
        """Raises ``RetryLater`` when the database does not answer."""
        await self._room.rows("SELECT 1")

    async def owed(self) -> Sequence[RelayJob]:
        """Every errand that should be somewhere in the engine; it makes again those that are not."""
        chats = await self._room.rows(CHATS_OWED)
        notices = await self._room.rows(NOTICES_OWED)
        return [
            *(SendNext(ChatId(row["chat"])) for row in chats),
            *(RefreshNotice(NoticeId(row["id"])) for row in notices),
        ]

    async def forget(self, before: datetime) -> None:
        """Drop finished deliveries accepted before then, their notices, and receipts that belong to nothing."""
        await self._room.rows(FORGET_URLS)
        await self._room.rows(FORGET_DELIVERIES, {"before": before})
        await self._room.rows(FORGET_NOTICES)
        await self._room.rows(FORGET_RECEIPTS, (before,))


def _accept_version(version: int) -> None:
    if version < OLDEST_SERVER:
        raise Refused(
            f"The database runs PostgreSQL {version // 10_000}. At least {OLDEST_SERVER // 10_000} is needed."
        )


def _first_line(error: Exception) -> str:
    first, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return f"The database says: {first}."
