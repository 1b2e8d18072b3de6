"""Notices: as which message each is posted, what it showed last, and all it has to show now."""

from datetime import timedelta
from typing import Any

from bot.relay.ids import DeliveryId, MessageId, NoticeId
from bot.relay.model import Notice
from bot.store.pool import Pool
from bot.store.tables.rows import Row, sanitize_text, to_moment, to_told

BEGIN = "SELECT begin_refresh(%s) AS begun"
# Whoever posts or edits after another has begun a later refresh was frozen meanwhile. What people see then is unknown:
# one more refresh is enqueued, and the count moves on, so that the other one learns of it too.
POSTED = """
WITH seen AS (
    SELECT started = %(turn)s AND coalesce(posted_as, %(message)s) IS NOT DISTINCT FROM %(message)s AS is_last
    FROM notices WHERE id = %(id)s FOR UPDATE
)
UPDATE notices SET posted_as = coalesce(posted_as, %(message)s), shown = CASE WHEN is_last THEN %(shown)s ELSE '' END,
    started = started + CASE WHEN is_last THEN 0 ELSE 1 END,
    requested = requested + CASE WHEN is_last THEN 0 ELSE 2 END,
    posting_since = CASE WHEN is_last AND %(is_only)s THEN NULL ELSE posting_since END
FROM seen WHERE id = %(id)s
RETURNING posted_as, CASE WHEN NOT is_last THEN enqueue_jobs('refresh_notice', ARRAY[id]) END
"""
NOT_POSTED = """
UPDATE notices SET posting_since = %(before)s WHERE id = %(id)s AND started = %(turn)s AND posted_as IS NULL
"""
POSTPONE = "UPDATE notices SET retry_at = now() + %s WHERE id = %s"
ALERTED = "UPDATE deliveries SET alerted = %s WHERE id = %s"


class NoticeTable:
    """The relay's ``NoticeStore``."""

    def __init__(self, pool: Pool, relaxed_pool: Pool) -> None:
        """``relaxed_pool`` may lose the last refreshes: they are done again."""
        self._pool = pool
        self._relaxed_pool = relaxed_pool

    async def begin_refresh(self, notice: NoticeId) -> Notice | None:
        row = await self._relaxed_pool.row(BEGIN, (notice,))
        return _notice(row["begun"]) if row and row["begun"] else None

    async def posted(self, notice: Notice, message: MessageId | None, shown: str) -> MessageId | None:
        said: dict[str, Any] = {"id": notice.id, "turn": notice.turn, "message": message, "shown": sanitize_text(shown)}
        said["is_only"] = notice.posting_since is None
        row = await self._relaxed_pool.row(POSTED, said)
        return row["posted_as"] if row else message

    async def not_posted(self, notice: Notice) -> None:
        said = {"id": notice.id, "turn": notice.turn, "before": notice.posting_since}
        await self._relaxed_pool.rows(NOT_POSTED, said)

    async def postpone_refresh(self, notice: NoticeId, wait: timedelta) -> None:
        await self._relaxed_pool.rows(POSTPONE, (wait, notice))

    async def alerted(self, delivery: DeliveryId, status: str) -> None:
        await self._pool.rows(ALERTED, (status, delivery))


def _notice(begun: Row) -> Notice:
    """From rows that came as JSON."""
    kept, deliveries = begun["notice"], begun["deliveries"] or ()
    return Notice(
        id=kept["id"],
        room=kept["room"],
        posted_as=kept["posted_as"],
        posting_since=to_moment(kept["posting_since"]),
        shown=kept["shown"],
        turn=kept["started"],
        deliveries=tuple(to_told(each) for each in deliveries),
        alerted={each["id"]: each["alerted"] for each in deliveries if each["alerted"]},
        is_source_gone=begun["is_source_gone"],
        contact=begun["contact"] or "",
    )
