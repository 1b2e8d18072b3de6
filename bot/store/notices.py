"""Notices: where each stands in Slack, what it showed last, and all it has to tell now."""

from collections.abc import Sequence
from datetime import datetime

from bot.relay.model import DeliveryId, Notice, NoticeId
from bot.store.pool import Pool
from bot.store.rows import Row, moment, storable
from bot.store.telling import to_told

TAKE = "SELECT take_turn(%s, %s) AS turn"
# Whoever posts or edits after another has taken a later turn was frozen meanwhile. What Slack shows then is unknown:
# one more turn is owed, and the count moves on, so that the other one learns of it too.
POSTED = """
WITH seen AS (
    SELECT taken = %(turn)s AND coalesce(ts, %(ts)s) = %(ts)s AS is_last FROM notices WHERE id = %(id)s FOR UPDATE
)
UPDATE notices SET ts = coalesce(ts, %(ts)s), shown = CASE WHEN is_last THEN %(shown)s ELSE '' END,
    taken = taken + CASE WHEN is_last THEN 0 ELSE 1 END, wanted = wanted + CASE WHEN is_last THEN 0 ELSE 2 END,
    posting_since = CASE WHEN is_last AND %(is_only)s THEN NULL ELSE posting_since END
FROM seen WHERE id = %(id)s
RETURNING ts, CASE WHEN NOT is_last THEN put_in_line('announce', 'notice', ARRAY[id]) END
"""
NOT_POSTED = "UPDATE notices SET posting_since = %(before)s WHERE id = %(id)s AND taken = %(turn)s AND ts IS NULL"
ALARMED = "UPDATE deliveries SET alarmed = true WHERE id = %s"


class Notices:
    """The relay's ``NoticeStore``."""

    def __init__(self, pool: Pool, desk: Pool) -> None:
        """``desk`` may lose the last turns: they are taken again."""
        self._pool = pool
        self._desk = desk

    async def take(self, notice: NoticeId, at: datetime) -> Notice | None:
        row = await self._desk.row(TAKE, (notice, at))
        return _notice(**row["turn"]) if row and row["turn"] else None

    async def posted(self, notice: Notice, ts: str, shown: str) -> str:
        said = {"id": notice.id, "turn": notice.turn, "ts": ts, "shown": storable(shown)}
        said["is_only"] = notice.posting_since is None
        row = await self._desk.row(POSTED, said)
        return str(row["ts"]) if row else ts

    async def not_posted(self, notice: Notice) -> None:
        said = {"id": notice.id, "turn": notice.turn, "before": notice.posting_since}
        await self._desk.rows(NOT_POSTED, said)

    async def alarmed(self, delivery: DeliveryId) -> None:
        await self._pool.rows(ALARMED, (delivery,))


def _notice(notice: Row, told: Sequence[Row] | None) -> Notice:
    """From rows that came as JSON."""
    where = {name: notice[name] for name in ("id", "channel", "root_ts", "ts", "shown")}
    return Notice(
        posting_since=moment(notice["posting_since"]),
        turn=notice["taken"],
        told=tuple(to_told(each) for each in told or ()),
        alarmed=frozenset(each["id"] for each in told or () if each["alarmed"]),
        **where,
    )
