"""Conversations of inboxes, and chats that nobody listens to. All times are the server's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.relay.errors import RetryLater
from bot.relay.ids import MessageId, PersonId, RoomId
from bot.relay.model import Delivery, Message
from bot.relay.rooms import Conversation, Link, UnheardRoom
from bot.store.pool import Pool, rows
from bot.store.tables.ingest import ACCEPT
from bot.store.tables.links import save_link
from bot.store.tables.rows import deliveries_json, to_conversation

GO_ON = """
SELECT continue_conversation(%(chat)s, %(at)s, %(inbox)s, %(new)s, %(line)s, %(within)s, %(is_group)s,
    %(contact)s) WHERE NOT is_known(%(message)s)
"""
OF = "SELECT * FROM conversations WHERE room = %s"
# What was accepted while the thread got its name may still name it as it was opened.
DUE = """
WITH named AS (SELECT room FROM conversations WHERE opened_as = %(room)s AND root IS NOT NULL), followed AS (
    UPDATE deliveries SET target = (SELECT room FROM named)
    WHERE target = %(room)s AND state IN ('waiting', 'prepared', 'sending') AND EXISTS (SELECT FROM named)
    RETURNING target
)
SELECT conversations.*, enqueue_jobs('send_next', ARRAY(SELECT DISTINCT target FROM followed))
FROM (SELECT) AS always LEFT JOIN conversations ON room = %(room)s AND refresh_at <= now() AND root IS NOT NULL
"""
# What has changed since it was read is shown ten seconds from now.
SHOWN = """
UPDATE conversations SET shown_at = now(), refresh_at = CASE WHEN refresh_at = %s THEN NULL ELSE next_refresh(now()) END
WHERE room = %s
"""
POSTPONE = "UPDATE conversations SET refresh_at = now() + %s WHERE room = %s"
# Goes behind a statement that changes one conversation.
CHANGE = """
WITH changed AS ({change} RETURNING room)
SELECT EXISTS (SELECT FROM changed) AS has_changed, enqueue_jobs('send_next', ARRAY(SELECT room FROM changed))
"""
AGAIN = "refresh_at = next_refresh(shown_at)"
TAKE = f"UPDATE conversations SET taken_by = %(by)s, {AGAIN} WHERE room = %(room)s AND taken_by IS NULL"
TAKEN_BY = "SELECT taken_by FROM conversations WHERE room = %s"
RELEASE = f"UPDATE conversations SET taken_by = NULL, {AGAIN} WHERE room = %(room)s AND taken_by IS NOT NULL"
CLOSE = f"""
UPDATE conversations SET closed_at = now(), waiting_since = NULL, taken_by = NULL, {AGAIN}
WHERE room = %(room)s AND closed_at IS NULL
"""
REOPEN = f"UPDATE conversations SET closed_at = NULL, {AGAIN} WHERE room = %(room)s AND closed_at IS NOT NULL"
BLOCK = f"""
UPDATE conversations SET blocked_at = CASE WHEN %(is_blocked)s THEN now() END, {AGAIN}
WHERE peer = %(peer)s AND ended_at IS NULL
"""
# A closed conversation is read once more: something may have been said in it that no event has told. What is sent
# meanwhile does not wait for that; see ``forget_closed_mark``.
READ_ONCE_MORE = """
UPDATE marks SET has_gap = true FROM conversations
WHERE conversations.room = %s AND closed_at IS NOT NULL AND marks.room IN (conversations.room, peer)
"""
REMARK = "SELECT mark_conversation(%s)"
HOLD_OPEN = "SELECT room FROM conversations WHERE room = %s AND ended_at IS NULL FOR UPDATE"
IS_POSTING = "SELECT 1 AS one FROM deliveries WHERE target = %s AND state = 'sending' LIMIT 1"
IS_BEGINNING = """
SELECT 1 AS one FROM conversations WHERE root IS NULL AND ended_at IS NULL AND coalesce(inbox = %(inbox)s, true)
    AND EXISTS (SELECT FROM deliveries WHERE target = room AND state = 'sending') LIMIT 1
"""
IS_NEWS = "INSERT INTO messages (id, accepted_at) VALUES (%s, now()) ON CONFLICT DO NOTHING RETURNING id"
NOTE_UNHEARD = """
INSERT INTO unheard (room, line, first_at, last_at, last) VALUES (%(room)s, %(line)s, now(), now(), %(message)s)
ON CONFLICT (room) DO UPDATE SET last_at = now(), messages = unheard.messages + 1, last = excluded.last
WHERE unheard.last <> excluded.last
"""
UNHEARD = """
SELECT * FROM unheard WHERE NOT EXISTS (SELECT FROM links WHERE peer = unheard.room) ORDER BY last_at DESC, room
"""

FIRST_ANSWER = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - began_at)) AS median_s
FROM conversations WHERE began_at > now() - interval '1 day' AND answered_at IS NOT NULL
"""
IN_ROOMS = """
SELECT conversations.*, shown_contact(conversations) AS contact FROM conversations
WHERE room = ANY (%(rooms)s) OR peer = ANY (%(rooms)s) AND ended_at IS NULL
"""


class ConversationTable:
    """The relay's ``ConversationStore``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def go_on(self, message: Message, inbox: RoomId | None, new_room: RoomId | None) -> None:
        chat = {"chat": message.room, "at": message.sent_at, "inbox": inbox, "new": new_room}
        place = {"line": message.line, "within": list(message.within), "is_group": message.is_in_group}
        said = {"contact": message.sender, "message": message.id}
        await self._pool.rows(GO_ON, chat | place | said)

    async def of(self, room: RoomId) -> Conversation | None:
        row = await self._pool.row(OF, (room,))
        return to_conversation(row) if row else None

    async def move_root(self, conversation: Conversation, inbox: RoomId, new_room: RoomId) -> None:
        await self._pool.rows("SELECT move_root(%s, %s, %s)", (conversation.room, inbox, new_room))

    async def due(self, room: RoomId) -> Conversation | None:
        row = await self._pool.row(DUE, {"room": room})
        return to_conversation(row) if row and row["room"] else None

    async def shown(self, conversation: Conversation) -> None:
        await self._pool.rows(SHOWN, (conversation.refresh_at, conversation.room))

    async def postpone(self, conversation: Conversation, wait: timedelta) -> None:
        await self._pool.rows(POSTPONE, (wait, conversation.room))

    async def take(self, room: RoomId, by: PersonId) -> PersonId | None:
        await self._change(TAKE, room=room, by=by)
        row = await self._pool.row(TAKEN_BY, (room,))
        return row["taken_by"] if row else None

    async def release(self, room: RoomId) -> None:
        await self._change(RELEASE, room=room)

    async def close(self, room: RoomId) -> None:
        await self._change(CLOSE, room=room)
        await self._pool.rows(READ_ONCE_MORE, (room,))

    async def reopen(self, room: RoomId) -> None:
        await self._pool.rows(REMARK, (room,))
        await self._change(REOPEN, room=room)

    async def set_blocked(self, peer: RoomId, *, is_blocked: bool) -> None:
        await self._change(BLOCK, peer=peer, is_blocked=is_blocked)

    async def move(self, conversation: Conversation, link: Link, line: Delivery) -> bool:
        async with self._pool.transaction() as connection:
            if not await rows(connection, HOLD_OPEN, (conversation.room,)):
                return False
            await save_link(connection, link, from_file=False)
            if await rows(connection, IS_POSTING, (conversation.room,)):
                raise RetryLater("Something is being posted in this thread just now.")
            await rows(connection, "SELECT end_conversation(%s)", (conversation.room,))
            await rows(connection, ACCEPT, (deliveries_json([line]),))
        return True

    async def is_beginning(self, inbox: RoomId | None = None) -> bool:
        return await self._pool.row(IS_BEGINNING, {"inbox": inbox}) is not None

    async def is_news(self, message: MessageId) -> bool:
        return await self._pool.row(IS_NEWS, (message,)) is not None

    async def note_unheard(self, message: Message) -> None:
        line = message.within[0]
        await self._pool.rows(NOTE_UNHEARD, {"room": message.room, "line": line, "message": message.id})

    async def unheard(self) -> Sequence[UnheardRoom]:
        return [
            UnheardRoom(row["room"], row["line"], row["first_at"], row["last_at"], row["messages"])
            for row in await self._pool.rows(UNHEARD)
        ]

    async def first_answer_s(self) -> float:
        """How long those of the last day waited for their first answer: the median, 0 where none was answered."""
        row = await self._pool.row(FIRST_ANSWER)
        return float(row["median_s"] or 0.0) if row else 0.0

    async def in_rooms(self, rooms: Sequence[RoomId]) -> Mapping[RoomId, Conversation]:
        """Conversations by their threads and by their chats, each with its contact as people read it."""
        found = [to_conversation(row) for row in await self._pool.rows(IN_ROOMS, {"rooms": list(rooms)})]
        return {room: each for each in found for room in (each.room, each.peer)}

    async def _change(self, change: str, **params: object) -> None:
        await self._pool.rows(CHANGE.format(change=change), params)
