"""The wire log: what really crossed between the bot and the sandbox, in order, as the sandbox saw it.

Tests wait on it and the page draws from it, so neither has to trust the bot's own word. It holds no token and no
content.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bot.sandbox.json_types import Json

Side = Literal["slack", "linq", "world"]
Direction = Literal["to_bot", "from_bot", "person"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that crossed: ``what`` is a fixed name (``chat.postMessage``, ``event message``, ``voicememo``).

    ``at`` is in seconds since the epoch; ``status`` None means that no answer arrived. Side ``world`` stands for a
    change of the sandbox itself: ``what`` is then a sentence ("Linq: down").
    """

    number: int
    at: float
    side: Side
    direction: Direction
    what: str
    status: int | None = None
    facts: Json = field(default_factory=dict)

    def shown(self) -> Json:
        """Return the entry as plain JSON."""
        return asdict(self)


class Wire:
    """An append-only log that can be waited on. Writing creates no task: waiters wake once per turn of the loop."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.entries: list[Entry] = []
        self._now = now
        self._by_name: dict[str, list[Entry]] = {}
        self._waiting: set[asyncio.Future[None]] = set()

    def write(self, side: Side, direction: Direction, what: str, status: int | None = None, **facts: Any) -> Entry:
        entry = Entry(len(self.entries), self._now(), side, direction, what, status, facts)
        self.entries.append(entry)
        self._by_name.setdefault(what, []).append(entry)
        self._wake()
        return entry

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def next_entry(self) -> None:
        """Wait for the next entry."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    def named(self, what: str, side: Side | None = None) -> list[Entry]:
        return [e for e in self._by_name.get(what, ()) if side in (None, e.side)]

    async def until(self, holds: Callable[[], bool], timeout: float = 30.0) -> None:
        """Wait until ``holds()``, evaluated again after new entries. Raises TimeoutError with the last entries."""
        try:
            async with asyncio.timeout(timeout):
                while not holds():
                    await self.next_entry()
        except TimeoutError:
            tail = "\n".join(f"  {e.side} {e.direction} {e.what} {e.status} {e.facts}" for e in self.entries[-12:])
            raise TimeoutError(f"not seen within {timeout} s; the last entries:\n{tail}") from None

    async def follow(self, start: int = 0) -> AsyncIterator[Entry]:
        """Yield every entry from number ``start`` on, forever."""
        position = start
        while True:
            while position >= len(self.entries):
                await self.next_entry()
            while position < len(self.entries):
                yield self.entries[position]
                position += 1
