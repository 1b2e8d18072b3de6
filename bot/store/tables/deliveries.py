"""Deliveries: how far each has come, and who may touch it now. All times are the server's."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from bot.relay.errors import Remedy
from bot.relay.holds import Decision
from bot.relay.ids import DeliveryId, Fence, MessageId, PersonId, RoomId
from bot.relay.model import Delivery, DeliveryState, DeliveryWithReceipts, PreparedPart, Sent
from bot.relay.ports.stores import Claim, Counterpart, HeldReaction, Told
from bot.store.group_commit import GroupCommitter
from bot.store.pool import Pool
from bot.store.tables.rows import (
    deliveries_json,
    prepared_json,
    receipts_json,
    sanitize_text,
    to_conversation,
    to_delivery,
    to_told,
)

OPEN = "state IN ('waiting', 'prepared', 'sending')"
IN_LINE = f"{OPEN} AND NOT awaits_approval AND coalesce(not_before <= now(), true)"
ASIDE = "is_late AND prepared IS NULL"  # could not be prepared in time: others pass it while it waits

GAP_HOLDS = "1 minute"  # what was missed goes before what is new, but nothing waits longer for a history

# The first in line. One that waits keeps its place, so nobody behind it is taken; one that is aside holds up nobody.
# What still names a conversation's thread as it was opened is not taken, but renamed: see ``conversations``. Of an
# inbox's roots the earliest goes first, whichever of them is asked for: with 20,000 conversations ``next_root`` takes
# 0.03 ms of the 0.13 to 0.28 ms of a claim, and 0.11 ms of 0.32 where its inbox has 50 roots to post.
CLAIM = f"""
WITH first AS MATERIALIZED (
    SELECT id, retry_at, origin FROM deliveries
    WHERE target = (SELECT next_root(%(target)s)) AND {IN_LINE} AND NOT ({ASIDE} AND coalesce(retry_at > now(), false))
        AND NOT EXISTS (SELECT FROM conversations WHERE opened_as = target AND room <> opened_as)
    ORDER BY ordered_at, position, entered LIMIT 1 FOR UPDATE
)
UPDATE deliveries SET fence = fence + 1, not_before = NULL,
    preparing_since = CASE WHEN prepared IS NULL THEN coalesce(preparing_since, now()) ELSE preparing_since END
FROM first WHERE deliveries.id = first.id AND coalesce(first.retry_at <= now(), true) AND NOT EXISTS (
    SELECT FROM marks WHERE room = first.origin AND has_gap AND gap_since > now() - interval '{GAP_HOLDS}')
RETURNING deliveries.*, now() - accepted_at AS age, now() - preparing_since AS preparing_for,
    now() - sending_since AS searching_for, EXISTS (
        SELECT FROM deliveries AS other
        WHERE other.target = deliveries.target AND {OPEN.replace("state", "other.state")} AND other.is_late
        AND other.prepared IS NULL AND other.ordered_at <= deliveries.ordered_at AND other.id <> deliveries.id
    ) AS has_late,
    (SELECT to_jsonb(conversations) FROM conversations WHERE room = deliveries.target) AS conversation
"""

IS_SEND_OPEN = """
SELECT EXISTS (
    SELECT FROM deliveries WHERE target = %s AND state = 'sending' AND sending_since > now() - interval '2 minutes'
) AS is_open
"""

# Goes behind a statement ``WITH changed AS (... RETURNING *)``.
AND_REFRESH = "SELECT EXISTS (SELECT FROM changed) AS is_ours, request_refresh(ARRAY(SELECT source FROM changed))"

HELD_BY_US = f"id = %(id)s AND fence = %(fence)s AND {OPEN}"

POSTPONE = """
SELECT postpone(%(id)s, %(fence)s, %(wait)s, %(reason)s, %(code)s, %(remedy)s, %(counts)s, %(is_late)s) AS is_ours
"""

# The last look before it leaves: a message of our own that was told before we had recorded it was carried already.
MARK_SENDING = f"""
UPDATE deliveries SET sending_since = now(), retry_at = NULL, prepared = %(prepared)s::jsonb,
    state = CASE WHEN EXISTS (SELECT FROM deliveries AS ours WHERE ours.sent_as = deliveries.source)
        THEN 'cancelled' ELSE 'sending' END
WHERE {HELD_BY_US} RETURNING state = 'sending' AS may_send
"""

SEARCH_LATER = f"""
WITH changed AS (
    UPDATE deliveries SET retry_at = now() + %(wait)s, reason = %(reason)s, code = %(code)s
    WHERE {HELD_BY_US} RETURNING *
)
{AND_REFRESH}
"""

CLOSE = f"""
WITH changed AS (
    UPDATE deliveries SET state = %(state)s, reason = %(reason)s, code = %(code)s, remedy = %(remedy)s, retry_at = NULL,
        parts = CASE %(state)s WHEN 'cancelled' THEN without_content(parts) ELSE without_hints(parts) END,
        next_poll_at = CASE %(state)s WHEN 'unconfirmed' THEN now() + interval '30 seconds' END
    WHERE {HELD_BY_US} RETURNING *
)
{AND_REFRESH}
"""

HELD_EMOJI = """
SELECT emoji FROM reactions WHERE about = %s AND is_held GROUP BY emoji ORDER BY max(at) DESC, emoji
"""

HELD_REACTIONS = "SELECT * FROM reactions WHERE about = ANY (%s) AND is_held ORDER BY about, at"

RECORD = "SELECT record_sent(%s, %s, %s, %s, %s::jsonb, %s) AS is_its_own"

WAKE = """
WITH changed AS (
    UPDATE deliveries SET retry_at = NULL, prepared = coalesce(%(prepared)s::jsonb, prepared),
        state = CASE WHEN %(prepared)s::jsonb IS NULL THEN state ELSE 'prepared' END
    WHERE id = %(id)s AND state = 'waiting'
        AND coalesce(jsonb_array_length(parts) = jsonb_array_length(%(prepared)s::jsonb), true) RETURNING target
)
SELECT EXISTS (SELECT FROM changed) AS is_ours, enqueue_jobs('send_next', ARRAY(SELECT target FROM changed))
"""

RETRY_LATE_FIRST = f"""
WITH late AS (
    UPDATE deliveries SET retry_at = NULL
    WHERE target = %(target)s AND {IN_LINE} AND {ASIDE} AND ordered_at <= %(ordered_at)s AND id <> %(id)s RETURNING id
)
UPDATE deliveries SET state = 'prepared', prepared = %(prepared)s::jsonb
WHERE {HELD_BY_US} AND EXISTS (SELECT FROM late) RETURNING id
"""

# Of two who decide at once the first one does. An hour that has come is nobody's to decide any more.
HELD = "state IN ('waiting', 'prepared') AND (awaits_approval OR not_before > now())"
RELEASE = f"""
WITH changed AS (
    UPDATE deliveries SET awaits_approval = false, not_before = %(until)s, reason = %(reason)s, code = '',
        held_for = coalesce(%(held_for)s, held_for), decided_by = %(by)s
    WHERE id = %(id)s AND {HELD} AND (awaits_approval OR NOT %(is_approval)s) RETURNING *
)
{AND_REFRESH}, enqueue_jobs('send_next', ARRAY(SELECT target FROM changed WHERE not_before IS NULL))
"""
CANCEL_HELD = f"""
WITH changed AS (
    UPDATE deliveries SET state = 'cancelled', reason = '', parts = without_content(parts), decided_by = %(by)s
    WHERE id = %(id)s AND {HELD} RETURNING *
)
{AND_REFRESH}
"""

SAVE_URL = "UPDATE deliveries SET url_token = %s, url_expires_at = now() + %s WHERE id = %s"
BY_URL = f"""
SELECT * FROM deliveries WHERE url_token = %s AND url_expires_at > now() AND (
    {OPEN} OR state = 'recorded' AND NOT EXISTS (
        SELECT FROM receipts WHERE message = deliveries.sent_as AND kind <> 'queued'))
"""

# Whoever stands first in a room since it may go; a send without an answer is searched for as long as it may be.
WAITING_FOR_ROOMS = """
SELECT target, count(*)::int AS number, max(reason) AS reason FROM deliveries
WHERE state IN ('waiting', 'prepared') AND target IN (
    SELECT target FROM deliveries
    WHERE retry_at IS NOT NULL AND state IN ('waiting', 'prepared') AND remedy IN ('invite_bot', 'restore_room'))
GROUP BY target ORDER BY target
"""
# A room that is back brings its conversations back with it.
RETRY_ROOMS = """
WITH changed AS (
    UPDATE deliveries SET retry_at = NULL
    WHERE retry_at IS NOT NULL AND state IN ('waiting', 'prepared') AND remedy IN ('invite_bot', 'restore_room')
        AND (target = ANY (%(rooms)s)
            OR target IN (SELECT room FROM conversations WHERE inbox = ANY (%(rooms)s) AND ended_at IS NULL))
    RETURNING target
)
SELECT enqueue_jobs('send_next', ARRAY(SELECT DISTINCT target FROM changed))
"""
OLDEST_DUE = f"""
SELECT extract(epoch FROM now() - min(since))::float AS age_s FROM (
    SELECT DISTINCT ON (target) greatest(accepted_at, not_before, sending_since + %s) AS since
    FROM deliveries WHERE {IN_LINE} AND NOT is_late ORDER BY target, ordered_at, position, entered
) AS first WHERE since <= now()
"""


class DeliveryTable:
    """The relay's ``DeliveryStore``, and what an operator asks of it."""

    def __init__(self, pool: Pool, accepting: GroupCommitter[Sequence[Delivery], Sequence[DeliveryId]]) -> None:
        self._pool = pool
        self._accepting = accepting

    async def accept(self, deliveries: Sequence[Delivery]) -> Sequence[DeliveryId]:
        return await self._accepting.write(deliveries) if deliveries else ()

    async def accept_reaction(
        self, deliveries: Sequence[Delivery], *, replaces_former: bool, told: Told
    ) -> Sequence[DeliveryId]:
        row = await self._pool.row(
            "SELECT accept_reaction(%s::jsonb, %s, %s) AS new", (deliveries_json(deliveries), replaces_former, told)
        )
        return row["new"] if row else ()

    async def accept_edit(self, deliveries: Sequence[Delivery], *, if_carried: bool) -> Sequence[DeliveryId]:
        row = await self._pool.row(
            "SELECT accept_edit(%s::jsonb, %s) AS new", (deliveries_json(deliveries), if_carried)
        )
        return row["new"] if row else ()

    async def counterpart(self, message: MessageId, room: RoomId) -> Counterpart | None:
        row = await self._pool.row("SELECT * FROM counterpart(%s, %s)", (message, room))
        return Counterpart(row["message"], row["thread"]) if row else None

    async def follow_message(self, delivery: Delivery) -> None:
        await self._pool.rows("SELECT follow_message(%s, %s)", (delivery.id, delivery.fence))

    async def is_send_open(self, room: RoomId) -> bool:
        row = await self._pool.row(IS_SEND_OPEN, (room,))
        return row is not None and bool(row["is_open"])

    async def held_emoji(self, message: MessageId) -> Sequence[str]:
        return [row["emoji"] for row in await self._pool.rows(HELD_EMOJI, (message,))]

    async def held_reactions(self, messages: Sequence[MessageId]) -> Sequence[HeldReaction]:
        rows = await self._pool.rows(HELD_REACTIONS, (list(messages),))
        return [HeldReaction(row["about"], row["part"], row["person"], row["emoji"], row["at"]) for row in rows]

    async def claim(self, target: RoomId) -> Claim | None:
        row = await self._pool.row(CLAIM, {"target": target})
        if row is None:
            return None
        zero = timedelta()
        return Claim(
            to_delivery(row),
            row["age"],
            row["preparing_for"] or zero,
            row["searching_for"] or zero,
            row["has_late"],
            to_conversation(row["conversation"]) if row["conversation"] else None,
        )

    async def postpone(
        self,
        delivery: DeliveryId,
        fence: Fence,
        *,
        wait: timedelta,
        reason: str,
        code: str,
        remedy: Remedy,
        counts: bool,
        is_late: bool,
    ) -> bool:
        said = {"wait": wait, "reason": reason, "code": code, "remedy": remedy, "counts": counts, "is_late": is_late}
        return await self._change(POSTPONE, id=delivery, fence=fence, **said)

    async def mark_sending(self, delivery: DeliveryId, fence: Fence, prepared: Sequence[PreparedPart]) -> bool:
        row = await self._pool.row(MARK_SENDING, {"id": delivery, "fence": fence, "prepared": prepared_json(prepared)})
        return bool(row and row["may_send"])

    async def search_later(
        self, delivery: DeliveryId, fence: Fence, *, wait: timedelta, reason: str, code: str
    ) -> None:
        await self._change(SEARCH_LATER, id=delivery, fence=fence, wait=wait, reason=reason, code=code)

    async def close(
        self, delivery: DeliveryId, fence: Fence, state: DeliveryState, *, reason: str, code: str, remedy: Remedy
    ) -> bool:
        return await self._change(
            CLOSE, id=delivery, fence=fence, state=state.value, reason=reason, code=code, remedy=remedy
        )

    async def record(self, delivery: DeliveryId, sent: Sent, *, poll: bool) -> bool:
        """Store the message's id, and what the network said of it with the same breath."""
        first = receipts_json([sent.receipt] if sent.receipt else [])
        message = sent.message and sanitize_text(sent.message)
        given = (delivery, message, sent.thread, sanitize_text(sent.trace_id), first, poll)
        row = await self._pool.row(RECORD, given)
        return bool(row and row["is_its_own"])

    async def wake(self, delivery: DeliveryId, prepared: Sequence[PreparedPart] | None) -> bool:
        return await self._change(WAKE, id=delivery, prepared=None if prepared is None else prepared_json(prepared))

    async def retry_late_first(self, delivery: Delivery, prepared: Sequence[PreparedPart]) -> bool:
        held = {"id": delivery.id, "fence": delivery.fence, "target": delivery.target}
        given = {**held, "ordered_at": delivery.ordered_at, "prepared": prepared_json(prepared)}
        return await self._pool.row(RETRY_LATE_FIRST, given) is not None

    async def approve(self, delivery: DeliveryId, decision: Decision, *, by: PersonId) -> bool:
        return await self._release(delivery, decision, by, is_approval=True)

    async def reschedule(self, delivery: DeliveryId, decision: Decision, *, by: PersonId) -> bool:
        return await self._release(delivery, decision, by, is_approval=False)

    async def _release(self, delivery: DeliveryId, decision: Decision, by: PersonId, *, is_approval: bool) -> bool:
        held = {"until": decision.until, "held_for": decision.held_for or None, "reason": decision.reason}
        return await self._change(RELEASE, id=delivery, by=by, is_approval=is_approval, **held)

    async def dismiss(self, delivery: DeliveryId, *, by: PersonId) -> bool:
        return await self._change(CANCEL_HELD, id=delivery, by=by)

    async def withdraw(self, message: MessageId, rooms: Sequence[RoomId], kept: Sequence[str]) -> Sequence[PersonId]:
        row = await self._pool.row("SELECT withdraw(%s, %s, %s) AS late", (message, list(rooms), list(kept)))
        return row["late"] if row else ()

    async def retry_rooms(self, rooms: Sequence[RoomId]) -> None:
        await self._pool.rows(RETRY_ROOMS, {"rooms": list(rooms)})

    async def save_temporary_url(self, delivery: DeliveryId, token: str, valid_for: timedelta) -> None:
        await self._pool.rows(SAVE_URL, (_digest(token), valid_for, delivery))

    async def by_temporary_url(self, token: str) -> Delivery | None:
        row = await self._pool.row(BY_URL, (_digest(token),))
        return to_delivery(row) if row else None

    async def mark_fetched(self, delivery: DeliveryId) -> None:
        await self._pool.rows("UPDATE deliveries SET fetched_at = now() WHERE id = %s", (delivery,))

    async def find(self, delivery: DeliveryId) -> DeliveryWithReceipts | None:
        found = await self._told("id = %s", delivery)
        return found[0] if found else None

    async def of_message(self, message: MessageId) -> Sequence[DeliveryWithReceipts]:
        return await self._told("source = %s AND NOT is_replaced ORDER BY position, ordered_at, entered", message)

    async def recent(self, limit: int) -> Sequence[DeliveryWithReceipts]:
        """The deliveries accepted last, newest first."""
        return await self._told("true ORDER BY accepted_at DESC, entered DESC LIMIT %s", limit)

    async def oldest_due(self, search_timeout: timedelta) -> float:
        """For how many seconds the first delivery of some room should have been done with; 0: none waits."""
        row = await self._pool.row(OLDEST_DUE, (search_timeout,))
        return max(0.0, float(row["age_s"])) if row and row["age_s"] is not None else 0.0

    async def waiting_for_rooms(self) -> Sequence[tuple[RoomId, int, str]]:
        """Rooms that cannot be sent into until a person acts, how many deliveries wait for each, and why."""
        rows = await self._pool.rows(WAITING_FOR_ROOMS)
        return [(row["target"], row["number"], row["reason"]) for row in rows]

    async def _told(self, which: str, *params: object) -> Sequence[DeliveryWithReceipts]:
        rows = await self._pool.rows(f"SELECT * FROM deliveries_with_receipts WHERE {which}", params)
        return [to_told(row) for row in rows]

    async def _change(self, sql: str, **params: object) -> bool:
        """Change deliveries with all that follows; False when none was ours to change, or is to go on."""
        clean = {name: sanitize_text(value) if isinstance(value, str) else value for name, value in params.items()}
        row = await self._pool.row(sql, clean)
        return bool(row and row.get("is_ours"))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
