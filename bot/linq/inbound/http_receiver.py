"""Receives Linq's webhooks: 200 only after what they tell is stored.

Linq delivers again after 5xx and 429 for up to half an hour, and never after another 4xx: so what cannot be understood
is 400 only if it can be no event at all.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from bot.linq.fields import PayloadError
from bot.linq.ids import LinqIds
from bot.linq.inbound.parse import parse_webhook
from bot.linq.inbound.ports import ContactCard, Fact, LineStatus, Sinks, SubscriptionDisabled, TokenExpiry
from bot.linq.inbound.signature import Verification, signing_key, verify
from bot.relay.ids import RoomId
from bot.relay.inbound_order import InboundOrder
from bot.relay.model import Message, Receipt

log = logging.getLogger("memobridge.linq")

LARGEST_BODY = 1024 * 1024  # the server's limit
LOG_EVERY = timedelta(minutes=1)

_WRONG_SECRET = (
    "Linq's webhooks are refused, because LINQ_WEBHOOK_SECRET is not what they are signed with: set the secret of the "
    "subscription for this address, or, with PUBLIC_URL set, unset it and the bot creates a subscription of its own."
)
_WRONG_CLOCK = (
    "Linq's webhooks are refused, because their time and this machine's clock are {minutes:.0f} minutes apart: set the "
    "clock."
)


class WebhookReceiver:
    """Without a secret every webhook is refused, and statuses come by polling."""

    def __init__(
        self, sinks: Sinks, order: InboundOrder, *, ids: LinqIds, now: Callable[[], datetime], secret: str = ""
    ) -> None:
        """Raises ValueError for a secret that cannot be one."""
        self._sinks = sinks
        self._order = order
        self._ids = ids
        self._now = now
        self._keys: list[bytes] = []
        self._refused: Verification | None = None  # the last one, since a webhook was taken
        self._suspicion = ""
        self._refusals_unlogged = 0
        self._logged_at: datetime | None = None
        if secret:
            self.add_secret(secret)

    def add_secret(self, secret: str) -> None:
        """Take webhooks signed with this secret, too. Raises ValueError for a secret that cannot be one."""
        key = signing_key(secret)
        if key not in self._keys:
            self._keys.append(key)

    def suspect_secret(self) -> None:
        """A webhook that should have come was missed. A stranger may have been refused just as well, but both together
        say that it was Linq's own: for its secret, or for the clock."""
        refused = self._refused
        if refused is None:
            self._suspicion = ""
        elif refused.is_signed:
            self._suspicion = _WRONG_CLOCK.format(minutes=abs(refused.skew) / timedelta(minutes=1))
        else:
            self._suspicion = _WRONG_SECRET

    async def ping(self) -> str:
        """Why webhooks do not come in, "" if nothing speaks for that."""
        return self._suspicion

    async def receive(self, request: web.Request) -> web.Response:
        """``POST /linq/webhooks``. What is not signed costs us as little as can be."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return _answer(415, "packed bodies are not taken")  # a few bytes could unpack to gigabytes
        body = await _read_body(request)
        if body is None:
            return _answer(413, "too large")
        now = self._now()
        verification = verify(self._keys, request.headers, body, now)
        if not verification.is_valid:
            return self._refuse(verification, now)
        self._refused, self._suspicion = None, ""
        try:
            facts = parse_webhook(
                json.loads(body.decode()), ids=self._ids, webhook_id=request.headers["webhook-id"], received_at=now
            )
        except (ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, PayloadError) else type(error).__name__
            log.error("linq.webhook_unreadable", extra={"reason": reason})
            return _answer(400, "cannot be understood")
        return await self._store(facts, request.headers["webhook-id"])

    async def _store(self, facts: tuple[Fact, ...], webhook_id: str) -> web.Response:
        """What was stored before one of them failed is stored again when Linq delivers again: that changes nothing."""
        if not facts:
            return _answer(200, "nothing to store")
        try:
            async with self._order.of(_room_of(facts) or RoomId(webhook_id)):
                for fact in facts:
                    await self._hand_on(fact)
        except Exception:  # whatever the store's trouble is, Linq has to deliver again
            log.exception("linq.webhook_not_stored", extra={"webhook": webhook_id})
            return _answer(500, "not stored")
        log.info("linq.webhook_stored", extra={"webhook": webhook_id, "facts": [_described(fact) for fact in facts]})
        return _answer(200, "stored")

    async def _hand_on(self, fact: Fact) -> None:
        match fact:
            case Message():
                await self._sinks.messages.accept(fact)
            case Receipt():
                await self._sinks.receipts.add([fact])
            case ContactCard():
                await self._sinks.people.save_card(fact.person, fact.handle, fact.name, fact.photo_url)
            case LineStatus():
                await self._sinks.account.line_status(fact)
            case SubscriptionDisabled():
                await self._sinks.account.subscription_disabled(fact)
            case TokenExpiry():
                await self._sinks.account.token_expires(fact)

    def _refuse(self, verification: Verification, now: datetime) -> web.Response:
        if verification.is_signed:
            minutes = verification.skew / timedelta(minutes=1)
            reason = f"clock: signed {minutes:+.1f} minutes from our time"
        else:
            reason = "signature" if self._keys else "no LINQ_WEBHOOK_SECRET"
        self._refused = verification if self._keys else None
        self._log_refusal(reason, now)
        return _answer(401, reason if verification.is_signed else "not signed by Linq")

    def _log_refusal(self, reason: str, now: datetime) -> None:
        """At most once a minute: anybody can be refused, and must not fill our log."""
        self._refusals_unlogged += 1
        if self._logged_at is None or abs(now - self._logged_at) >= LOG_EVERY:
            log.warning("linq.webhook_refused", extra={"reason": reason, "times": self._refusals_unlogged})
            self._refusals_unlogged, self._logged_at = 0, now


async def _read_body(request: web.Request) -> bytes | None:
    """The raw body; None when it is larger than the server takes, however its length was declared."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None


def _room_of(facts: tuple[Fact, ...]) -> RoomId | None:
    """The chat that says something; None for what needs no order, as a status is what its receipts add up to."""
    return next((fact.room for fact in facts if isinstance(fact, Message)), None)


def _answer(status: int, words: str) -> web.Response:
    return web.json_response({"ok": status == 200, "result": words}, status=status)


def _described(fact: Fact) -> str:
    """For the log: what it is, and ids; no content, and no handle."""
    match fact:
        case Message():
            return f"message {fact.id}"
        case Receipt():
            return f"{fact.kind} {fact.message or fact.trace_id}{f' [{fact.code}]' if fact.code else ''}"
        case ContactCard():
            return f"contact card {fact.person}"
        case LineStatus():
            return f"line {fact.line} {fact.status} {fact.reputation}"
    return type(fact).__name__
