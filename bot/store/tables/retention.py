"""Retention: finished deliveries, their notices and what is left of receipts are deleted in small batches.

A million rows in one statement held their locks for 18 s and wrote 1 GB of log; a batch takes some milliseconds, and
between two batches everybody else has the database.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.store.pool import Pool

BATCH = 500
PAUSE_S = 0.1

# Those of a message go together, and only after its notice has shown them all. Those that have to stay keep none of the
# others from going.
DELIVERIES = """
WITH forgettable AS (
    SELECT DISTINCT source FROM (
        SELECT source FROM deliveries AS old WHERE accepted_at < now() - %(age)s AND NOT EXISTS (
            SELECT FROM deliveries AS near WHERE near.source = old.source
            AND (near.accepted_at >= now() - %(age)s OR near.state IN ('waiting', 'prepared', 'sending'))
        ) AND NOT EXISTS (SELECT FROM notices WHERE id = old.source AND requested > started)
        ORDER BY accepted_at LIMIT %(batch)s
    ) AS oldest
), receipts_gone AS (
    DELETE FROM receipts USING deliveries JOIN forgettable USING (source)
    WHERE receipts.message = deliveries.sent_as OR receipts.delivery = deliveries.id
), notices_gone AS (
    DELETE FROM notices USING forgettable WHERE notices.id = forgettable.source
), gone AS (
    DELETE FROM deliveries USING forgettable WHERE deliveries.source = forgettable.source RETURNING deliveries.id
)
SELECT count(*) AS gone FROM gone
"""
# What was held for so long that nobody will send it any more.
HELD = """
WITH gone AS (
    UPDATE deliveries SET state = 'cancelled', awaits_approval = false, parts = without_content(parts) WHERE id IN (
        SELECT id FROM deliveries WHERE awaits_approval AND state IN ('waiting', 'prepared')
        AND accepted_at < now() - %(age)s LIMIT %(batch)s)
    RETURNING source
)
SELECT count(*) AS gone, request_refresh(ARRAY(SELECT source FROM gone)) FROM gone
"""


def _oldest_of(table: str, key: str, at: str, *unneeded: str) -> str:
    """A batch of the oldest rows that are ``unneeded``; ``key`` names the columns that tell them apart."""
    return f"""
WITH gone AS (
    DELETE FROM {table} WHERE ({key}) IN (
        SELECT {key} FROM {table} AS old WHERE {" AND ".join((f"{at} < now() - %(age)s", *unneeded))}
        ORDER BY {at} LIMIT %(batch)s)
    RETURNING 1
)
SELECT count(*) AS gone FROM gone
"""


# A receipt that belongs to nothing tells of a message that something else sent.
RECEIPTS = _oldest_of(
    *("receipts", "id", "came_at"),
    "NOT EXISTS (SELECT FROM deliveries WHERE sent_as = old.message)",
    "NOT EXISTS (SELECT FROM deliveries WHERE id = old.delivery)",
)
REACTIONS = _oldest_of(
    *("reactions", "about, part, person, emoji", "at"),
    "NOT EXISTS (SELECT FROM deliveries WHERE source = old.about)",
    "NOT EXISTS (SELECT FROM deliveries WHERE sent_as = old.about)",
)
MESSAGES = _oldest_of("messages", "id", "known_at", "NOT EXISTS (SELECT FROM deliveries WHERE source = old.id)")
UPLOADS = _oldest_of("uploads", "media", "uploaded_at")
UNHEARD = _oldest_of("unheard", "room", "last_at")
AUDIT = "SELECT delete_old_audit(%(age)s, %(batch)s) AS gone"

# One that is closed goes with what it left, and its chat begins anew. Open ones stay, however old.
CONVERSATIONS = """
WITH gone AS (
    DELETE FROM conversations WHERE room IN (
        SELECT room FROM conversations AS old WHERE coalesce(ended_at, closed_at) < now() - %(age)s
        AND NOT EXISTS (
            SELECT FROM deliveries WHERE target = old.room AND state IN ('waiting', 'prepared', 'sending'))
        ORDER BY began_at LIMIT %(batch)s)
    RETURNING room
), unlinked AS (
    DELETE FROM links USING gone WHERE links.room = gone.room AND links.inbox IS NOT NULL
)
SELECT count(*) AS gone FROM gone
"""


class Retention:
    def __init__(self, pool: Pool, *, pause: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(PAUSE_S)) -> None:
        """``pause`` lies between two batches, so that the others have the database."""
        self._pool = pool
        self._pause = pause

    async def delete_older_than(self, age: timedelta) -> int:
        """Delete what was accepted before that and is finished; gives how many deliveries went."""
        parts = (HELD, DELIVERIES, RECEIPTS, REACTIONS, MESSAGES, CONVERSATIONS, UNHEARD)
        gone = {part: await self._delete_all(part, age) for part in parts}
        return gone[DELIVERIES]

    async def delete_audit_older_than(self, age: timedelta) -> int:
        return await self._delete_all(AUDIT, age)

    async def forget_uploads_older_than(self, age: timedelta) -> int:
        """Forget which they were, where nobody wants them deleted at their network."""
        return await self._delete_all(UPLOADS, age)

    async def _delete_all(self, statement: str, age: timedelta) -> int:
        gone = 0
        while deleted := await self._delete_batch(statement, age):
            gone += deleted
            await self._pause()
        return gone

    async def _delete_batch(self, statement: str, age: timedelta) -> int:
        row = await self._pool.row(statement, {"age": age, "batch": BATCH})
        return int(row["gone"]) if row else 0
