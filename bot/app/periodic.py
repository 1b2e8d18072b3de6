"""What is done again and again beside everything else, until the bot stops. The one periodic loop of the bot."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.relay.errors import RelayError

log = logging.getLogger("memobridge.app")


class PeriodicTasks:
    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(
        self, name: str, every_s: float, act: Callable[[], Awaitable[object]], *, at_once: bool = False
    ) -> asyncio.Event:
        """``every_s`` lie before the first time, unless it is ``at_once``, and between the end of one and the next.

        Errors end nothing. The event is set when it was done for the first time.
        """
        done_once = asyncio.Event()
        work = _repeat(name, every_s, act, done_once, at_once=at_once)
        self._tasks.append(asyncio.create_task(work, name=name))
        return done_once

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _repeat(
    name: str, every_s: float, act: Callable[[], Awaitable[object]], done_once: asyncio.Event, *, at_once: bool
) -> None:
    task = asyncio.current_task()
    assert task is not None
    if not at_once:
        await asyncio.sleep(every_s)
    while True:
        try:
            await act()
        except RelayError as error:
            log.warning("periodic.failed", extra={"task": name, "reason": error.reason, "code": error.code})
        except Exception:
            log.exception("periodic.failed", extra={"task": name})
        if task.cancelling():  # psycopg raises its own error instead when the connection breaks at that moment
            return
        done_once.set()
        await asyncio.sleep(every_s)
