"""Head starts. A clip is prepared at once, beside the engine's round through the database and while older ones of its
chat are still on their way; when its turn comes, what was begun is taken over.

Preparing is repeatable and sends nothing, so a head start that nobody claims is dropped without harm. In a channel
known to be linked it begins even while the clip is being stored, but no byte of it leaves before that. (Where somebody
has just taken the link away at the command line, Linq is told a name for nothing.)
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Generic, TypeVar

from bot.relay.backpressure import IngressGate
from bot.relay.model import ChannelId, Delivery, DeliveryId

UNCLAIMED_S = 10.0  # then its chat has many older clips to send first, or one that must wait

Made = TypeVar("Made")
Prepare = Callable[[Delivery, asyncio.Event], Coroutine[Any, Any, Made]]


class Prefetcher(Generic[Made]):
    """``prepare`` does the work; it lets no byte out before its event is set. While ``ahead`` clips or more are being
    prepared, none gets a head start, nor in a ``rush`` of those that are being stored."""

    def __init__(
        self, prepare: "Prepare[Made]", *, ahead: int, rush: IngressGate | None = None, unclaimed_s: float = UNCLAIMED_S
    ) -> None:
        self._prepare = prepare
        self._ahead = ahead
        self.rush = rush or IngressGate()
        self._unclaimed_s = unclaimed_s
        self._begun: dict[DeliveryId, tuple[asyncio.Task[Made], asyncio.Event]] = {}
        self._under_way = 0
        self._linked: set[ChannelId] = set()

    def know(self, linked: Iterable[ChannelId]) -> None:
        self._linked.update(linked)

    def forget(self, channel: ChannelId) -> None:
        self._linked.discard(channel)

    async def beside(
        self, storing: Awaitable[Sequence[DeliveryId]], deliveries: Sequence[Delivery]
    ) -> Sequence[DeliveryId]:
        """What ``storing`` gives: the deliveries that are new. Only they are prepared."""
        stored = asyncio.Event()  # of all of them: they are stored together
        new: Sequence[DeliveryId] = ()
        with self.rush.answering():
            storing = asyncio.ensure_future(storing)
            await asyncio.sleep(0)  # it goes ahead: the disk takes longer than Slack does to open a file
            early = self._begin([each for each in deliveries if each.post.channel in self._linked], stored)
            try:
                new = await storing
            finally:
                self._settle(deliveries, new, early)
        stored.set()
        self._begin([each for each in deliveries if each.id in new and each.id not in early], stored)
        return new

    def claim(self, delivery: Delivery) -> Awaitable[Made]:
        """What was begun for this delivery, failed or not; else it is begun now. It is stored, or nobody could claim
        it: whoever stored it may never have learnt so."""
        begun, stored = self._begun.pop(delivery.id, (None, asyncio.Event()))
        stored.set()
        return begun or self._counted(delivery, stored)

    def _begin(self, deliveries: Sequence[Delivery], stored: asyncio.Event) -> Sequence[DeliveryId]:
        """Gives the ids of those that got a head start."""
        willing = [each for each in deliveries if not each.clip.given_url and each.id not in self._begun]
        chosen = willing[: max(self._ahead - self._under_way, 0)] if not self.rush.is_on else []
        for delivery in chosen:
            task = asyncio.create_task(self._counted(delivery, stored))
            task.add_done_callback(_read)
            self._begun[delivery.id] = task, stored
            asyncio.get_running_loop().call_later(self._unclaimed_s, self._drop, delivery.id)
        return [each.id for each in chosen]

    async def _counted(self, delivery: Delivery, stored: asyncio.Event) -> Made:
        self._under_way += 1
        try:
            return await self._prepare(delivery, stored)
        finally:
            self._under_way -= 1

    def _settle(self, deliveries: Sequence[Delivery], new: Sequence[DeliveryId], early: Sequence[DeliveryId]) -> None:
        """Learn which channels are linked: one that had nothing new may not be. What was begun in vain ends."""
        for delivery in deliveries:
            if delivery.id in new:
                self._linked.add(delivery.post.channel)
            else:
                self._linked.discard(delivery.post.channel)
                if delivery.id in early:
                    self._drop(delivery.id)

    def _drop(self, delivery: DeliveryId) -> None:
        if delivery in self._begun:
            begun, _ = self._begun.pop(delivery)
            begun.cancel()


def _read(begun: "asyncio.Task[Any]") -> None:
    """Whoever claims it meets its error; where nobody does, the error is no news."""
    if not begun.cancelled():
        begun.exception()
