"""Receipts → status. Facts are kept as they come; what they add up to is computed here and nowhere else.

Order and repeats do not matter: the highest rank wins.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.relay.errors import RelayError, Remedy
from bot.relay.model import (
    OPEN_STATES,
    DeliveryState,
    DeliveryWithReceipts,
    Receipt,
    ReceiptKind,
    ReceiptSource,
    Status,
)
from bot.relay.ports.networks import Networks
from bot.relay.ports.stores import DeliveryStore, Overdue, ReceiptStore

log = logging.getLogger("memobridge.relay")

POLL_BACKOFF = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600))
POLLED_AT_ONCE = 50


@dataclass(frozen=True)
class StatusReport:
    """What may be said of a delivery now. ``is_final``: nothing more can come; ``at``: when it became so, if known."""

    status: Status
    at: datetime | None = None
    reason: str = ""
    code: str = ""
    remedy: Remedy = Remedy.NONE
    is_final: bool = False
    receipt: Receipt | None = None


OWN_STATUS = {
    DeliveryState.FAILED: Status.FAILED,
    DeliveryState.UNCONFIRMED: Status.UNCONFIRMED,
    DeliveryState.CANCELLED: Status.CANCELLED,
}


def status_of(told: DeliveryWithReceipts) -> StatusReport:
    """What the receipts add up to; without any, how far our own hands have come. Where none will come, as in Slack,
    what was recorded is sent.

    Of two failures the one with a code is told: a poll brings none, and no reason either.
    """
    if told.receipts:
        best = max(told.receipts, key=lambda r: (r.kind.rank, bool(r.code), r.is_final, -r.at.timestamp(), r.id))
        is_final = best.kind is ReceiptKind.READ or (best.kind is ReceiptKind.SENT and _ends_with_sent(told))
        return StatusReport(Status(best.kind), best.at, best.reason, best.code, best.remedy, is_final, receipt=best)
    delivery = told.delivery
    is_sent = delivery.state is DeliveryState.RECORDED and delivery.next_poll_at is None
    open_status = Status.SENT if is_sent else Status.HELD if _is_held(told) else Status.QUEUED
    own = OWN_STATUS.get(delivery.state, open_status)
    is_final = delivery.state in (DeliveryState.FAILED, DeliveryState.CANCELLED)
    return StatusReport(own, None, delivery.reason, delivery.code, delivery.remedy, is_final)


def _is_held(told: DeliveryWithReceipts) -> bool:
    delivery = told.delivery
    return delivery.state in OPEN_STATES and (delivery.awaits_approval or delivery.not_before is not None)


def _ends_with_sent(told: DeliveryWithReceipts) -> bool:
    """Whether some receipt said that the network reports no more than sent; a poll may not know. (A failure is never
    final: delivered has been seen to follow it.)"""
    return any(receipt.kind is ReceiptKind.SENT and receipt.is_final for receipt in told.receipts)


class Receipts:
    """Takes receipts in, and polls for those that never came."""

    def __init__(
        self,
        store: ReceiptStore,
        deliveries: DeliveryStore,
        networks: Networks,
        *,
        poll_backoff: Sequence[timedelta] = POLL_BACKOFF,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._networks = networks
        self._poll_backoff = poll_backoff

    async def add(self, receipts: Sequence[Receipt]) -> None:
        """Stored when this returns."""
        await self._store.add(receipts)

    async def poll_overdue(self) -> int:
        """Silence is checked: poll every message whose receipt is overdue.

        Gives how many polls brought news that a webhook should have brought.
        """
        news = 0
        for overdue in await self._store.overdue(POLLED_AT_ONCE):
            if self._is_settled(overdue.told) or overdue.polls >= len(self._poll_backoff):
                await self._store.polled(overdue.told.delivery.id, None)
                continue
            news += await self._poll(overdue)
            await self._store.polled(overdue.told.delivery.id, self._poll_backoff[overdue.polls])
        return news

    def _is_settled(self, told: DeliveryWithReceipts) -> bool:
        """Final, or in the hands of webhooks: one that brought ``delivered`` will bring ``read``."""
        report = status_of(told)
        by_webhook = any(receipt.source is ReceiptSource.WEBHOOK for receipt in told.receipts)
        return report.is_final or (report.status is Status.DELIVERED and by_webhook)

    async def _poll(self, overdue: Overdue) -> bool:
        told = overdue.told
        try:
            return await (self._find(told) if told.delivery.sent_as is None else self._ask(told))
        except RelayError as error:
            log.warning(
                "receipt.poll_failed",
                extra={"delivery": told.delivery.id, "code": error.code, "reason": error.reason},
            )
            return False

    async def _ask(self, told: DeliveryWithReceipts) -> bool:
        status, message = self._networks.of(told.delivery.target).status, told.delivery.sent_as
        receipt = await status.poll(message) if status and message else None
        if receipt is None:
            return False
        await self._store.add([receipt])
        return receipt.kind.rank > max((r.kind.rank for r in told.receipts), default=ReceiptKind.QUEUED.rank)

    async def _find(self, told: DeliveryWithReceipts) -> bool:
        """An unconfirmed message may be listed late; then it was sent after all."""
        network = self._networks.of(told.delivery.target)
        sent = await network.sender.find(told.delivery) if network.sender else None
        return sent is not None and await self._deliveries.record(
            told.delivery.id, sent, poll=network.status is not None
        )
