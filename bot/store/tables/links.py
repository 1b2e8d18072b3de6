"""Links: one peer for each room of the team. One made by a person lies over one from the links file."""

from collections.abc import Sequence
from datetime import datetime

from bot.relay.ids import RoomId
from bot.relay.rooms import Link, RoomHealth
from bot.store.group_commit import GroupCommitter
from bot.store.pool import Connection, Pool, rows
from bot.store.tables.rows import sanitize_text, settings_json, to_link

ALL = """
SELECT DISTINCT ON (room) links.*, is_line_at_risk(links) AS is_line_at_risk FROM links ORDER BY room, from_file
"""
SAVE = """
INSERT INTO links (room, peer, label, made_by, settings, is_group, is_inbox, line, spoken_at, from_file)
VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s, %s)
ON CONFLICT (room, from_file) DO UPDATE SET label = excluded.label, made_by = excluded.made_by,
    settings = excluded.settings, is_group = excluded.is_group OR links.is_group AND links.peer = excluded.peer,
    is_inbox = excluded.is_inbox,
    line = coalesce(excluded.line, CASE WHEN excluded.peer IN (links.peer, links.moved_from) THEN links.line END),
    peer = CASE WHEN links.moved_from = excluded.peer THEN links.peer ELSE excluded.peer END,
    made_at = CASE WHEN excluded.peer IN (links.peer, links.moved_from) THEN links.made_at ELSE now() END,
    heard_since = CASE WHEN excluded.peer IN (links.peer, links.moved_from) THEN links.heard_since END,
    spoken_at = CASE WHEN excluded.peer IN (links.peer, links.moved_from) THEN links.spoken_at END,
    health = CASE WHEN excluded.peer IN (links.peer, links.moved_from) THEN links.health ELSE '' END
"""
# The threads of an inbox take its settings.
SETTLE = "UPDATE links SET settings = %s::jsonb WHERE inbox = %s"
LEARN = "UPDATE links SET peer_key = %s, is_group = %s, line = %s WHERE peer = %s"
LEARN_HEALTH = """
UPDATE links SET health = %(health)s, health_at = %(at)s
WHERE peer = %(peer)s AND health <> %(health)s AND coalesce(health_at < %(at)s, true)
"""
FOLLOW = """
WITH moved AS (
    UPDATE links SET peer = %(peer)s, moved_from = coalesce(moved_from, peer)
    WHERE peer_key = %(key)s AND peer <> %(peer)s RETURNING room, inbox
), followed AS (
    UPDATE conversations SET peer = %(peer)s WHERE room = ANY (ARRAY(SELECT room FROM moved WHERE inbox IS NOT NULL))
), marked AS (
    INSERT INTO marks (room) SELECT %(peer)s WHERE EXISTS (SELECT FROM moved) ON CONFLICT (room) DO NOTHING
)
SELECT room FROM moved
"""
# Nothing from before the link is carried, and all from then on.
MARK = """
INSERT INTO marks (room) SELECT unnest(%s::text[]) ON CONFLICT (room) DO UPDATE SET read_up_to = now()
WHERE NOT EXISTS (SELECT FROM links WHERE links.room = marks.room OR peer = marks.room)
"""
# A conversation of an inbox rests while its chat has a link of its own, and goes on when that is gone.
LEAVE_THREAD = """
WITH former AS (
    SELECT links.* FROM links JOIN conversations USING (room, peer)
    WHERE peer = %(peer)s AND room <> %(room)s AND ended_at IS NULL
), heard AS (
    UPDATE links SET heard_since = coalesce(links.heard_since, former.heard_since, former.made_at)
    FROM former WHERE links.room = %(room)s AND links.peer = former.peer
)
SELECT move_unsent(peer, room, %(room)s) FROM former
"""
RETURN_TO_THREAD = """
SELECT move_unsent(peer, %(room)s, room) FROM conversations
WHERE peer = %(peer)s AND ended_at IS NULL AND closed_at IS NULL
    AND NOT EXISTS (SELECT FROM links WHERE links.peer = conversations.peer AND links.inbox IS NULL)
"""
# What was said while another link lay over the one from the links file is none of that one's.
REMOVE = """
WITH shown_again AS (
    UPDATE links SET made_at = now() WHERE room = %(room)s AND from_file
        AND EXISTS (SELECT FROM links AS over WHERE over.room = %(room)s AND NOT over.from_file)
)
DELETE FROM links WHERE room = %(room)s AND NOT from_file RETURNING *
"""
REMOVE_OTHERS = "DELETE FROM links WHERE from_file AND NOT room = ANY (%s)"
COUNT_OPEN = "SELECT count(*) AS open FROM deliveries WHERE target = %s AND state IN ('waiting', 'prepared', 'sending')"


class LinkTable:
    """The relay's ``LinkStore``."""

    def __init__(self, pool: Pool, looking_up: GroupCommitter[Sequence[RoomId], Sequence[Link]]) -> None:
        self._pool = pool
        self._looking_up = looking_up

    async def of(self, rooms: Sequence[RoomId]) -> Sequence[Link]:
        """Asked for every event: what is asked at the same time is one query."""
        return await self._looking_up.write(rooms)

    async def save(self, link: Link) -> None:
        async with self._pool.transaction() as connection:
            await save_link(connection, link, from_file=False)

    async def learn(self, peer: RoomId, *, key: str, is_group: bool, line: RoomId | None) -> None:
        await self._pool.rows(LEARN, (key, is_group, line, peer))

    async def learn_health(self, peer: RoomId, health: RoomHealth, at: datetime) -> None:
        await self._pool.rows(LEARN_HEALTH, {"peer": peer, "health": health, "at": at})

    async def follow(self, key: str, peer: RoomId) -> bool:
        return await self._pool.row(FOLLOW, {"key": key, "peer": peer}) is not None

    async def remove(self, room: RoomId) -> Link | None:
        """Take back the link made by a person; one from the links file shows again from under it."""
        async with self._pool.transaction() as connection:
            removed = [to_link(row) for row in await rows(connection, REMOVE, {"room": room})]
            for link in removed:
                await rows(connection, RETURN_TO_THREAD, {"room": link.room, "peer": link.peer})
        return removed[0] if removed else None

    async def all(self) -> Sequence[Link]:
        return [to_link(row) for row in await self._pool.rows(ALL)]

    async def count_open(self, target: RoomId) -> int:
        row = await self._pool.row(COUNT_OPEN, (target,))
        return int(row["open"]) if row else 0

    async def replace_file_links(self, links: Sequence[Link]) -> None:
        """Make these, and no others, the links of the links file."""
        async with self._pool.transaction() as connection:
            await rows(connection, REMOVE_OTHERS, ([link.room for link in links],))
            for link in links:
                await save_link(connection, link, from_file=True)


async def save_link(connection: Connection, link: Link, *, from_file: bool) -> None:
    await rows(connection, MARK, ([link.room, link.peer],))
    await rows(connection, SAVE, _link_row(link, from_file=from_file))
    await rows(connection, LEAVE_THREAD, {"room": link.room, "peer": link.peer})
    if link.is_inbox:
        await rows(connection, SETTLE, (settings_json(link.settings), link.room))


def _link_row(link: Link, *, from_file: bool) -> tuple[object, ...]:
    settings = settings_json(link.settings)
    return (
        link.room,
        link.peer,
        sanitize_text(link.label),
        link.made_by,
        settings,
        link.is_group,
        link.is_inbox,
        link.line,
        link.spoken_at,
        from_file,
    )
