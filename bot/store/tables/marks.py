"""Marks: up to where each linked room's history is known to have been told."""

from collections.abc import Sequence
from datetime import timedelta

from bot.relay.ids import MessageId, RoomId
from bot.relay.ports.room_stores import HistoryMark
from bot.store.pool import Pool
from bot.store.tables.rows import sanitize_text

# A room whose link is new is read from when it was linked; one that was linked before there were marks, from now on.
OPEN_GAPS = """
INSERT INTO marks (room, has_gap, gap_since)
SELECT DISTINCT unnest(ARRAY[room, peer]), true, now() FROM links WHERE NOT EXISTS (
    SELECT FROM conversations WHERE conversations.room = links.room AND closed_at IS NOT NULL)
ON CONFLICT (room) DO UPDATE SET has_gap = true, gap_since = now(), cursor = '', pass_began = NULL,
    leased_until = '-infinity'
"""
OPEN_GAP = """
UPDATE marks SET has_gap = true, gap_since = now(), cursor = '', pass_began = NULL, leased_until = '-infinity'
WHERE room = ANY (%s)
"""
# Whose turn it is: the first of these that there is, and of each the one that has waited longest. Each goes by index:
# the 2,000 rooms of a thousand links, sorted as a whole, took 11 ms every time, and so they cost no more than one.
HAS_GAP, IS_DUE = "has_gap", "NOT has_gap AND checked_at < now() - %(interval)s"
HAS_TO_SEND = "room IN (SELECT origin FROM deliveries WHERE state IN ('waiting', 'prepared', 'sending'))"
IS_INBOX = "room IN (SELECT unnest(ARRAY[room, peer]) FROM links WHERE is_inbox)"
TURNS = (
    (f"{HAS_GAP} AND {HAS_TO_SEND}", "leased_until, checked_at"),
    (f"{HAS_GAP} AND {IS_INBOX}", "leased_until, checked_at"),
    (HAS_GAP, "leased_until, checked_at"),
    (f"{IS_DUE} AND {IS_INBOX}", "checked_at"),
    (IS_DUE, "checked_at"),
)
FIRST_OF = """(
    SELECT room FROM marks WHERE {which} AND leased_until < now() AND starts_with(room, %(network)s)
    AND EXISTS (SELECT FROM links WHERE links.room = marks.room OR peer = marks.room)
    ORDER BY {order} LIMIT 1 FOR UPDATE SKIP LOCKED)"""
# Who dies leaves its lease standing, so it is short. Who is slower than that reads what another one reads, too, which
# does no harm: the id is the cause, and a pass is known by when it began. Rooms with a gap are read in turn, a page of
# each, as each holds up its sends for a minute at most, and the threads of one channel would use up the minute of
# another. The others finish what they began: of a thousand rooms some would always be before them.
LEASE = f"""
UPDATE marks SET leased_until = now() + interval '10 seconds', pass_began = coalesce(pass_began, now())
WHERE room = coalesce({", ".join(FIRST_OF.format(which=which, order=order) for which, order in TURNS)})
RETURNING *
"""
# A pass that a new gap has interrupted begins again: what it read before the gap proves nothing of it.
SAVE_CURSOR = "UPDATE marks SET cursor = %s, leased_until = now() WHERE room = %s AND pass_began = %s"
FINISH = """
WITH finished AS (
    UPDATE marks SET read_up_to = greatest(read_up_to, pass_began), pass_began = NULL, cursor = '', has_gap = false,
        gap_since = NULL, checked_at = now(), leased_until = '-infinity'
    WHERE room = %(room)s AND pass_began = %(pass_began)s RETURNING room
)
SELECT enqueue_jobs('send_next', ARRAY(
    SELECT DISTINCT target FROM deliveries JOIN finished ON origin = room
    WHERE state IN ('waiting', 'prepared', 'sending')))
"""
POSTPONE = "UPDATE marks SET leased_until = now() + %s WHERE room = %s AND pass_began = %s"
OPEN_SOURCES = """
SELECT DISTINCT source FROM deliveries JOIN marks ON origin = room
WHERE room = %s AND state IN ('waiting', 'prepared') AND NOT is_explicit AND accepted_at < gap_since
"""
OLDEST = """
SELECT extract(epoch FROM now() - min(read_up_to))::float AS age_s FROM marks
WHERE EXISTS (SELECT FROM links WHERE links.room = marks.room OR peer = marks.room)
"""


class MarkTable:
    """The relay's ``MarkStore``, and what readiness shows of it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def open_gaps(self) -> None:
        await self._pool.rows(OPEN_GAPS)

    async def open_gap(self, rooms: Sequence[RoomId]) -> None:
        await self._pool.rows(OPEN_GAP, ([sanitize_text(room) for room in rooms],))

    async def lease(self, interval: timedelta, network: str = "") -> HistoryMark | None:
        row = await self._pool.row(LEASE, {"network": f"{network}:" if network else "", "interval": interval})
        if row is None:
            return None
        return HistoryMark(RoomId(row["room"]), row["read_up_to"], row["pass_began"], row["cursor"], row["has_gap"])

    async def save_cursor(self, mark: HistoryMark, cursor: str) -> None:
        await self._pool.rows(SAVE_CURSOR, (cursor, mark.room, mark.pass_began))

    async def finish_pass(self, mark: HistoryMark) -> None:
        await self._pool.rows(FINISH, {"room": mark.room, "pass_began": mark.pass_began})

    async def postpone_pass(self, mark: HistoryMark, wait: timedelta) -> None:
        await self._pool.rows(POSTPONE, (wait, mark.room, mark.pass_began))

    async def open_sources(self, room: RoomId) -> Sequence[MessageId]:
        return [MessageId(row["source"]) for row in await self._pool.rows(OPEN_SOURCES, (room,))]

    async def oldest_age(self) -> float:
        """For how many seconds some linked room may have been saying something that nobody told; 0: there is none."""
        row = await self._pool.row(OLDEST)
        return float(row["age_s"]) if row and row["age_s"] is not None else 0.0
