"""Erasure: all that is stored about one person, and which uploads are there to be deleted at their network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.relay.ids import MediaRef, PersonId, RoomId
from bot.relay.ports.audit import COMMAND_LINE
from bot.store.pool import Pool
from bot.store.pool import rows as run

# Media of theirs and of ours, as far as rows still name it.
MEDIA_OF = """
SELECT media FROM uploads WHERE room = ANY (%(rooms)s)
UNION SELECT part ->> 'media' FROM deliveries, jsonb_array_elements(parts) AS part
WHERE (origin = ANY (%(rooms)s) OR sender = %(person)s) AND part ? 'media'
"""
UNNAME = "UPDATE conversations SET contact_id = NULL WHERE contact_id = %s"  # of groups; their own ones go
FORGET = "SELECT forget_person(%s, %s, %s) AS erased"
NOTE = "INSERT INTO audit (act, actor, detail) VALUES ('forget', %s, jsonb_build_object('deliveries', %s::bigint))"
# An upload that may still be sent stays.
DUE_UPLOADS = """
SELECT media FROM uploads WHERE uploaded_at < now() - %(age)s AND starts_with(media, %(network)s) AND NOT EXISTS (
    SELECT FROM deliveries WHERE id = uploads.delivery AND state IN ('waiting', 'prepared', 'sending'))
ORDER BY uploaded_at LIMIT %(batch)s
"""
DELETED = "DELETE FROM uploads WHERE media = %s"


@dataclass(frozen=True)
class ErasedRows:
    """``links``: the rooms of the team whose links went with it. ``being_sent``: deliveries that had to stay."""

    deliveries: int
    links: Sequence[RoomId]
    being_sent: int


class ErasureTable:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def media_of(self, person: PersonId, rooms: Sequence[RoomId]) -> Sequence[MediaRef]:
        """What went into their direct chats ``rooms``, and what they sent anywhere."""
        found = await self._pool.rows(MEDIA_OF, {"rooms": list(rooms), "person": person})
        return [MediaRef(row["media"]) for row in found]

    async def forget(self, person: PersonId, rooms: Sequence[RoomId], names: Sequence[str]) -> ErasedRows:
        """Erase it in one transaction, and say in the audit that somebody was forgotten, not who."""
        async with self._pool.transaction() as connection:
            [row] = await run(connection, FORGET, (person, list(rooms), list(names)))
            erased = ErasedRows(**row["erased"])
            await run(connection, UNNAME, (person,))
            await run(connection, NOTE, (COMMAND_LINE, erased.deliveries))
        return erased

    async def due_uploads(self, network: str, age: timedelta, limit: int) -> Sequence[MediaRef]:
        """Uploads to this network that are older, and that no delivery needs any more; the oldest first."""
        found = await self._pool.rows(DUE_UPLOADS, {"network": f"{network}:", "age": age, "batch": limit})
        return [MediaRef(row["media"]) for row in found]

    async def upload_deleted(self, media: MediaRef) -> None:
        await self._pool.rows(DELETED, (media,))
