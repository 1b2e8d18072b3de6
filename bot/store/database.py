"""The store as a whole: opened once, with one object for each thing that is kept."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from bot.relay.errors import Refused
from bot.store.group_commit import GroupCommitter
from bot.store.pool import Connection, Pool, unreachable_is_retry_later
from bot.store.schema import Schema, apply, store_schema
from bot.store.tables.account import AccountTable
from bot.store.tables.audit import AuditTable
from bot.store.tables.conversations import ConversationTable
from bot.store.tables.counts import CountTable
from bot.store.tables.deliveries import ASIDE, GAP_HOLDS, IN_LINE, DeliveryTable
from bot.store.tables.erasure import ErasureTable
from bot.store.tables.export import Export
from bot.store.tables.ingest import Ingest
from bot.store.tables.links import LinkTable
from bot.store.tables.marks import MarkTable
from bot.store.tables.notices import NoticeTable
from bot.store.tables.overview import OverviewTable
from bot.store.tables.people import PersonTable
from bot.store.tables.receipts import ReceiptTable
from bot.store.tables.retention import Retention

log = logging.getLogger("memobridge.store")

OLDEST_SERVER = 140_000
MAX_WAIT_S = 0.02  # a webhook may wait this long for others: Linq gives up after seconds, and a memo brings three

# The rows are the truth: what is open and due, and every notice that wants a refresh, must have a job.
OPEN = "state IN ('waiting', 'prepared', 'sending') AND NOT awaits_approval"
# What stands first in its room decides, as for a claim: behind one that waits for its next try, and while a gap holds
# the first one, a job could do nothing, and would be missing again at the next look.
ROOMS = f"""
SELECT target AS name FROM (
    SELECT DISTINCT ON (target) target, origin, retry_at FROM deliveries
    WHERE {IN_LINE} AND NOT ({ASIDE} AND coalesce(retry_at > now(), false))
    ORDER BY target, ordered_at, position, entered
) AS first
WHERE coalesce(retry_at <= now(), true) AND NOT EXISTS (
    SELECT FROM marks WHERE room = first.origin AND has_gap AND gap_since > now() - interval '{GAP_HOLDS}')
UNION SELECT room FROM conversations WHERE refresh_at <= now() AND root IS NOT NULL
"""
NOTICES = "SELECT id AS name FROM notices WHERE requested > started OR retry_at <= now()"
# The same by two small indexes, to be asked every second.
ROOMS_DUE = f"""
SELECT target AS name FROM deliveries WHERE retry_at <= now() AND {OPEN} UNION
SELECT target FROM deliveries WHERE not_before <= now() AND {OPEN} UNION
SELECT room FROM conversations WHERE refresh_at <= now() AND root IS NOT NULL
"""
NOTICES_DUE = "SELECT id AS name FROM notices WHERE retry_at <= now()"

BACKEND = "SELECT pg_backend_pid()"
CHECK_WRITABLE = """
INSERT INTO health (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET written_at = now()
RETURNING clock_timestamp() AS at
"""

Names = tuple[Sequence[str], Sequence[str]]


class Database:
    """Made by ``open``."""

    def __init__(self, url: str) -> None:
        # Few connections, since each must first learn every statement. What comes from outside is answered while
        # somebody waits for it: it has a connection that no busy relay can take.
        self._ingest_pool = Pool(url, size=2, timeout_s=2)
        self._pool = Pool(url, size=2, timeout_s=5)
        # Jobs are only permits, and a notice is compared with the facts at every refresh: half of all commits.
        self._relaxed_pool = Pool(url, size=4, timeout_s=5, is_relaxed=True)
        ingest = Ingest(self._ingest_pool)
        self._accepting = GroupCommitter(ingest.accept)
        self._receiving = GroupCommitter(ingest.receive, max_wait=lambda: asyncio.sleep(MAX_WAIT_S))
        self._looking_up = GroupCommitter(ingest.links_of)
        self.deliveries = DeliveryTable(self._pool, self._accepting)
        self.receipts = ReceiptTable(self._pool, self._receiving)
        self.notices = NoticeTable(self._pool, self._relaxed_pool)
        self.links = LinkTable(self._pool, self._looking_up)
        self.conversations = ConversationTable(self._pool)
        self.marks = MarkTable(self._pool)
        self.people = PersonTable(self._pool)
        self.overviews = OverviewTable(self._pool)
        self.account = AccountTable(self._pool)
        self.audit = AuditTable(self._pool)
        self.export = Export(self._pool)
        self.counts = CountTable(self._pool)
        self.erasure = ErasureTable(self._pool)
        self.retention = Retention(self._pool)

    @classmethod
    async def open(cls, url: str, *, schemas: Sequence[Schema] = ()) -> "Database":
        """Bring the tables to today's shape, first those of ``schemas``, and connect.

        Raises ``Refused`` for a database that will never do, ``RetryLater`` for one that is out of reach.
        """
        await migrate(url, schemas)
        database = cls(url)
        for pool in (database._pool, database._relaxed_pool, database._ingest_pool):
            await pool.open()
        return database

    @property
    def pool(self) -> AsyncConnectionPool[Connection]:
        """For the jobs, which live in the same database."""
        return self._relaxed_pool.raw

    async def close(self) -> None:
        for committer in (self._accepting, self._receiving, self._looking_up):
            await committer.close()
        for pool in (self._ingest_pool, self._relaxed_pool, self._pool):
            await pool.close()

    async def ping(self) -> None:
        """Raises ``RetryLater`` when the database does not answer."""
        await self._pool.rows("SELECT 1")

    async def check_writable(self) -> float:
        """Write a row; gives how many seconds our clock is ahead of the server's. Raises ``RetryLater`` with the cause
        where nothing can be written: the disk is full, or it is a standby."""
        began = datetime.now(UTC)
        row = await self._pool.row(CHECK_WRITABLE)
        assert row is not None, "an upsert gives its row"
        middle = began + (datetime.now(UTC) - began) / 2
        return float((middle - row["at"]).total_seconds())

    async def due(self) -> Names:
        """The rooms and the notices whose wait is over."""
        return await self._names(ROOMS_DUE), await self._names(NOTICES_DUE)

    async def need_jobs(self) -> Names:
        """All rooms and notices that must have a job now."""
        return await self._names(ROOMS), await self._names(NOTICES)

    async def _names(self, query: str) -> Sequence[str]:
        return [row["name"] for row in await self._pool.rows(query)]


async def migrate(url: str, schemas: Sequence[Schema] = ()) -> list[str]:
    """Bring the tables to today's shape; gives the names of the steps that were applied."""
    try:
        async with (
            unreachable_is_retry_later(),
            await AsyncConnection.connect(url, autocommit=True, connect_timeout=10) as connection,
        ):
            _require_version(connection.info.server_version)
            await _require_sessions(connection, url)
            applied = await apply(connection, [*schemas, store_schema()])
            await _note_restore(connection)
            return applied
    except psycopg.Error as error:
        raise Refused(f"{_first_line(error)} DATABASE_URL must name a database whose tables we may make.") from error


async def _note_restore(connection: AsyncConnection[TupleRow]) -> None:
    row = await (await connection.execute("SELECT detect_restore()")).fetchone()
    if row and row[0]:
        log.warning("database.restored")


def _require_version(version: int) -> None:
    if version < OLDEST_SERVER:
        raise Refused(
            f"The database runs PostgreSQL {version // 10_000}. At least {OLDEST_SERVER // 10_000} is needed."
        )


async def _require_sessions(connection: AsyncConnection[TupleRow], url: str) -> None:
    """A pool in transaction mode gives the session that is idle between two statements of ours to the next who asks.
    LISTEN, prepared statements and the lock of the migration would all be in somebody else's session."""
    ours = await (await connection.execute(BACKEND)).fetchone()
    async with await AsyncConnection.connect(url, autocommit=True, connect_timeout=10) as other:
        if await (await other.execute(BACKEND)).fetchone() == ours:
            raise Refused(
                "DATABASE_URL leads through a pool that shares sessions, like pgbouncer in transaction mode. The bot "
                "needs sessions of its own: set pool_mode = session for its database, or name the server itself."
            )


def _first_line(error: Exception) -> str:
    first, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return f"The database says: {first}."
