"""Links: one chat per channel. One made in Slack lies over one from the links file."""

from collections.abc import Sequence

from bot.relay.model import ChannelId, ChatId, Link
from bot.store.pool import Pool, rows
from bot.store.rows import storable, to_link

LINKED = "SELECT DISTINCT ON (channel) * FROM links {which} ORDER BY channel, from_file"
SAVE = """
INSERT INTO links (channel, chat, label, made_by, from_file) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (channel, from_file)
DO UPDATE SET chat = excluded.chat, label = excluded.label, made_by = excluded.made_by, made_at = now()
"""
REMOVE = "DELETE FROM links WHERE channel = %s AND NOT from_file RETURNING *"
OPEN_IN = "SELECT count(*) AS open FROM deliveries WHERE chat = %s AND step IN ('waiting', 'prepared', 'sending')"


class Links:
    """The relay's ``LinkStore``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def linked(self, channel: ChannelId) -> Link | None:
        row = await self._pool.row(LINKED.format(which="WHERE channel = %s"), (channel,))
        return to_link(row) if row else None

    async def save(self, link: Link) -> None:
        await self._pool.rows(SAVE, _row(link, from_file=False))

    async def remove(self, channel: ChannelId) -> Link | None:
        """Take back the link made in Slack; one from the links file shows again from under it."""
        row = await self._pool.row(REMOVE, (channel,))
        return to_link(row) if row else None

    async def all(self) -> Sequence[Link]:
        return [to_link(row) for row in await self._pool.rows(LINKED.format(which=""))]

    async def open_in(self, chat: ChatId) -> int:
        row = await self._pool.row(OPEN_IN, (chat,))
        return int(row["open"]) if row else 0

    async def lay_under(self, links: Sequence[Link]) -> None:
        """Make these, and no others, the links of the links file."""
        async with self._pool.transaction() as connection:
            await rows(connection, "DELETE FROM links WHERE from_file")
            for link in links:
                await rows(connection, SAVE, _row(link, from_file=True))


def _row(link: Link, *, from_file: bool) -> tuple[object, ...]:
    return (link.channel, link.chat, storable(link.label), link.made_by, from_file)
