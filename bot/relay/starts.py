"""The first calls of ``prepare``: the download is opened, and an attachment made beside it from what the label claims.

They need not wait for the chat's turn. A clip that is stored while this process has little to do gets a head start: its
first calls are under way before the engine has handed out its job. In a crowd that would only take time from others.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from bot.relay.model import Clip, Delivery, DeliveryId
from bot.relay.ports import Download, Slack, Upload

UNCLAIMED_S = 1.0  # then another process has the job, or the chat has older ones to send first


class Start:
    """Two calls under way. Whoever has it must ``end`` it; a second ``end`` does nothing."""

    def __init__(self, slack: Slack, clip: Clip, early: "asyncio.Future[Upload | None]") -> None:
        self._stack = AsyncExitStack()
        self.early = early
        self.download: asyncio.Future[Download] = asyncio.ensure_future(
            self._stack.enter_async_context(slack.download(clip))
        )

    async def end(self) -> None:
        for call in (self.early, self.download):
            call.cancel()
        for call in (self.early, self.download):
            with suppress(asyncio.CancelledError, Exception):  # whoever waited for it has had its error
                await call
        await self._stack.aclose()


class Starts:
    """Hands out starts. While ``ahead`` clips or more are on their way in this process, none gets a head start."""

    def __init__(self, make: Callable[[Clip], Start], *, ahead: int, unclaimed_s: float = UNCLAIMED_S) -> None:
        self._make = make
        self._ahead = ahead
        self._unclaimed_s = unclaimed_s
        self._begun: dict[DeliveryId, Start] = {}
        self._under_way = 0
        self._dropping: set[asyncio.Task[None]] = set()

    def begin(self, delivery: Delivery) -> None:
        """A head start, if there is room for one. It waits a moment to be claimed, and comes to nothing otherwise."""
        if self._under_way >= self._ahead or delivery.clip.given_url:
            return
        self._under_way += 1
        self._begun[delivery.id] = self._make(delivery.clip)
        asyncio.get_running_loop().call_later(self._unclaimed_s, self._drop, delivery.id)

    def claim(self, delivery: Delivery) -> Start:
        """The head start of this delivery, else one that is made now. Give it back to ``end``."""
        begun = self._begun.pop(delivery.id, None)
        if begun is None:
            self._under_way += 1
        return begun or self._make(delivery.clip)

    async def end(self, start: Start) -> None:
        self._under_way -= 1
        await start.end()

    def _drop(self, delivery: DeliveryId) -> None:
        if start := self._begun.pop(delivery, None):
            dropping = asyncio.ensure_future(self.end(start))
            self._dropping.add(dropping)
            dropping.add_done_callback(self._dropping.discard)
