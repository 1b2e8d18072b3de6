"""That Linq's webhooks reach us: looked at when we start, every hour, and as soon as one was missed."""

from collections.abc import Callable

from bot.linq.subscription import Subscriber
from bot.linq.webhooks import Entrance
from bot.relay.errors import RelayError

EVERY_S = 3600.0
AGAIN_AFTER_S = 30.0


class WebhookWatchdog:
    """Mends the subscription where we know our own address. One whose secret we know is never replaced."""

    def __init__(
        self, subscriber: Subscriber, entrance: Entrance, *, has_secret: bool, clock: Callable[[], float]
    ) -> None:
        self._subscriber = subscriber
        self._entrance = entrance
        self._has_secret = has_secret
        self._clock = clock
        self._looked_at = float("-inf")
        self._trouble = ""

    async def look(self) -> None:
        """Make or mend it. Trouble is kept for ``ping``."""
        self._looked_at = self._clock()
        try:
            heard = await self._subscriber.keep(has_secret=self._has_secret)
        except RelayError as error:
            self._trouble = f"The webhook subscription could not be looked at: {error.reason}"
            return
        self._trouble = "" if heard.ok else heard.sentence
        if heard.secret:
            self._entrance.trust(heard.secret)
            self._has_secret = True

    async def doubt(self) -> None:
        """A webhook that should have come did not: look now, unless that was done a moment ago."""
        if self._clock() - self._looked_at >= AGAIN_AFTER_S:
            await self.look()

    async def ping(self) -> str:
        return self._trouble
