"""The LISTEN loop: every notification is forwarded, when it comes."""

import asyncio
from contextlib import suppress
from typing import Any, cast

from bot.jobs.listener import ListeningConnector
from bot.store.database import Database
from tests.jobs.workers import TIMEOUT_S, until_listening, until_rows
from tests.store.rows import ask


class Heard:
    """Who is told of notifications; the first one is answered by ``meanwhile``, during which another is sent."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.payloads: list[str] = []
        self.changed = asyncio.Event()

    async def notify(self, *, channel: str, payload: str) -> None:
        assert channel == "work"
        self.payloads.append(payload)
        if payload == "first":
            await asyncio.to_thread(ask, self._url, "NOTIFY work, 'sent meanwhile'")
        self.changed.set()

    async def until(self, *payloads: str) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while self.payloads != list(payloads):
                self.changed.clear()
                await self.changed.wait()


async def listen(database: Database, heard: Heard, *channels: str, check_s: float = 3600) -> "asyncio.Task[None]":
    connector, pool = ListeningConnector(check_s=check_s), cast(Any, database.pool)
    await connector.open_async(pool)
    listening = asyncio.create_task(connector.listen_notify(heard.notify, channels))
    await until_listening(str(database.pool.conninfo), connections=1)
    return listening


async def test_notification_sent_while_another_is_forwarded_is_forwarded_too(
    database: Database, database_url: str
) -> None:
    heard = Heard(database_url)
    listening = await listen(database, heard, "work", "other")
    await asyncio.to_thread(ask, database_url, "NOTIFY work, 'first'")
    await heard.until("first", "sent meanwhile")
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def test_connection_of_a_listener_that_stopped_hears_nothing_any_more(
    database: Database, database_url: str
) -> None:
    heard = Heard(database_url)
    listening = await listen(database, heard, "work")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    async with database.pool.connection() as connection:
        rows = await (await connection.execute("SELECT pg_listening_channels() AS channel")).fetchall()
    assert rows == []
    assert heard.payloads == []


async def test_silent_connection_is_tried_out(database: Database, database_url: str) -> None:
    listening = await listen(database, Heard(database_url), "work", check_s=0.01)
    await until_rows(database_url, "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT 1'", bool)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
