"""The LISTEN loop. One gap of procrastinate is filled here, through its public extension point, the connector.

Its own loop waits in psycopg's ``notifies()``, which wakes up ten times a second to see whether it should stop
(psycopg/psycopg, issue 340): at rest that is most of an idle bot's CPU. Here the event loop watches the socket instead.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from procrastinate import PsycopgConnector
from procrastinate.connector import Notify

log = logging.getLogger("memobridge.jobs")


class ListeningConnector(PsycopgConnector):
    """Procrastinate's connector with a LISTEN loop that sleeps until something is sent.

    ``check_s``: a connection that died without a word is noticed after so many seconds.
    """

    def __init__(self, *, check_s: float = 30.0) -> None:
        super().__init__()
        self._check_s = check_s

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Runs until it is cancelled. A lost connection is made again; what came meanwhile is found by polling."""
        while True:
            try:
                async with self.pool.connection() as connection:
                    await _listen(connection, channels, on_notification, self._check_s)
            except Exception as error:  # whatever the connection died of
                log.info("jobs.listener_lost", extra={"reason": type(error).__name__})
                raise_if_cancelled()
                await asyncio.sleep(1.0)


def raise_if_cancelled() -> None:
    """A loop that goes on after an error would never end where that error was raised in place of its cancellation, as
    psycopg does when the connection breaks at that moment."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _listen(connection: Any, channels: Iterable[str], on_notification: Notify, check_s: float) -> None:
    """However it ends, also in the midst of LISTEN, the connection goes back to the pool without hearing anything."""
    try:
        for channel in channels:
            await connection.execute(f'LISTEN "{channel}"'.encode())
        while True:
            async for notification in connection.notifies(timeout=0):
                await on_notification(channel=notification.channel, payload=notification.payload)
            if not await _is_readable(connection.fileno(), check_s):
                await connection.execute(b"SELECT 1")
    finally:
        with suppress(Exception):  # it is broken, and the pool will see that
            await connection.execute(b"UNLISTEN *")


async def _is_readable(fileno: int, within_s: float) -> bool:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(fileno, readable.set)
    try:
        async with asyncio.timeout(within_s):
            return await readable.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(fileno)
