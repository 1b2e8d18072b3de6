"""What Linq tells of the account and of no chat: how a line stands, a subscription switched off, a key that expires."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from bot.linq.adapter import Line
from bot.linq.ids import LinqIds
from bot.linq.inbound.ports import LineStatus, SubscriptionDisabled, TokenExpiry
from bot.relay.errors import RelayError
from bot.relay.ids import RoomId

log = logging.getLogger("memobridge.app")

READ_LINES_EVERY_S = 300.0


class AccountStore(Protocol):
    """``bot.store.tables.account.AccountTable``"""

    async def save_line(
        self, line: RoomId, within: RoomId, *, is_flagged: bool | None, is_at_risk: bool, at: datetime
    ) -> None: ...

    async def save_expiry(self, prefix: str, expires_at: datetime | None, at: datetime) -> None: ...

    async def expiry_of(self, key: str) -> datetime | None: ...


class AccountEvents:
    """The Linq adapter's ``AccountSink``. What lasts is kept, for where links are shown, and is a part of readiness.
    ``check_webhooks`` is called when a subscription was switched off; ``list_lines`` asks Linq; ``key`` is our own."""

    def __init__(
        self,
        store: AccountStore,
        ids: LinqIds,
        key: str,
        *,
        check_webhooks: Callable[[], Awaitable[None]],
        list_lines: Callable[[], Awaitable[Sequence[Line]]],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._ids = ids
        self._key = key
        self._check_webhooks = check_webhooks
        self._list_lines = list_lines
        self._now = now
        self._flagged: dict[str, str] = {}
        self._at_risk: dict[str, str] = {}

    async def line_status(self, status: LineStatus) -> None:
        log.warning("linq.line_status", extra={"line": status.line, "kind": status.reputation})
        _note(self._flagged, status.line, f"{_shown(status.number)} {status.status}" if status.is_flagged else "")
        await self._reputation(status.line, status.number, status.reputation)
        await self._store.save_line(
            status.line,
            self._ids.all_lines(),
            is_flagged=status.is_flagged,
            is_at_risk=status.is_at_risk,
            at=status.at,
        )

    async def read_lines(self) -> None:
        """How Linq rates them now: after a start, and where its webhook did not come. Its list says nothing of a
        limited service, so that ends with the webhook alone."""
        at = self._now()
        for line in await self._list_lines():
            await self._reputation(line.id, line.number, line.reputation)
            await self._store.save_line(
                line.id, self._ids.all_lines(), is_flagged=None, is_at_risk=line.is_at_risk, at=at
            )

    async def _reputation(self, line: str, number: str, reputation: str) -> None:
        _note(self._at_risk, line, "" if reputation in ("", "HEALTHY") else f"{_shown(number)} {reputation}")

    async def subscription_disabled(self, disabled: SubscriptionDisabled) -> None:
        log.warning("linq.subscription_disabled", extra={"by": disabled.by})
        await self._check_webhooks()

    async def token_expires(self, expiry: TokenExpiry) -> None:
        log.warning("linq.token_expires", extra={"at": str(expiry.expires_at)})
        await self._store.save_expiry(expiry.prefix, expiry.expires_at, expiry.at)

    async def health(self) -> str:
        rated = [f"Linq rates the line {line}" for line in (*self._flagged.values(), *self._at_risk.values())]
        if rated:
            return rated[0]
        try:
            expires_at = await self._store.expiry_of(self._key)
        except RelayError:
            return ""  # the database has a check of its own
        return f"The Linq API key {expiry_words(expires_at)}" if expires_at else ""


def expiry_words(expires_at: datetime) -> str:
    """When a key expires, and what to do."""
    until = expires_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"expires on {until}: create a new one at Linq, put it into LINQ_API_V3_API_KEY, and restart."


def _note(known: dict[str, str], line: str, words: str) -> None:
    if words:
        known[line] = words
    else:
        known.pop(line, None)


def _shown(number: str) -> str:
    """Enough of it to tell our numbers apart; no whole number stands in readiness or in a log."""
    return f"{number[-4:]:…>5}"
