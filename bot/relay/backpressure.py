"""A rush at the door: answers come before memos.

Slack gives up on an event that is not answered within three seconds and may turn an app off that misses many; a memo
can wait as long without harm. So while more events than a few wait for their answer at once, no work is begun.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

FEW = 4
CALM_S = 0.02  # a crowd that is answered together is gone for half as long, then its next events are there
LONGEST_S = 2.0  # then work goes on beside it, until there was calm


class IngressGate:
    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._answering = 0
        self._began = self._last_seen = -math.inf

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Somebody waits for an answer as long as this is entered."""
        self._answering += 1
        self._look()
        try:
            yield
        finally:
            self._look()
            self._answering -= 1

    @property
    def is_on(self) -> bool:
        return self._clock() < self._end

    async def over(self) -> None:
        """Wait for the end of it, if it is on."""
        while (left := self._end - self._clock()) > 0:
            await self._sleep(left)

    def _look(self) -> None:
        if self._answering > FEW:
            now = self._clock()
            if now >= self._last_seen + CALM_S:
                self._began = now
            self._last_seen = now

    @property
    def _end(self) -> float:
        return min(self._last_seen + CALM_S, self._began + LONGEST_S)
