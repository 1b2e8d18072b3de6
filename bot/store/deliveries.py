"""Deliveries: how far each has come, and who may touch it now."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.relay.model import (
    AttachmentId,
    AudioInfo,
    ChannelId,
    ChatId,
    Delivery,
    DeliveryId,
    DeliveryState,
    DeliveryWithReceipts,
    Fence,
    Memo,
)
from bot.store.group_commit import GroupCommitter
from bot.store.pool import Pool
from bot.store.rows import receipts_json, sound_json, storable, to_delivery
from bot.store.telling import NOT_REPLACED, TELL, to_told

CLAIM = """
UPDATE deliveries SET fence = fence + 1 WHERE id = (
    SELECT id FROM deliveries WHERE chat = %s AND step IN ('waiting', 'prepared', 'sending')
    ORDER BY asked_at, position, entered LIMIT 1 FOR UPDATE)
RETURNING *
"""

# Goes behind a statement ``WITH changed AS (... RETURNING *)``.
AND_TELL = "SELECT EXISTS (SELECT FROM changed) AS is_ours, ask_for_turns(ARRAY(SELECT notice FROM changed))"

HELD = "id = %(id)s AND fence = %(fence)s AND step IN ('waiting', 'prepared', 'sending')"

POSTPONE = f"""
WITH changed AS (
    UPDATE deliveries SET sending_since = NULL, attempts = attempts + %(counts)s::int,
        step = CASE WHEN withdrawn THEN 'cancelled' WHEN step = 'sending' THEN 'prepared' ELSE step END,
        due_at = CASE WHEN NOT withdrawn THEN %(due_at)s END, url = CASE WHEN withdrawn THEN '' ELSE url END,
        reason = CASE WHEN withdrawn THEN '' ELSE %(reason)s END, code = CASE WHEN withdrawn THEN '' ELSE %(code)s END
    WHERE {HELD} RETURNING *
)
SELECT EXISTS (SELECT FROM changed WHERE NOT withdrawn) AS is_ours, ask_for_turns(ARRAY(SELECT notice FROM changed))
"""

INTEND = f"""
UPDATE deliveries SET step = 'sending', sending_since = %(at)s, due_at = NULL,
    attachment = %(attachment)s, sound = %(sound)s::jsonb
WHERE {HELD} RETURNING id
"""

CLOSE = f"""
WITH changed AS (
    UPDATE deliveries SET step = %(step)s, reason = %(reason)s, code = %(code)s, due_at = NULL, url = '',
        next_look_at = CASE %(step)s WHEN 'unconfirmed' THEN now() + interval '30 seconds' END
    WHERE {HELD} RETURNING *
)
{AND_TELL}
"""

RECORD = "SELECT record_memo(%s, %s, %s, %s) AS is_its_own"

# The clips of its chat that come after it may have waited for its time.
CANCEL = f"""
WITH changed AS (
    UPDATE deliveries SET withdrawn = true, reason = '', code = '', due_at = NULL,
        step = CASE step WHEN 'sending' THEN step ELSE 'cancelled' END,
        url = CASE step WHEN 'sending' THEN url ELSE '' END
    WHERE channel = %(channel)s AND message_ts = %(message_ts)s AND step IN ('waiting', 'prepared', 'sending')
        AND NOT file_id = ANY(%(kept)s)
    RETURNING *
)
{AND_TELL}, hurry('chat', ARRAY(SELECT chat FROM changed))
"""

LEND = "UPDATE deliveries SET lent_to = %s, lent_until = %s WHERE id = %s"
LENT = """
SELECT * FROM deliveries WHERE lent_to = %s AND lent_until > %s AND (
    step IN ('waiting', 'prepared', 'sending')
    OR step = 'recorded' AND NOT EXISTS (SELECT FROM receipts WHERE memo = deliveries.memo AND kind <> 'queued'))
"""

OLDEST_DUE = """
SELECT extract(epoch FROM %(now)s - min(since))::float AS age_s FROM (
    SELECT DISTINCT ON (chat) greatest(accepted_at, due_at, sending_since + %(find_for)s) AS since
    FROM deliveries WHERE step IN ('waiting', 'prepared', 'sending') ORDER BY chat, asked_at, position, entered
) AS heads WHERE since <= %(now)s
"""


class Deliveries:
    """The relay's ``DeliveryStore``, and what an operator asks of it."""

    def __init__(self, pool: Pool, accepting: GroupCommitter[Sequence[Delivery], Sequence[DeliveryId]]) -> None:
        self._pool = pool
        self._accepting = accepting

    async def accept(self, deliveries: Sequence[Delivery]) -> Sequence[DeliveryId]:
        return await self._accepting.write(deliveries) if deliveries else ()

    async def claim(self, chat: ChatId) -> Delivery | None:
        row = await self._pool.row(CLAIM, (chat,))
        return to_delivery(row) if row else None

    async def delivery(self, delivery: DeliveryId) -> Delivery | None:
        row = await self._pool.row("SELECT * FROM deliveries WHERE id = %s", (delivery,))
        return to_delivery(row) if row else None

    async def postpone(
        self, delivery: DeliveryId, fence: Fence, *, due_at: datetime, reason: str, code: str, counts: bool
    ) -> bool:
        said = {"due_at": due_at, "reason": reason, "code": code, "counts": counts}
        return await self._change(POSTPONE, id=delivery, fence=fence, **said)

    async def intend(
        self,
        delivery: DeliveryId,
        fence: Fence,
        *,
        attachment: AttachmentId | None,
        sound: AudioInfo | None,
        at: datetime,
    ) -> bool:
        held = {"id": delivery, "fence": fence}
        row = await self._pool.row(INTEND, {**held, "attachment": attachment, "sound": sound_json(sound), "at": at})
        return row is not None

    async def close(self, delivery: DeliveryId, fence: Fence, step: DeliveryState, *, reason: str, code: str) -> bool:
        return await self._change(CLOSE, id=delivery, fence=fence, step=step.value, reason=reason, code=code)

    async def record(self, delivery: DeliveryId, memo: Memo) -> bool:
        """Store the memo's id, and what Linq said of it with the same breath."""
        came = receipts_json([memo.receipt] if memo.receipt else [])
        row = await self._pool.row(RECORD, (delivery, storable(memo.id), storable(memo.trace_id), came))
        return bool(row and row["is_its_own"])

    async def cancel(self, channel: ChannelId, message_ts: str, kept_files: Sequence[str]) -> None:
        await self._change(CANCEL, channel=channel, message_ts=message_ts, kept=list(kept_files))

    async def lend(self, delivery: DeliveryId, token: str, until: datetime) -> None:
        await self._pool.rows(LEND, (_digest(token), until, delivery))

    async def lent(self, token: str, now: datetime) -> Delivery | None:
        row = await self._pool.row(LENT, (_digest(token), now))
        return to_delivery(row) if row else None

    async def fetched(self, delivery: DeliveryId, at: datetime) -> None:
        await self._pool.rows("UPDATE deliveries SET fetched_at = %s WHERE id = %s", (at, delivery))

    async def recent(self, limit: int) -> Sequence[DeliveryWithReceipts]:
        """The deliveries accepted last, newest first."""
        return await self._told("true ORDER BY accepted_at DESC, entered DESC LIMIT %s", limit)

    async def told(self, delivery: DeliveryId) -> DeliveryWithReceipts | None:
        found = await self._told("id = %s", delivery)
        return found[0] if found else None

    async def of_message(self, channel: ChannelId, message_ts: str) -> Sequence[DeliveryWithReceipts]:
        return await self._told(f"channel = %s AND message_ts = %s AND {NOT_REPLACED}", channel, message_ts)

    async def oldest_due(self, now: datetime, find_for: timedelta) -> float:
        """For how many seconds the delivery at the head of some chat should have been done with; 0: none waits. A send
        without an answer is looked for that long."""
        row = await self._pool.row(OLDEST_DUE, {"now": now, "find_for": find_for})
        return max(0.0, float(row["age_s"])) if row and row["age_s"] is not None else 0.0

    async def _told(self, which: str, *params: object) -> Sequence[DeliveryWithReceipts]:
        return [to_told(row) for row in await self._pool.rows(f"{TELL} {which}", params)]

    async def _change(self, sql: str, **params: object) -> bool:
        """Change deliveries and ask their notices for a turn; False when none was ours to change, or is to go on."""
        clean = {name: storable(value) if isinstance(value, str) else value for name, value in params.items()}
        row = await self._pool.row(sql, clean)
        return bool(row and row["is_ours"])


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
