"""The wire log: what really crossed between the bot and the toy world, in order, as the toy world saw it.

Tests wait on it and the page draws from it, so neither has to trust the bot's own word. Tokens and audio never come in.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Side = Literal["slack", "linq"]
Direction = Literal["to_bot", "from_bot", "person"]


@dataclass(frozen=True)
class Entry:
    """One thing that crossed: ``what`` is a fixed name (``chat.postMessage``, ``voicememo``, ``event message``, ...)."""

    number: int
    at: float
    side: Side
    direction: Direction
    what: str
    status: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Wire:
    """An append-only log that can be waited on."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.entries: list[Entry] = []
        self._now = now
        self._grown = asyncio.Condition()

    def write(
        self, side: Side, direction: Direction, what: str, status: int | None = None, **facts: Any
    ) -> Entry:
        entry = Entry(len(self.entries), self._now(), side, direction, what, status, facts)
        self.entries.append(entry)
        self._wake()
        return entry

    def _wake(self) -> None:
        task = asyncio.ensure_future(self._notify())
        task.add_done_callback(lambda done: done.exception())

    async def _notify(self) -> None:
        async with self._grown:
            self._grown.notify_all()

    def named(self, what: str, side: Side | None = None) -> list[Entry]:
        return [e for e in self.entries if e.what == what and side in (None, e.side)]

    async def until(self, holds: Callable[[], bool], timeout: float = 30.0) -> None:
        """Wait until ``holds()``; it is asked again after every entry. Raises TimeoutError with the last entries."""
        try:
            async with asyncio.timeout(timeout), self._grown:
                await self._grown.wait_for(holds)
        except TimeoutError:
            tail = "\n".join(f"  {e.side} {e.direction} {e.what} {e.status} {e.facts}" for e in self.entries[-12:])
            raise TimeoutError(f"not seen within {timeout} s; the wire's end:\n{tail}") from None

    async def follow(self, start: int = 0) -> AsyncIterator[Entry]:
        """Every entry from ``start`` on, for ever."""
        position = start
        while True:
            async with self._grown:
                await self._grown.wait_for(lambda: len(self.entries) > position)
            while position < len(self.entries):
                yield self.entries[position]
                position += 1
