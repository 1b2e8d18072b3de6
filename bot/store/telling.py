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
RECEIPTS = """
SELECT * FROM receipts
WHERE memo = ANY(%(memos)s) OR delivery = ANY(%(ids)s) OR memo IS NULL AND trace_id = ANY(%(traces)s)
ORDER BY at, came_at, id
"""


async def with_receipts(connection: Connection, deliveries: Sequence[Delivery]) -> list[Told]:
    """Each delivery with the receipts of its memo and those that name it, oldest first."""
    if not deliveries:
        return []
    wanted = {
        "memos": [delivery.memo for delivery in deliveries if delivery.memo],
        "ids": [delivery.id for delivery in deliveries],
        "traces": [delivery.trace_id for delivery in deliveries if delivery.trace_id],
    }
    found = await rows(connection, RECEIPTS, wanted)
    receipts = [to_receipt(row) for row in found]
    return [Told(delivery, tuple(r for r in receipts if _concerns(r, delivery))) for delivery in deliveries]


def _concerns(receipt: Receipt, delivery: Delivery) -> bool:
    """A receipt that names no memo, as a failure may, is known by the trace of the call that made it."""
    if receipt.memo is None and receipt.delivery is None:
        return bool(receipt.trace_id) and receipt.trace_id == delivery.trace_id
    return receipt.delivery == delivery.id or (receipt.memo is not None and receipt.memo == delivery.memo)
