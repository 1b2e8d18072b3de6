"""What comes from outside and is stored before it is answered: new deliveries and receipts, committed in groups."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.relay.model import Delivery, DeliveryId, Errand, Receipt
from bot.relay.ports import Enqueue
from bot.store.changes import TURNS, announcements, work
from bot.store.pool import Connection, Pool, rows
from bot.store.rows import deliveries_json, receipts_json

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
SELECT id, chat, false AS is_due FROM fresh UNION ALL SELECT id, NULL, is_due FROM told
"""

# A receipt and our own record of its memo may be committed side by side, and neither would see the other. Both take
# this lock, so one comes second and sees the first; sorted, so that two groups cannot wait for each other.
ONE_AT_A_TIME = """
SELECT pg_advisory_xact_lock(hashtextextended(memo, 0))
FROM (SELECT DISTINCT memo FROM unnest(%s::text[]) AS memo WHERE memo IS NOT NULL ORDER BY memo) AS memos
"""

# Scalar subqueries, since each is one look into an index: of given rows the server cannot know that they are few, and
# would read whole tables to join them.
ADD = (
    """
WITH given AS (
    SELECT * FROM json_to_recordset(%s) AS given (
        id text, kind text, at timestamptz, memo text, attachments text[], delivery text, trace_id text, service text,
        is_group boolean, reason text, code text)
), fresh AS (
    INSERT INTO receipts (id, kind, at, memo, attachments, delivery, trace_id, service, is_group, reason, code)
    SELECT * FROM given ON CONFLICT DO NOTHING
    RETURNING memo, attachments, delivery, trace_id
), adopted AS (
    UPDATE deliveries SET step = 'recorded', memo = fresh.memo, trace_id = fresh.trace_id, reason = '',
        code = '', due_at = NULL, next_look_at = now() + interval '30 seconds',
        url = CASE WHEN lent_until > now() THEN url ELSE '' END
    FROM fresh
    WHERE deliveries.id = (
        SELECT id FROM deliveries WHERE attachment = ANY(fresh.attachments) AND memo IS NULL ORDER BY entered LIMIT 1)
        AND fresh.memo IS NOT NULL AND (SELECT id FROM deliveries WHERE memo = fresh.memo) IS NULL
    RETURNING notice
), changed AS (
    SELECT notice FROM adopted UNION ALL SELECT coalesce(
        (SELECT notice FROM deliveries WHERE id = fresh.delivery),
        (SELECT notice FROM deliveries WHERE memo = fresh.memo),
        (SELECT notice FROM deliveries WHERE trace_id = fresh.trace_id AND trace_id <> '' LIMIT 1)
    ) FROM fresh
)"""
    + TURNS
)


@dataclass(frozen=True)
class Arrival:
    """What one caller hands in."""

    deliveries: Sequence[Delivery] = ()
    receipts: Sequence[Receipt] = ()


class Arrivals:
    """Commits arrivals with the errands they cause."""

    def __init__(self, pool: Pool, enqueue: Enqueue) -> None:
        self._pool = pool
        self._enqueue = enqueue

    async def commit(self, arrivals: Sequence[Arrival]) -> Sequence[Sequence[DeliveryId]]:
        """Store all of them or none; gives each the ids of its deliveries that were new."""
        deliveries = [delivery for arrival in arrivals for delivery in arrival.deliveries]
        receipts = [receipt for arrival in arrivals for receipt in arrival.receipts]
        async with self._pool.transaction() as connection:
            errands = await _add(connection, receipts)  # rows of deliveries are locked before those of notices
            new, caused = await _accept(connection, deliveries)
            if errands or caused:
                await self._enqueue(connection, [*errands, *caused])
        return [_first_named(arrival.deliveries, new) for arrival in arrivals]


async def _accept(connection: Connection, deliveries: Sequence[Delivery]) -> tuple[set[DeliveryId], list[Errand]]:
    if not deliveries:
        return set(), []
    found = await rows(connection, ACCEPT, (deliveries_json(deliveries),))
    fresh = [row for row in found if row["chat"] is not None]
    return {DeliveryId(row["id"]) for row in fresh}, work([row["chat"] for row in fresh]) + announcements(found)


async def _add(connection: Connection, receipts: Sequence[Receipt]) -> list[Errand]:
    if not receipts:
        return []
    await rows(connection, ONE_AT_A_TIME, ([receipt.memo or receipt.trace_id or None for receipt in receipts],))
    return announcements(await rows(connection, ADD, (receipts_json(receipts),)))


def _first_named(deliveries: Sequence[Delivery], new: set[DeliveryId]) -> list[DeliveryId]:
    """Those of ``new`` that nobody before has claimed: two callers may have brought the same delivery."""
    mine = [delivery.id for delivery in deliveries if delivery.id in new]
    new.difference_update(mine)
    return list(dict.fromkeys(mine))
