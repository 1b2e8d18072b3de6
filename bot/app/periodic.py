"""What is done again and again beside everything else, until the bot stops. The one periodic loop of the bot."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.relay.errors import RelayError

log = logging.getLogger("memobridge.app")


class PeriodicTasks:
    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, every_s: float, act: Callable[[], Awaitable[object]]) -> None:
        """``every_s`` lie before the first time, and between the end of one and the next. Errors end nothing."""
        self._tasks.append(asyncio.create_task(_repeat(name, every_s, act), name=name))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _repeat(name: str, every_s: float, act: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await act()
        except RelayError as error:
            log.warning("periodic.failed", extra={"task": name, "reason": error.reason, "code": error.code})
        except Exception:
            log.exception("periodic.failed", extra={"task": name})
