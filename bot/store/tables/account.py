"""What a network tells of our account: how its lines stand, and which of its keys will expire."""

from collections.abc import Sequence
from datetime import datetime

from bot.relay.ids import RoomId
from bot.store.pool import Pool

# What is read again says nothing of ``is_flagged``, so that stays as it was told. An older fact changes nothing.
SAVE_LINE = """
INSERT INTO lines (id, within, is_flagged, is_at_risk, at)
VALUES (%(line)s, %(within)s, coalesce(%(is_flagged)s, false), %(is_at_risk)s, %(at)s)
ON CONFLICT (id) DO UPDATE SET is_flagged = coalesce(%(is_flagged)s, lines.is_flagged),
    is_at_risk = excluded.is_at_risk, at = excluded.at
WHERE lines.at < excluded.at
"""
SAVE_EXPIRY = """
INSERT INTO expiring_keys (prefix, expires_at, at) VALUES (%(prefix)s, %(expires_at)s, %(at)s)
ON CONFLICT (prefix) DO UPDATE SET expires_at = excluded.expires_at, at = excluded.at
WHERE expiring_keys.at < excluded.at
"""
EXPIRIES = "SELECT prefix, expires_at FROM expiring_keys WHERE expires_at IS NOT NULL ORDER BY expires_at"


class AccountTable:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save_line(
        self, line: RoomId, within: RoomId, *, is_flagged: bool | None, is_at_risk: bool, at: datetime
    ) -> None:
        """How one of our numbers stands since then; ``within`` is the room that holds all of them. ``is_flagged`` is
        None where that was not told."""
        told = {"line": line, "within": within, "is_flagged": is_flagged, "is_at_risk": is_at_risk, "at": at}
        await self._pool.rows(SAVE_LINE, told)

    async def save_expiry(self, prefix: str, expires_at: datetime | None, at: datetime) -> None:
        """A key that begins so will expire; None: that was called off."""
        await self._pool.rows(SAVE_EXPIRY, {"prefix": prefix, "expires_at": expires_at, "at": at})

    async def expiry_of(self, key: str) -> datetime | None:
        """When this key expires, as far as that was told. The key itself is not sent to the database."""
        found: Sequence[datetime] = [
            row["expires_at"]
            for row in await self._pool.rows(EXPIRIES)
            if row["prefix"] and key.startswith(row["prefix"])
        ]
        return found[0] if found else None
