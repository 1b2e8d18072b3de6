"""Connections to the database, and the one place where psycopg's errors become the relay's."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.errors import DiskFull, ReadOnlySqlTransaction
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from bot.relay.errors import RetryLater

Connection = AsyncConnection[DictRow]
Params = Sequence[object] | Mapping[str, object]

# A server that vanished without closing its connections (a pulled plug, a firewall that dropped its state) is given up
# after some 25 seconds, and not after the quarter of an hour that TCP allows by itself. A unix socket ignores these.
KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
NO_WRITES = (DiskFull, ReadOnlySqlTransaction)
UNREACHABLE = (OperationalError, InterfaceError, PoolTimeout, PoolClosed, ReadOnlySqlTransaction)


class CancellablePool(AsyncConnectionPool[Connection]):
    """A pool that loses no cancellation.

    Psycopg's own waits with ``asyncio.wait_for``, which before Python 3.12 drops a cancellation that meets the
    connection for which it waits (https://github.com/python/cpython/issues/86296). A task that repeats itself is told
    to stop once, so it never did: 15 of 60 bots that got SIGTERM within 20 ms of their start still ran 12 s later.
    """

    async def getconn(self, timeout: float | None = None) -> Connection:
        task = asyncio.current_task()
        assert task is not None, "only tasks wait"
        cancelled_before = task.cancelling()  # what a cancelled task does to put things in order may need a connection
        connection = await super().getconn(timeout)
        if task.cancelling() > cancelled_before:
            await self.putconn(connection)
            raise asyncio.CancelledError
        return connection


class Pool:
    """A few connections in autocommit, made when asked for and replaced when the database has dropped them.

    ``is_relaxed``: its commits do not wait for the disk, so a server that dies takes the last ones with it. It is only
    for what is done again when it was lost.
    """

    def __init__(self, url: str, *, size: int, timeout_s: float, is_relaxed: bool = False) -> None:
        self.raw = CancellablePool(
            url,
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, **KEEPALIVE},
            min_size=1,
            max_size=size,
            timeout=timeout_s,
            # psycopg_pool doubles its pause after each failed connect: after a long outage the database would be back
            # for minutes before anyone tried. Given up at once, the next caller makes the next attempt.
            reconnect_timeout=0,
            configure=_configured_relaxed if is_relaxed else _configured,
            check=_check,
            open=False,
        )

    async def open(self) -> None:
        async with unreachable_is_retry_later():
            await self.raw.open(wait=True, timeout=15)

    async def close(self) -> None:
        await self.raw.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with unreachable_is_retry_later(), self.raw.connection() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def rows(self, sql: str, params: Params = ()) -> list[DictRow]:
        """Run one statement by itself and give its rows."""
        try:
            async with self.raw.connection() as connection:
                return await rows(connection, sql, params)
        except UNREACHABLE as error:
            raise _unreachable(error) from error

    async def row(self, sql: str, params: Params = ()) -> DictRow | None:
        found = await self.rows(sql, params)
        return found[0] if found else None


async def rows(connection: Connection, sql: str, params: Params = ()) -> list[DictRow]:
    cursor = await connection.execute(sql.encode(), params)
    return await cursor.fetchall() if cursor.rownumber is not None else []


@asynccontextmanager
async def unreachable_is_retry_later() -> AsyncIterator[None]:
    """An unreachable database is ``RetryLater`` for everybody else; a statement that is invalid stays our own bug."""
    try:
        yield
    except UNREACHABLE as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> RetryLater:
    cause = " ".join(str(error).split()) or type(error).__name__  # libpq writes several lines
    if isinstance(error, NO_WRITES):
        return RetryLater(f"The database takes no writes ({cause}).")
    return RetryLater(f"The database cannot be reached ({cause}).")


# A statement is planned once in a connection's life, not anew for its first ten calls, which takes a bot with little to
# do all day. Its plan lasts while the tables grow, so it must go by index from the start: by PostgreSQL's own cost of a
# page out of order, that of a turning disk, it would read a small table as a whole. The functions of our tables rely on
# each of their statements seeing what was committed before it.
_SETTINGS = """
SET TIME ZONE 'UTC';
SET plan_cache_mode = force_generic_plan;
SET random_page_cost = 1.1;
SET default_transaction_isolation = 'read committed'
"""


async def _configured(connection: Connection) -> None:
    """Autocommit is set here and not by ``kwargs``: procrastinate passes those on together with its own."""
    await connection.set_autocommit(True)
    await connection.execute(_SETTINGS)
    connection.prepare_threshold = 0


async def _configured_relaxed(connection: Connection) -> None:
    await _configured(connection)
    await connection.execute("SET synchronous_commit = off")


async def _check(connection: Connection) -> None:
    """Notice without a round trip that the server hung up: the first read takes its last message, the second EOF."""
    connection.pgconn.consume_input()
    connection.pgconn.consume_input()
