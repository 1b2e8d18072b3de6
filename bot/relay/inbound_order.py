"""Inbound order: what one room tells is stored in the order in which it was said, as far as we are told of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from bot.relay.errors import RetryLater
from bot.relay.ids import RoomId


class InboundOrder:
    """Shared by the receivers of all networks. ``open_gap`` has the histories of these rooms read before what is new in
    them is sent.

    Both networks tell again what was answered with an error, but only after a minute: without the gap, whatever comes
    meanwhile would be sent before it.
    """

    def __init__(self, open_gap: Callable[[Sequence[RoomId]], Awaitable[object]]) -> None:
        self._open_gap = open_gap
        self._locks: WeakValueDictionary[RoomId, asyncio.Lock] = WeakValueDictionary()
        self._missed: set[RoomId] = set()

    @asynccontextmanager
    async def of(self, *rooms: RoomId) -> AsyncIterator[None]:
        """Handle one event inside the block. Events that share their first room are handled one after the other, first
        come, first served: a text that needs less work than the clip before it would be stored, and sent, before it.
        """
        async with self._locks.setdefault(rooms[0], asyncio.Lock()):
            if missed := self._missed.intersection(rooms):
                await self._open_gap(sorted(missed))
                self._missed -= missed
            try:
                yield
            except RetryLater:
                self._missed.update(rooms)
                raise

    async def settled(self, room: RoomId) -> bool:
        """Wait for the events of this room that have come and are not stored yet; whether there were any.

        What was said first does not always come first: of several requests at once, those on new connections are read
        after the one on a connection that was open.
        """
        lock = self._locks.get(room)
        if lock is None or not lock.locked():
            return False
        async with lock:  # first come, first served: behind all that have come
            return True
