"""Counts for the metrics: what is under way, what needs somebody, who waits for an answer."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.store.pool import Pool

# By small indexes, whatever the tables hold. What a receipt or another send has settled needs nobody any more.
DELIVERIES = """
SELECT status, code, count(*)::int AS number FROM (
    SELECT CASE WHEN awaits_approval OR not_before IS NOT NULL THEN 'held' ELSE 'queued' END AS status, '' AS code
    FROM deliveries WHERE state IN ('waiting', 'prepared', 'sending')
    UNION ALL
    SELECT state, code FROM deliveries AS lost
    WHERE state IN ('failed', 'unconfirmed') AND accepted_at > now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM deliveries AS again WHERE again.replaces = lost.id)
        AND NOT EXISTS (SELECT FROM receipts WHERE delivery = lost.id OR message = lost.sent_as)
    UNION ALL
    SELECT 'failed', max(bad.code) FROM receipts AS bad JOIN deliveries AS lost ON lost.sent_as = bad.message
    WHERE kind = 'failed' AND came_at > now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM deliveries AS again WHERE again.replaces = lost.id)
        AND NOT EXISTS (
            SELECT FROM receipts AS better WHERE better.message = bad.message AND better.kind IN ('delivered', 'read'))
    GROUP BY bad.message
) AS each GROUP BY status, code
"""
CONVERSATIONS = """
SELECT count(*)::int AS open, count(waiting_since)::int AS waiting,
    coalesce(extract(epoch FROM now() - min(waiting_since)), 0)::float AS longest_s, (
    SELECT count(*)::int FROM unheard WHERE last_at > now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM links WHERE peer = unheard.room)) AS unheard
FROM conversations WHERE closed_at IS NULL AND ended_at IS NULL
"""


@dataclass(frozen=True)
class Counts:
    """``deliveries``: by status and code; those that failed or are unconfirmed are of the last day. ``open``:
    conversations that are not closed; ``waiting``: those of them whose contact waits, ``longest_wait_s`` for how long.
    ``unheard``: chats without link or inbox that wrote within the last day."""

    deliveries: Mapping[tuple[str, str], int]
    open: int
    waiting: int
    longest_wait_s: float
    unheard: int


class CountTable:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self) -> Counts:
        deliveries = await self._pool.rows(DELIVERIES)
        [row] = await self._pool.rows(CONVERSATIONS)
        by_status = {(each["status"], each["code"]): each["number"] for each in deliveries}
        return Counts(by_status, row["open"], row["waiting"], row["longest_s"], row["unheard"])
