"""Room locks: what one room tells is handled in the order in which it came, whatever each of it needs."""

import asyncio
from weakref import WeakValueDictionary


class RoomLocks:
    """One lock for each room, as long as somebody holds it or waits for it. ``asyncio.Lock`` is fair: first come, first
    served. Without it, a text that needs less work than what came before would be stored, and sent, before that."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, room: str) -> asyncio.Lock:
        """``room``: any name that the adapter gives it before its message is parsed to the end."""
        return self._locks.setdefault(room, asyncio.Lock())
