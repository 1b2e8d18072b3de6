"""Notices that a connection was down for so long that what was said meanwhile may have been told to nobody."""

from collections.abc import Awaitable, Callable

LONGER_THAN_S = 30.0
"""The connection is renewed every few hours, within a second. What fails in that is delivered again after a minute."""


class ConnectionGap:
    """``on_gap`` is called when the connection is up again after it was down for longer than that, until it succeeds.

    ``clock`` gives seconds that only ever grow.
    """

    def __init__(
        self,
        is_up: Callable[[], Awaitable[bool]],
        on_gap: Callable[[], Awaitable[None]],
        *,
        clock: Callable[[], float],
        longer_than_s: float = LONGER_THAN_S,
    ) -> None:
        self._is_up = is_up
        self._on_gap = on_gap
        self._clock = clock
        self._longer_than_s = longer_than_s
        self._down_since: float | None = None

    async def check(self) -> None:
        now = self._clock()
        if not await self._is_up():
            self._down_since = now if self._down_since is None else self._down_since
            return
        if self._down_since is not None and now - self._down_since > self._longer_than_s:
            await self._on_gap()
        self._down_since = None
