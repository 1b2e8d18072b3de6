"""What a person looks after, by the rooms that they are in. All times are the server's."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from bot.relay.ids import RoomId
from bot.relay.model import DeliveryWithReceipts
from bot.relay.rooms import Conversation
from bot.store.pool import Pool
from bot.store.tables.rows import to_conversation, to_told

WAITING = """
SELECT conversations.*, shown_contact(conversations) AS contact FROM conversations
WHERE inbox = ANY (%(rooms)s) AND closed_at IS NULL AND ended_at IS NULL AND root IS NOT NULL
ORDER BY waiting_since NULLS LAST, active_at DESC LIMIT %(limit)s
"""
# By the index ``deliveries_attention``: its condition stands here word for word.
ATTENTION = """
SELECT * FROM deliveries_with_receipts WHERE id = ANY (ARRAY(
    SELECT id FROM deliveries
    WHERE origin = ANY (ARRAY(SELECT room FROM links WHERE room = ANY (%(rooms)s) OR inbox = ANY (%(rooms)s)))
        AND (awaits_approval OR held_for <> '' OR state IN ('failed', 'unconfirmed') OR alerted <> '')
        AND CASE WHEN state IN ('waiting', 'prepared', 'sending') THEN awaits_approval OR not_before > now()
            ELSE state <> 'cancelled' AND accepted_at > now() - %(failures_for)s
                AND (state IN ('failed', 'unconfirmed') OR alerted IN ('failed', 'unconfirmed')) END
    ORDER BY state IN ('waiting', 'prepared', 'sending') DESC, not_before, accepted_at DESC LIMIT %(limit)s)
) AND NOT is_replaced
ORDER BY state IN ('waiting', 'prepared', 'sending') DESC, not_before, accepted_at DESC
"""
# Of the last ones of all, so that nobody reads the whole table for a quiet room.
RECENT = """
SELECT * FROM deliveries_with_receipts WHERE id = ANY (ARRAY(
    SELECT id FROM (SELECT id, origin, target, accepted_at, entered, parts FROM deliveries
        ORDER BY accepted_at DESC LIMIT 2000) AS last
    WHERE (origin = ANY (%(rooms)s) OR target = ANY (%(rooms)s) OR EXISTS (
        SELECT FROM links WHERE links.inbox = ANY (%(rooms)s) AND links.room IN (origin, target)))
        AND parts @? '$[*] ? (@.kind == "text" || @.kind == "voice" || @.kind == "media")'
    ORDER BY accepted_at DESC, entered DESC LIMIT %(limit)s)
) ORDER BY accepted_at DESC, entered DESC
"""


class OverviewTable:
    """The relay's ``OverviewStore``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def waiting(self, rooms: Collection[RoomId], limit: int) -> Sequence[Conversation]:
        found = await self._pool.rows(WAITING, {"rooms": list(rooms), "limit": limit})
        return [to_conversation(row) for row in found]

    async def attention(
        self, rooms: Collection[RoomId], failures_for: timedelta, limit: int
    ) -> Sequence[DeliveryWithReceipts]:
        asked = {"rooms": list(rooms), "failures_for": failures_for, "limit": limit}
        return [to_told(row) for row in await self._pool.rows(ATTENTION, asked)]

    async def recent(self, rooms: Collection[RoomId], limit: int) -> Sequence[DeliveryWithReceipts]:
        return [to_told(row) for row in await self._pool.rows(RECENT, {"rooms": list(rooms), "limit": limit})]
