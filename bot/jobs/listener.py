"""Hears that there are jobs. One connection listens for all workers of the process.

Procrastinate's own listening costs ten wake-ups a second for each worker at rest (psycopg looks every 0.1 s whether it
should stop), and when it connects again it does not look for what it missed. Here the event loop watches the socket.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from math import inf
from typing import Protocol

from bot.jobs.manager import Jobs

CHANNEL, GIVEN = "procrastinate_queue_v1", "engine_given"  # each with "#" and the queue behind it
SOME = '{"type": "job_inserted", "job_id": 0}'  # what our own triggers say: they do not know how many


class Notification(Protocol):
    @property
    def channel(self) -> str: ...

    @property
    def payload(self) -> str: ...


class Connection(Protocol):
    """A psycopg connection, as far as it is asked for here."""

    def fileno(self) -> int: ...

    async def execute(self, query: str, *, prepare: bool | None = None) -> object: ...

    def notifies(self, *, timeout: float) -> AsyncIterator[Notification]: ...


async def listen(connection: Connection, queues: Mapping[str, float], jobs: Jobs) -> None:
    """Wake a queue's worker when told so, so many seconds later. Ends with an error when the connection breaks."""
    try:
        for queue in queues:
            await connection.execute(f'LISTEN "{CHANNEL}#{queue}"; LISTEN "{GIVEN}#{queue}"', prepare=False)
        await jobs.listening()
        while True:
            await _readable(connection.fileno())
            async for told in connection.notifies(timeout=0):
                channel, _, queue = told.channel.partition("#")
                if channel == GIVEN:
                    jobs.give_in(queues[queue], queue, json.loads(told.payload))
                else:
                    jobs.wake_in(queues[queue], queue, inf if told.payload == SOME else 1)
    finally:
        with suppress(Exception):  # a broken connection listens no more
            await connection.execute("UNLISTEN *")


async def _readable(fileno: int) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(fileno, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(fileno)
