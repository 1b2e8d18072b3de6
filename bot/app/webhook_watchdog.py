"""Watches that Linq's webhooks reach us: checked at start, every hour, and as soon as one was missed."""

from collections.abc import Awaitable, Callable

from bot.linq.api.subscription import SubscriptionStatus
from bot.relay.errors import RelayError

EVERY_S = 3600.0
AGAIN_AFTER_S = 30.0


class WebhookWatchdog:
    """``ensure`` makes or repairs the subscription; one whose secret we know is never replaced."""

    def __init__(
        self,
        ensure: Callable[[bool], Awaitable[SubscriptionStatus]],
        add_secret: Callable[[str], None],
        *,
        has_secret: bool,
        clock: Callable[[], float],
    ) -> None:
        self._ensure = ensure
        self._add_secret = add_secret
        self._has_secret = has_secret
        self._clock = clock
        self._checked_at = float("-inf")
        self._reason = "The webhook subscription has not been checked yet."

    async def check(self) -> None:
        """Make or repair it. What is wrong is kept for ``health``."""
        self._checked_at = self._clock()
        try:
            status = await self._ensure(self._has_secret)
        except RelayError as error:
            self._reason = f"The webhook subscription could not be checked: {error.reason}"
            return
        self._reason = "" if status.is_ok else status.sentence
        if status.secret:
            self._add_secret(status.secret)
            self._has_secret = True

    async def suspect(self) -> None:
        """A webhook that should have come did not: check now, unless that was done a moment ago."""
        if self._clock() - self._checked_at >= AGAIN_AFTER_S:
            await self.check()

    async def health(self) -> str:
        return self._reason
