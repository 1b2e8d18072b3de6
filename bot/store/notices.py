"""Notices: where each stands in Slack, what it showed last, and all it has to tell now."""

from datetime import datetime

from psycopg.rows import DictRow

from bot.relay.model import DeliveryId, Notice, NoticeId, Told
from bot.store.pool import Pool, rows
from bot.store.rows import storable, to_delivery
from bot.store.telling import NOT_REPLACED, with_receipts

# Two statements on purpose, see ``changes``: the second one sees every change that the first has counted.
TAKE = "UPDATE notices SET taken = wanted WHERE id = %s RETURNING *"
TELL = f"SELECT * FROM deliveries WHERE notice = %s AND {NOT_REPLACED}"
POSTING = "UPDATE notices SET posting_since = %s WHERE id = %s"
POSTED = "UPDATE notices SET ts = %s, shown = %s WHERE id = %s"
ALARMED = "UPDATE deliveries SET alarmed = true WHERE id = %s"


class Notices:
    """The relay's ``NoticeStore``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, notice: NoticeId) -> Notice | None:
        async with self._pool.connection() as connection:
            taken = await rows(connection, TAKE, (notice,))
            if not taken:
                return None
            found = await rows(connection, TELL, (notice,))
            told = await with_receipts(connection, [to_delivery(row) for row in found])
        return _notice(taken[0], told, frozenset(row["id"] for row in found if row["alarmed"]))

    async def posting(self, notice: NoticeId, at: datetime) -> None:
        await self._pool.rows(POSTING, (at, notice))

    async def posted(self, notice: NoticeId, ts: str, shown: str) -> None:
        await self._pool.rows(POSTED, (ts, storable(shown), notice))

    async def alarmed(self, delivery: DeliveryId) -> None:
        await self._pool.rows(ALARMED, (delivery,))


def _notice(row: DictRow, told: list[Told], alarmed: frozenset[DeliveryId]) -> Notice:
    where = {name: row[name] for name in ("id", "channel", "root_ts", "ts", "posting_since", "shown")}
    return Notice(told=tuple(told), alarmed=alarmed, **where)
