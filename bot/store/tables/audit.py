"""The audit: who did what and when. What becomes of deliveries is added by triggers, people's acts are added here."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from bot.relay.ids import DeliveryId
from bot.relay.ports.audit import AuditEntry
from bot.store.pool import Pool
from bot.store.tables.rows import Row

ADD = "INSERT INTO audit (act, actor, delivery, room, peer, detail) VALUES (%s, %s, %s, %s, %s, %s::jsonb)"
AFTER = """
SELECT * FROM audit WHERE at >= %(since)s AND (at, id) > (%(at)s, %(id)s) ORDER BY at, id LIMIT %(batch)s
"""
DECISIONS = """
SELECT * FROM audit
WHERE delivery = %s AND act IN ('approve', 'send_now', 'reschedule', 'dismiss', 'confirm_delivered') ORDER BY id
"""
BATCH = 1000


class AuditTable:
    """The relay's ``AuditLog``, and what an operator reads of it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, entry: AuditEntry) -> None:
        row = (entry.act, entry.by, entry.delivery, entry.room, entry.peer, json.dumps(dict(entry.detail)))
        await self._pool.rows(ADD, row)

    async def decisions(self, delivery: DeliveryId) -> Sequence[Row]:
        """What people decided about a delivery."""
        return await self._pool.rows(DECISIONS, (delivery,))

    async def since(self, moment: datetime) -> AsyncIterator[Row]:
        """All entries from then on, the oldest first, read batch by batch."""
        place = {"since": moment, "at": moment, "id": 0, "batch": BATCH}
        while batch := await self._pool.rows(AFTER, place):
            for row in batch:
                yield row
            place |= {"at": batch[-1]["at"], "id": batch[-1]["id"]}
