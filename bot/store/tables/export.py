"""Deliveries for an export: all of them, a batch at a time, so that a million take no more memory than a thousand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from bot.relay.model import DeliveryWithReceipts
from bot.store.pool import Pool
from bot.store.tables.rows import to_told

# From where the last batch ended, by an index: no cursor is open meanwhile, and no transaction that would keep the
# database from cleaning up behind others for as long as a slow reader takes.
AFTER = """
SELECT told.*, (
    SELECT actor FROM audit WHERE delivery = told.id AND act IN ('approve', 'send_now') ORDER BY id DESC LIMIT 1
) AS approved_by
FROM deliveries_with_receipts AS told
WHERE accepted_at >= %(since)s AND (accepted_at, entered) > (%(at)s, %(entered)s)
ORDER BY accepted_at, entered LIMIT %(batch)s
"""
BATCH = 1000


@dataclass(frozen=True)
class ExportedDelivery:
    """``approved_by``: who let it go, where it was held."""

    told: DeliveryWithReceipts
    approved_by: str


class Export:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def deliveries(self, since: datetime) -> AsyncIterator[ExportedDelivery]:
        """Those accepted from then on, the oldest first."""
        place = {"since": since, "at": since, "entered": 0, "batch": BATCH}
        while batch := await self._pool.rows(AFTER, place):
            for row in batch:
                yield ExportedDelivery(to_told(row), row["approved_by"] or "")
            place |= {"at": batch[-1]["accepted_at"], "entered": batch[-1]["entered"]}
