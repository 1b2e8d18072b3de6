"""What is done again and again beside everything else, until the bot leaves."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.relay.errors import RelayError

log = logging.getLogger("memobridge.app")


class PeriodicTasks:
    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, every_s: float, act: Callable[[], Awaitable[None]]) -> None:
        """``every_s`` lie before the first round, and between the end of one and the next. Errors end nothing."""
        self._tasks.append(asyncio.create_task(_go_round(name, every_s, act), name=name))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _go_round(name: str, every_s: float, act: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await act()
        except RelayError as error:
            log.warning("round broken off", extra={"round": name, "why": error.reason, "code": error.code})
        except Exception:
            log.exception("round broken off", extra={"round": name})
