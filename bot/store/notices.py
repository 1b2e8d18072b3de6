"""Notices: where each stands in Slack, what it showed last, and all it has to tell now."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import DictRow

from bot.relay.model import DeliveryId, Notice, NoticeId
from bot.store.pool import Pool, rows
from bot.store.rows import storable
from bot.store.telling import NOT_REPLACED, TELL, to_told

# Two statements on purpose, see ``ask_for_turns``: the second one sees every change that the first has counted.
TAKE = "UPDATE notices SET taken = wanted WHERE id = %s RETURNING *"
TOLD = f"{TELL} notice = %s AND {NOT_REPLACED}"
POSTING = "UPDATE notices SET posting_since = %s WHERE id = %s"
# Whoever posts or edits after another has taken a later turn was frozen meanwhile. What Slack shows then is unknown:
# one more turn is owed, and the count moves on, so that the other one learns of it too.
POSTED = """
WITH seen AS (
    SELECT taken = %(turn)s AND coalesce(ts, %(ts)s) = %(ts)s AS is_last FROM notices WHERE id = %(id)s FOR UPDATE
)
UPDATE notices SET ts = coalesce(ts, %(ts)s), shown = CASE WHEN is_last THEN %(shown)s ELSE '' END,
    taken = taken + CASE WHEN is_last THEN 0 ELSE 1 END, wanted = wanted + CASE WHEN is_last THEN 0 ELSE 2 END
FROM seen WHERE id = %(id)s
RETURNING ts, CASE WHEN NOT is_last THEN put_in_line('announce', 'notice', ARRAY[id]) END
"""
ALARMED = "UPDATE deliveries SET alarmed = true WHERE id = %s"


class Notices:
    """The relay's ``NoticeStore``."""

    def __init__(self, pool: Pool, desk: Pool) -> None:
        """``desk`` may lose the last turns: they are taken again. That a post is tried must never be lost."""
        self._pool = pool
        self._desk = desk

    async def take(self, notice: NoticeId) -> Notice | None:
        async with self._desk.connection() as connection:
            taken = await rows(connection, TAKE, (notice,))
            if not taken:
                return None
            return _notice(taken[0], await rows(connection, TOLD, (notice,)))

    async def posting(self, notice: NoticeId, at: datetime) -> None:
        await self._pool.rows(POSTING, (at, notice))

    async def posted(self, notice: Notice, ts: str, shown: str) -> str:
        said = {"id": notice.id, "turn": notice.turn, "ts": ts, "shown": storable(shown)}
        row = await self._desk.row(POSTED, said)
        return str(row["ts"]) if row else ts

    async def alarmed(self, delivery: DeliveryId) -> None:
        await self._pool.rows(ALARMED, (delivery,))


def _notice(row: DictRow, found: Sequence[DictRow]) -> Notice:
    where = {name: row[name] for name in ("id", "channel", "root_ts", "ts", "posting_since", "shown")}
    told = tuple(to_told(each) for each in found)
    return Notice(turn=row["taken"], told=told, alarmed=frozenset(e["id"] for e in found if e["alarmed"]), **where)
