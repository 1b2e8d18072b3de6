"""Lend a clip by url: a link of our own, unguessable, for one delivery, expiring. Slack's own url never leaves us."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from bot.relay.model import Delivery
from bot.relay.ports import DeliveryStore

LENT_FOR = timedelta(minutes=15)


class TemporaryUrls:
    """``origin`` is where the outside reaches this bot; ``token`` gives a fresh unguessable word at each call."""

    def __init__(
        self, store: DeliveryStore, origin: str, *, now: Callable[[], datetime], token: Callable[[], str]
    ) -> None:
        self._store = store
        self._origin = origin.rstrip("/")
        self._now = now
        self._token = token

    async def lend(self, delivery: Delivery) -> str:
        """A url under which the clip can be fetched for a quarter of an hour."""
        token = self._token()
        await self._store.lend(delivery.id, token, self._now() + LENT_FOR)
        return f"{self._origin}/clips/{token}/{quote(delivery.lent_name)}"

    async def borrow(self, token: str, name: str) -> Delivery | None:
        """The delivery whose clip this link opens now; None for unknown, expired or finished ones."""
        delivery = await self._store.lent(token, self._now())
        return delivery if delivery is not None and delivery.lent_name == name else None

    async def fetched(self, delivery: Delivery) -> None:
        await self._store.fetched(delivery.id, self._now())
