"""Receipts, kept as they come, and which are overdue."""

from collections.abc import Sequence
from datetime import timedelta

from bot.relay.ids import DeliveryId
from bot.relay.model import Receipt
from bot.relay.ports.stores import Overdue
from bot.store.group_commit import GroupCommitter
from bot.store.pool import Pool
from bot.store.tables.rows import to_told

# Taken for a minute, so that several processes may ask at the same time and each polls others.
OVERDUE = """
WITH due AS (
    UPDATE deliveries SET next_poll_at = now() + interval '1 minute' WHERE id IN (
        SELECT id FROM deliveries WHERE next_poll_at <= now() ORDER BY next_poll_at LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id
)
SELECT * FROM deliveries_with_receipts WHERE id IN (SELECT id FROM due)
"""
POLLED = "UPDATE deliveries SET polls = polls + 1, next_poll_at = now() + %s WHERE id = %s"


class ReceiptTable:
    """The relay's ``ReceiptStore``."""

    def __init__(self, pool: Pool, receiving: GroupCommitter[Sequence[Receipt], None]) -> None:
        self._pool = pool
        self._receiving = receiving

    async def add(self, receipts: Sequence[Receipt]) -> None:
        if receipts:
            await self._receiving.write(receipts)

    async def overdue(self, limit: int) -> Sequence[Overdue]:
        return [Overdue(to_told(row), row["polls"]) for row in await self._pool.rows(OVERDUE, (limit,))]

    async def polled(self, delivery: DeliveryId, next_poll_in: timedelta | None) -> None:
        await self._pool.rows(POLLED, (next_poll_in, delivery))
