"""Temporary urls: an unguessable address of our own, for one delivery, that expires. A network's private address never
leaves us."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

from bot.relay.model import Delivery
from bot.relay.ports.stores import DeliveryStore

VALID_FOR = timedelta(minutes=15)


class TemporaryUrls:
    """``origin`` is where the outside reaches this bot; ``token`` gives a fresh unguessable word at each call."""

    def __init__(self, store: DeliveryStore, origin: str, *, token: Callable[[], str]) -> None:
        self._store = store
        self._origin = origin.rstrip("/")
        self._token = token

    async def create(self, delivery: Delivery) -> str:
        """A url under which the recording can be fetched for a quarter of an hour."""
        token = self._token()
        await self._store.save_temporary_url(delivery.id, token, VALID_FOR)
        return f"{self._origin}/clips/{token}/{quote(delivery.temporary_name, safe='')}"

    async def find(self, token: str, name: str) -> Delivery | None:
        """The delivery whose recording this url opens now; None for unknown, expired or finished ones."""
        delivery = await self._store.by_temporary_url(token)
        return delivery if delivery is not None and delivery.temporary_name == name else None

    async def mark_fetched(self, delivery: Delivery) -> None:
        await self._store.mark_fetched(delivery.id)
