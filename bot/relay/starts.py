"""Head starts. A clip that is stored while this process has little to do is prepared at once, beside the engine's round
through the database; when its turn comes, what was begun is taken over. In a crowd that would only cost others time.

Preparing is repeatable and sends nothing, so a head start that nobody claims is dropped without harm.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

from bot.relay.model import Delivery, DeliveryId

UNCLAIMED_S = 1.0  # then its chat has older clips to send first

Made = TypeVar("Made")


class HeadStarts(Generic[Made]):
    """``prepare`` does the work. While ``ahead`` clips or more are being prepared, none gets a head start."""

    def __init__(
        self,
        prepare: Callable[[Delivery], Coroutine[Any, Any, Made]],
        *,
        ahead: int,
        unclaimed_s: float = UNCLAIMED_S,
    ) -> None:
        self._prepare = prepare
        self._ahead = ahead
        self._unclaimed_s = unclaimed_s
        self._begun: dict[DeliveryId, asyncio.Task[Made]] = {}
        self._under_way = 0

    def begin(self, delivery: Delivery) -> None:
        if self._under_way >= self._ahead or delivery.clip.given_url:
            return
        begun = self._begun[delivery.id] = asyncio.create_task(self._counted(delivery))
        begun.add_done_callback(_read)
        asyncio.get_running_loop().call_later(self._unclaimed_s, self._drop, delivery.id)

    def claim(self, delivery: Delivery) -> Awaitable[Made]:
        """What was begun for this delivery, failed or not; else it is begun now."""
        return self._begun.pop(delivery.id, None) or self._counted(delivery)

    async def _counted(self, delivery: Delivery) -> Made:
        self._under_way += 1
        try:
            return await self._prepare(delivery)
        finally:
            self._under_way -= 1

    def _drop(self, delivery: DeliveryId) -> None:
        if begun := self._begun.pop(delivery, None):
            begun.cancel()


def _read(begun: "asyncio.Task[Any]") -> None:
    """Whoever claims it meets its error; where nobody does, the error is no news."""
    if not begun.cancelled():
        begun.exception()
