"""What Linq tells of the account and of no chat: a line at risk, a subscription switched off, a token that expires."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot.linq.inbound.ports import LineStatus, SubscriptionDisabled, TokenExpiry
from bot.relay.ids import RoomId
from bot.relay.rooms import RoomHealth

log = logging.getLogger("memobridge.app")


class AccountEvents:
    """The Linq adapter's ``AccountSink``. What lasts is shown by ``health``; ``check_webhooks`` is called when a
    subscription was switched off; ``learn_health`` keeps how a line stands, for where its inbox is shown."""

    def __init__(
        self,
        check_webhooks: Callable[[], Awaitable[None]],
        learn_health: Callable[[RoomId, RoomHealth, datetime], Awaitable[None]],
    ) -> None:
        self._check_webhooks = check_webhooks
        self._learn_health = learn_health
        self._lines: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    async def line_status(self, status: LineStatus) -> None:
        log.warning("linq.line_status", extra={"line": status.line, "kind": status.reputation})
        await self._learn_health(status.line, RoomHealth.FINE if status.is_healthy else RoomHealth.AT_RISK, status.at)
        if status.is_healthy:
            self._lines.pop(status.line, None)
        else:
            self._lines[status.line] = (
                f"Linq rates the line {status.number[-4:]:…>5} {status.status} {status.reputation}"
            )

    async def subscription_disabled(self, disabled: SubscriptionDisabled) -> None:
        log.warning("linq.subscription_disabled", extra={"by": disabled.by})
        await self._check_webhooks()

    async def token_expires(self, expiry: TokenExpiry) -> None:
        log.warning("linq.token_expires", extra={"at": str(expiry.expires_at)})
        if expiry.expires_at is None:
            self._tokens.pop(expiry.prefix, None)
        else:
            until = expiry.expires_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
            self._tokens[expiry.prefix] = f"The API key {expiry.prefix}… expires on {until}. Create a new one at Linq."

    async def health(self) -> str:
        return next(iter((*self._lines.values(), *self._tokens.values())), "")
