"""Deliveries with their receipts: what a notice, a look and an operator are told."""

from collections.abc import Sequence

from bot.relay.model import Delivery, Receipt, Told
from bot.store.pool import Connection, rows
from bot.store.rows import to_receipt

# Put behind WHERE, with the order in which a notice tells them.
NOT_REPLACED = """NOT EXISTS (
    SELECT FROM deliveries AS again WHERE again.replaces = deliveries.id AND again.notice = deliveries.notice)
ORDER BY position, asked_at, entered
"""
RECEIPTS = "SELECT * FROM receipts WHERE memo = ANY(%s) OR delivery = ANY(%s) ORDER BY at, came_at, id"


async def with_receipts(connection: Connection, deliveries: Sequence[Delivery]) -> list[Told]:
    """Each delivery with the receipts of its memo and those that name it, oldest first."""
    if not deliveries:
        return []
    memos = [delivery.memo for delivery in deliveries if delivery.memo]
    found = await rows(connection, RECEIPTS, (memos, [delivery.id for delivery in deliveries]))
    receipts = [to_receipt(row) for row in found]
    return [Told(delivery, tuple(r for r in receipts if _concerns(r, delivery))) for delivery in deliveries]


def _concerns(receipt: Receipt, delivery: Delivery) -> bool:
    return receipt.delivery == delivery.id or (receipt.memo is not None and receipt.memo == delivery.memo)
