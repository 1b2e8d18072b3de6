"""People at the other end: their handles and names stand here and nowhere else."""

from collections.abc import Collection, Mapping

from bot.relay.ids import PersonId, RoomId
from bot.relay.model import Author
from bot.store.pool import Pool
from bot.store.tables.rows import sanitize_text

SAVE_HANDLE = "INSERT INTO people (id, handle) VALUES (%s, %s) ON CONFLICT DO NOTHING"
SAVE_CARD = """
INSERT INTO people (id, handle, name) VALUES (%s, %s, %s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, updated_at = now()
"""
NAMES = "SELECT id, name FROM people WHERE id = ANY (%s) AND name <> ''"
AUTHOR = """
SELECT name, handle, (
    SELECT label FROM links WHERE peer = %(room)s AND NOT is_group ORDER BY from_file LIMIT 1) AS label
FROM people WHERE id = %(person)s
"""


class PersonTable:
    """The relay's ``PeopleStore``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save_handle(self, person: PersonId, handle: str) -> None:
        """Told with every message, stored with the first one. None is remembered here: whom an operator forgot at the
        command line may write again."""
        await self._pool.rows(SAVE_HANDLE, (person, sanitize_text(handle)))

    async def save_card(self, person: PersonId, handle: str, name: str, photo_url: str = "") -> None:
        """The photo's address expires within the hour and is Linq's own, so it is neither kept nor shown."""
        del photo_url
        await self._pool.rows(SAVE_CARD, (person, sanitize_text(handle), sanitize_text(name)))

    async def names(self, persons: Collection[PersonId]) -> Mapping[PersonId, str]:
        return {row["id"]: row["name"] for row in await self._pool.rows(NAMES, (list(persons),))}

    async def author(self, person: PersonId, room: RoomId) -> Author | None:
        row = await self._pool.row(AUTHOR, {"person": person, "room": room})
        return Author(row["name"] or row["label"] or row["handle"]) if row else None
