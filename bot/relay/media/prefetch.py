"""Prefetch: media is prepared beside the jobs, so that no worker's slot is held by a slow download.

A delivery that was just stored is prepared at once, while its job makes its round through the database and while older
deliveries of its room are still on their way. Preparing is repeatable and sends nothing: where the process dies, the
next try begins again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from bot.relay.errors import RelayError
from bot.relay.ids import DeliveryId
from bot.relay.model import Delivery, PreparedPart

log = logging.getLogger("memobridge.relay")

TRANSFERS_AT_ONCE = 256
"""Each holds some 200 KiB of memory while it runs, and a slow one must not keep the others waiting."""

KEPT_FOR_S = 10.0
"""How long a result waits in memory for its delivery's turn; then it is stored, as the turn may come much later."""

Prepared = tuple[PreparedPart, ...]
Work = tuple[DeliveryId, tuple[str, ...]]
"""A delivery and the keys of its parts: what was prepared is of no use once it has lost one of them."""
Prepare = Callable[[Delivery], Coroutine[object, object, Prepared]]
Wake = Callable[[DeliveryId, Sequence[PreparedPart] | None], Awaitable[bool]]


class Prefetcher:
    """``prepare`` does the work. ``wake`` stores its result (None: it failed) and lets the delivery have its turn; it
    answers whether the delivery still waited for that.

    ``limit``: while so many are under way, what was just accepted is left to its turn; 0 where another process is more
    likely to have the turn.
    """

    def __init__(self, prepare: Prepare, wake: Wake, *, limit: int = 0, kept_for_s: float = KEPT_FOR_S) -> None:
        self._prepare = prepare
        self._wake = wake
        self._limit = limit
        self._kept_for_s = kept_for_s
        self._slots = asyncio.Semaphore(TRANSFERS_AT_ONCE)
        self._begun: dict[Work, asyncio.Task[Prepared]] = {}
        self._waking: set[asyncio.Task[None]] = set()

    def observe(self, accepted: Sequence[Delivery]) -> None:
        """Begin with what was just stored, as far as there is room."""
        for delivery in accepted:
            if len(self._begun) < self._limit:
                self._begin(delivery)
                self._wake_after(_work(delivery), self._kept_for_s)

    async def get(self, delivery: Delivery, *, within_s: float) -> Prepared | None:
        """What was prepared; its error is raised here. None: it takes longer, goes on, and wakes the delivery then."""
        work = _work(delivery)
        task = self._begun.get(work) or self._begin(delivery)
        done, _ = await asyncio.wait({task}, timeout=within_s)
        if not done:
            self._wake_after(work, 0.0)
            return None
        self._begun.pop(work, None)
        return task.result()

    async def close(self) -> None:
        """End what is under way."""
        tasks = [*self._begun.values(), *self._waking]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, delivery: Delivery) -> "asyncio.Task[Prepared]":
        task = self._begun[_work(delivery)] = asyncio.create_task(self._prepare_in_slot(delivery))
        return task

    async def _prepare_in_slot(self, delivery: Delivery) -> Prepared:
        async with self._slots:
            return await self._prepare(delivery)

    def _wake_after(self, work: Work, seconds: float) -> None:
        """So long after it has ended, unless its turn came meanwhile."""
        loop, task = asyncio.get_running_loop(), self._begun[work]
        task.add_done_callback(lambda _: loop.call_later(seconds, self._start_waking, work, task))

    def _start_waking(self, work: Work, task: "asyncio.Task[Prepared]") -> None:
        if self._begun.get(work) is task and not task.cancelled():
            waking = asyncio.create_task(self._wake_now(work, task))
            self._waking.add(waking)
            waking.add_done_callback(self._waking.discard)

    async def _wake_now(self, work: Work, task: "asyncio.Task[Prepared]") -> None:
        """A failure is kept a while for the turn that it causes: there it is raised, and counted."""
        has_failed = task.exception() is not None
        still_waits = True
        try:
            still_waits = await self._wake(work[0], None if has_failed else task.result())
        except RelayError as error:
            log.warning("prefetch.not_stored", extra={"delivery": work[0], "reason": error.reason})
        if has_failed and still_waits:
            asyncio.get_running_loop().call_later(self._kept_for_s, self._forget, work, task)
        else:
            self._forget(work, task)

    def _forget(self, work: Work, task: "asyncio.Task[Prepared]") -> None:
        if self._begun.get(work) is task:
            del self._begun[work]


def _work(delivery: Delivery) -> Work:
    return delivery.id, tuple(part.key for part in delivery.parts)
