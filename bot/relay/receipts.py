"""Receipts → status. Facts are kept as they come; what they add up to is worked out here and nowhere else.

Order and repeats do not matter: the highest rank wins. ``delivered`` and ``read`` exist only for one-to-one chats over
iMessage or RCS; for groups and SMS ``sent`` is the end.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.relay.errors import RelayError
from bot.relay.model import Delivery, DeliveryState, DeliveryWithReceipts, Memo, Receipt, ReceiptKind, Status
from bot.relay.ports import DeliveryStore, Linq, ReceiptStore

log = logging.getLogger("memobridge.relay")

LOOKS = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600))


@dataclass(frozen=True)
class Verdict:
    """What may be said of a delivery now. ``final``: nothing more can come; ``at``: when it became so, if known."""

    status: Status
    at: datetime | None = None
    reason: str = ""
    code: str = ""
    final: bool = False


OWN_WORD = {
    DeliveryState.FAILED: Status.FAILED,
    DeliveryState.UNCONFIRMED: Status.UNCONFIRMED,
    DeliveryState.CANCELLED: Status.CANCELLED,
}


def status_of(told: DeliveryWithReceipts) -> Verdict:
    """What the receipts add up to; without any, how far our own hands have come.

    Of two failures the one with a code is told: a look at Linq brings none, and no reason either.
    """
    if told.receipts:
        best = max(told.receipts, key=lambda r: (r.kind.rank, bool(r.code), -r.at.timestamp()))
        return Verdict(Status(best.kind), best.at, best.reason, best.code, _is_end(best))
    delivery = told.delivery
    own = OWN_WORD.get(delivery.step, Status.QUEUED)
    final = delivery.step in (DeliveryState.FAILED, DeliveryState.CANCELLED)
    return Verdict(own, None, delivery.reason, delivery.code, final)


def _is_end(best: Receipt) -> bool:
    """A failure is no end: delivered has been seen to follow it."""
    if best.kind is ReceiptKind.SENT:
        return best.is_group or best.service == "SMS"
    return best.kind is ReceiptKind.READ


class Receipts:
    """Takes receipts in, and asks for those that never came."""

    def __init__(
        self,
        store: ReceiptStore,
        deliveries: DeliveryStore,
        linq: Linq,
        *,
        now: Callable[[], datetime],
        looks: Sequence[timedelta] = LOOKS,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._linq = linq
        self._now = now
        self._looks = looks

    async def add(self, receipts: Sequence[Receipt]) -> None:
        await self._store.add(receipts)

    async def sweep(self) -> int:
        """Silence is checked: look at every memo that is owed a receipt and whose time for a look has come.

        Gives how many looks brought news that a webhook should have brought.
        """
        news = 0
        for told, looks in await self._store.silent(self._now(), limit=50):
            if self._is_settled(told) or looks >= len(self._looks):
                await self._store.looked(told.delivery.id, None)
                continue
            news += await self._look(told)
            await self._store.looked(told.delivery.id, self._now() + self._looks[looks])
        return news

    def _is_settled(self, told: DeliveryWithReceipts) -> bool:
        """Final, or in the hands of webhooks: one that brought ``delivered`` will bring ``read``."""
        verdict = status_of(told)
        by_webhook = any(not r.id.startswith("look:") for r in told.receipts)
        return verdict.final or (verdict.status is Status.DELIVERED and by_webhook)

    async def _look(self, told: DeliveryWithReceipts) -> bool:
        try:
            return await (self._find(told) if told.delivery.memo is None else self._ask(told))
        except RelayError as error:
            log.warning("look failed", extra={"delivery": told.delivery.id, "code": error.code})
            return False

    async def _ask(self, told: DeliveryWithReceipts) -> bool:
        assert told.delivery.memo is not None
        receipt = await self._linq.look(told.delivery.memo)
        if receipt is None:
            return False
        await self._store.add([receipt])
        return receipt.kind.rank > max((r.kind.rank for r in told.receipts), default=ReceiptKind.QUEUED.rank)

    async def _find(self, told: DeliveryWithReceipts) -> bool:
        """An unconfirmed memo may be listed late; then it was sent after all."""
        memo = await find(self._linq, told.delivery)
        return memo is not None and await self._deliveries.record(told.delivery.id, memo)


async def find(linq: Linq, delivery: Delivery) -> Memo | None:
    """The memo that an unanswered send of this delivery left in its chat, if Linq lists one."""
    since = delivery.sending_since
    if since is None:
        return None
    return await linq.find_memo(delivery.chat, since, attachment=delivery.attachment, filename=delivery.lent_name)
