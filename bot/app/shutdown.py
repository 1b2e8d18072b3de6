"""Shutdown: what is under way is finished side by side, and nothing that hangs keeps the process alive."""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable

log = logging.getLogger("memobridge.app")

EXIT_AFTER_S = 9.5  # the promise is ten
DRAIN_FOR_S = 8.0  # the rest is for the database


class Shutdown:
    """What must be finished before the bot goes. All at once: no network's silence takes time from another's work."""

    def __init__(self) -> None:
        self._drains: list[Callable[[], Awaitable[None]]] = []

    def add(self, drain: Callable[[], Awaitable[None]]) -> None:
        """``drain`` takes nothing new from its first step on, and bounds its own time."""
        self._drains.append(drain)

    async def run(self) -> None:
        for error in await asyncio.gather(*(drain() for drain in self._drains), return_exceptions=True):
            if isinstance(error, Exception):
                log.error("shutdown.drain_failed", exc_info=error)


def exit_within(seconds: float) -> None:
    """End the process by then, with exit code 0, whatever hangs: a database that froze, a thread that waits for it.

    It is as safe as being killed, which is safe: the next start takes over.
    """
    timer = threading.Timer(seconds, _exit_now, [seconds])
    timer.daemon = True
    timer.start()


def _exit_now(seconds: float) -> None:
    log.warning("shutdown.forced", extra={"after_s": seconds})
    os._exit(0)
