"""Receipts, kept as they come, and who is still owed one."""

from collections.abc import Sequence
from datetime import datetime

from bot.relay.model import DeliveryId, DeliveryWithReceipts, Receipt
from bot.store.group_commit import GroupCommitter
from bot.store.pool import Pool
from bot.store.telling import TELL, to_told

SILENT = f"{TELL} next_look_at <= %s ORDER BY next_look_at LIMIT %s"
LOOKED = "UPDATE deliveries SET looks = looks + 1, next_look_at = %s WHERE id = %s"


class Receipts:
    """The relay's ``ReceiptStore``."""

    def __init__(self, pool: Pool, receiving: GroupCommitter[Sequence[Receipt], None]) -> None:
        self._pool = pool
        self._receiving = receiving

    async def add(self, receipts: Sequence[Receipt]) -> None:
        if receipts:
            await self._receiving.write(receipts)

    async def silent(self, now: datetime, limit: int) -> Sequence[tuple[DeliveryWithReceipts, int]]:
        return [(to_told(row), row["looks"]) for row in await self._pool.rows(SILENT, (now, limit))]

    async def looked(self, delivery: DeliveryId, next_look_at: datetime | None) -> None:
        await self._pool.rows(LOOKED, (next_look_at, delivery))
