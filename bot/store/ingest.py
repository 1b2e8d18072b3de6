"""What comes from outside and is stored before it is answered: new deliveries and receipts, committed in groups."""

from collections.abc import Sequence

from bot.relay.model import Delivery, DeliveryId, Receipt
from bot.store.pool import Pool
from bot.store.rows import deliveries_json, receipts_json

# One permit to work for each new delivery; a spare one finds nothing to do.
ACCEPT = """
WITH given AS (
    SELECT * FROM json_to_recordset(%s) AS given (
        id text, notice text, team text, channel text, message_ts text, root_ts text, user_id text,
        file_id text, name text, url text, size_bytes bigint, mimetype text, given_url text,
        chat text, asked_at double precision, position integer, twin text, replaces text)
), fresh AS (
    INSERT INTO deliveries (
        id, notice, team, channel, message_ts, root_ts, user_id, file_id, name, url, size_bytes, mimetype, given_url,
        chat, asked_at, position, twin, replaces)
    SELECT id, notice, team, channel, message_ts, root_ts, user_id, file_id, name, url, size_bytes, mimetype, given_url,
        coalesce(nullif(chat, ''), linked_chat), asked_at, position, twin, replaces
    FROM given LEFT JOIN LATERAL (
        SELECT links.chat AS linked_chat FROM links WHERE links.channel = given.channel ORDER BY from_file LIMIT 1
    ) AS link ON true
    WHERE chat <> '' OR linked_chat IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING id, chat, notice, channel, root_ts
), told AS (
    INSERT INTO notices (id, channel, root_ts, wanted)
    SELECT DISTINCT ON (notice) notice, channel, root_ts, 1 FROM fresh
    ON CONFLICT (id) DO UPDATE SET wanted = notices.wanted + 1
    RETURNING id, wanted - 1 = taken AS is_due
)
SELECT ARRAY(SELECT id FROM fresh) AS new, put_in_line('work', 'chat', ARRAY(SELECT chat FROM fresh)),
    put_in_line('announce', 'notice', ARRAY(SELECT id FROM told WHERE is_due))
"""


class Ingest:
    """Commits what came together, with the errands it causes. To store one twice changes nothing."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def accept(self, shares: Sequence[Sequence[Delivery]]) -> Sequence[Sequence[DeliveryId]]:
        """Gives, for each share, the ids of its deliveries that were new."""
        given = [delivery for deliveries in shares for delivery in deliveries]
        row = await self._pool.row(ACCEPT, (deliveries_json(given),))
        new = set(row["new"]) if row else set()
        return [_first_named(deliveries, new) for deliveries in shares]

    async def receive(self, told: Sequence[Sequence[Receipt]]) -> Sequence[None]:
        given = [receipt for receipts in told for receipt in receipts]
        await self._pool.rows("SELECT add_receipts(%s)", (receipts_json(given),))
        return [None] * len(told)


def _first_named(deliveries: Sequence[Delivery], new: set[DeliveryId]) -> list[DeliveryId]:
    """Those of ``new`` that nobody before has claimed: two callers may have brought the same delivery."""
    mine = [delivery.id for delivery in deliveries if delivery.id in new]
    new.difference_update(mine)
    return list(dict.fromkeys(mine))
