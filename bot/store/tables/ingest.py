"""What comes from outside and is stored before it is answered: new deliveries and receipts, committed in groups."""

from collections.abc import Sequence

from bot.relay.ids import DeliveryId, RoomId
from bot.relay.model import Delivery, Receipt
from bot.relay.rooms import Link
from bot.store.pool import Pool
from bot.store.tables.rows import ACCEPTED_COLUMNS, deliveries_json, receipts_json, to_link

_COLUMNS = ", ".join(ACCEPTED_COLUMNS)
_VALUES = ", ".join("kept_parts(parts, kept)" if name == "parts" else name for name in ACCEPTED_COLUMNS)

# A message is accepted once, whatever its room is linked to later, and without the parts that it lost meanwhile. What
# we sent ourselves comes back as an event, and is not carried. What is sent again takes its content along. One job for
# each room that got something; a spare one finds nothing to do. Sorted, so that two processes that are told the same do
# not wait for each other in a circle. Deliveries are looked up by a scalar subquery and an array: of given rows the
# server cannot know that they are few, and would read all deliveries to join them. The thread of a closed conversation
# is not read, so whoever writes there again may have written something before it that no event has told.
ACCEPT = f"""
WITH given AS (
    SELECT * FROM jsonb_populate_recordset(NULL::deliveries, %s::jsonb)
), known AS (
    INSERT INTO messages (id, accepted_at)
    SELECT DISTINCT source, now() FROM given WHERE NOT is_explicit ORDER BY source
    ON CONFLICT (id) DO UPDATE SET accepted_at = now() WHERE messages.accepted_at IS NULL
    RETURNING id AS message, kept
), fresh AS (
    INSERT INTO deliveries ({_COLUMNS})
    SELECT {_VALUES} FROM given LEFT JOIN known ON message = source
    WHERE is_explicit OR message IS NOT NULL AND kept_parts(parts, kept) <> '[]'
        AND (SELECT id FROM deliveries AS ours WHERE ours.sent_as = given.source) IS NULL
    ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING id, source, origin, target, notice_room, replaces, ordered_at, parts
), said AS (
    SELECT origin, target, ordered_at AS at FROM fresh WHERE says_something(parts)
), talked AS (
    UPDATE conversations SET
        active_at = greatest(active_at, (SELECT max(at) FROM said WHERE room IN (origin, target))),
        heard_at = greatest(heard_at, (SELECT max(at) FROM said WHERE room = target)),
        waiting_since = coalesce(waiting_since, (SELECT min(at) FROM said WHERE room = target)),
        refresh_at = CASE WHEN waiting_since IS NULL AND EXISTS (SELECT FROM said WHERE room = target)
            THEN next_refresh(shown_at) ELSE refresh_at END
    WHERE room = ANY (ARRAY(SELECT origin FROM said UNION SELECT target FROM said))
), reread AS (
    INSERT INTO marks (room, read_up_to, has_gap, gap_since)
    SELECT room, closed_at, true, now() FROM conversations
    WHERE room = ANY (ARRAY(SELECT origin FROM said)) AND closed_at IS NOT NULL AND ended_at IS NULL
    ON CONFLICT (room) DO UPDATE SET has_gap = true, gap_since = now(), cursor = '', pass_began = NULL,
        leased_until = '-infinity' WHERE marks.gap_since IS NULL
), replaced AS (
    UPDATE deliveries SET parts = without_content(parts) WHERE id = ANY (ARRAY(SELECT replaces FROM fresh))
), told AS (
    INSERT INTO notices (id, room, requested)
    SELECT DISTINCT ON (source) source, notice_room, 1 FROM fresh WHERE notice_room IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET requested = notices.requested + 1
    RETURNING id, requested - 1 = started AS is_due
)
SELECT ARRAY(SELECT id FROM fresh) AS new,
    enqueue_jobs('send_next', ARRAY(SELECT target FROM fresh GROUP BY target ORDER BY min(ordered_at))),
    enqueue_jobs('refresh_notice', ARRAY(SELECT id FROM told WHERE is_due))
"""

# A link of the links file over which a person made another leads nowhere, also for who asks by its peer. Nor does a
# conversation of a chat that has a link of its own.
LINKS_OF = """
SELECT links.*, is_line_at_risk(links) AS is_line_at_risk,
    (SELECT closed_at FROM conversations WHERE conversations.room = links.room),
    (SELECT active_at FROM conversations WHERE conversations.room = links.room),
    coalesce(spoken_at, (SELECT max(answered_at) FROM conversations
        WHERE conversations.peer = links.peer AND conversations.inbox = links.inbox)) AS spoken_from_here
FROM links WHERE (room = ANY (%(rooms)s) OR peer = ANY (%(rooms)s)) AND NOT (
    from_file AND EXISTS (SELECT FROM links AS over WHERE over.room = links.room AND NOT over.from_file)
) AND NOT (
    inbox IS NOT NULL AND EXISTS (SELECT FROM links AS own WHERE own.peer = links.peer AND own.inbox IS NULL))
ORDER BY room
"""


class Ingest:
    """Commits what came together, with the jobs it causes. To store one twice changes nothing."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def accept(self, messages: Sequence[Sequence[Delivery]]) -> Sequence[Sequence[DeliveryId]]:
        """Gives, for the deliveries of each message, the ids that were new."""
        given = [delivery for deliveries in messages for delivery in deliveries]
        row = await self._pool.row(ACCEPT, (deliveries_json(given),))
        new = set(row["new"]) if row else set()
        return [_first_named(deliveries, new) for deliveries in messages]

    async def receive(self, given: Sequence[Sequence[Receipt]]) -> Sequence[None]:
        receipts = [receipt for group in given for receipt in group]
        await self._pool.rows("SELECT add_receipts(%s::jsonb)", (receipts_json(receipts),))
        return [None] * len(given)

    async def links_of(self, asked: Sequence[Sequence[RoomId]]) -> Sequence[Sequence[Link]]:
        """For each sequence of rooms, the most particular first: the links that lead away from it."""
        rooms = sorted({room for rooms in asked for room in rooms})
        links = [
            to_link(row | {"spoken_at": row["spoken_from_here"]})
            for row in await self._pool.rows(LINKS_OF, {"rooms": rooms})
        ]
        return [_most_particular(rooms, links) for rooms in asked]


def _most_particular(rooms: Sequence[RoomId], links: Sequence[Link]) -> Sequence[Link]:
    """One where a room of the team is linked; at the other end, every room of the team that the first one leads to."""
    for room in rooms:
        if found := [link for link in links if room in (link.room, link.peer)]:
            return found
    return ()


def _first_named(deliveries: Sequence[Delivery], new: set[DeliveryId]) -> list[DeliveryId]:
    """Those of ``new`` that nobody before has claimed: two callers may have brought the same delivery."""
    mine = [delivery.id for delivery in deliveries if delivery.id in new]
    new.difference_update(mine)
    return list(dict.fromkeys(mine))
