"""Shutdown: what is under way is finished side by side, and nothing that hangs keeps the process alive."""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable

log = logging.getLogger("memobridge.app")

EXIT_AFTER_S = 9.5  # the promise is ten
DRAIN_S = 8.0  # the rest is for the database
RECEIVERS_S = 4.0  # of these; Slack and Linq have given up on an answer by then, and deliver again


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


def exit_within(seconds: float, last_act: Callable[[], None]) -> None:
    """End the process by then, with exit code 0, whatever hangs: a database that froze, a thread that waits for it.

    It is as safe as being killed, which is safe: the next start takes over. ``last_act`` is called just before and must
    not block: it lets nothing be left behind.
    """
    timer = threading.Timer(seconds, _exit_now, [seconds, last_act])
    timer.daemon = True
    timer.start()


def _exit_now(seconds: float, last_act: Callable[[], None]) -> None:
    log.warning("shutdown.forced", extra={"after_s": seconds})
    try:
        last_act()
    finally:
        os._exit(0)
