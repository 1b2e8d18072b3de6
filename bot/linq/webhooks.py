"""Where Linq talks to us. It gets 200 only after what it said is stored; nothing but the relay's receipts goes inward.

Linq delivers again after 5xx and 429 for up to half an hour, and never after another 4xx: so what we do not understand
is 400 only if it can be no event at all.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from aiohttp import web

from bot.linq import parse
from bot.linq.signature import is_signed, signing_key
from bot.relay.model import Receipt

log = logging.getLogger("memobridge.linq")

LARGEST_BODY = 1024 * 1024
_MISFIT = (
    "Linq's webhooks are refused, because LINQ_WEBHOOK_SECRET is not what they are signed with: set the secret of the "
    "subscription for this address, or, with PUBLIC_URL set, unset it and the bot makes a subscription of its own."
)


class Entrance:
    """Without a secret every webhook is refused, and status comes by looking."""

    def __init__(
        self,
        receive: Callable[[Sequence[Receipt]], Awaitable[None]],
        *,
        now: Callable[[], datetime],
        secret: str = "",
    ) -> None:
        """``receive`` returns when the receipts are committed. Raises ValueError for a secret that cannot be one."""
        self._receive = receive
        self._now = now
        self._keys: list[bytes] = []
        self._has_refused = False  # since one was taken
        self._is_misfit = False
        if secret:
            self.trust(secret)

    def trust(self, secret: str) -> None:
        """Take webhooks signed with this secret too. Raises ValueError for a secret that cannot be one."""
        key = signing_key(secret)
        if key not in self._keys:
            self._keys.append(key)

    def doubt(self) -> None:
        """A webhook that should have come was missed. A stranger may have been refused just as well, but both together
        say that Linq's own are."""
        self._is_misfit = self._has_refused

    async def ping(self) -> str:
        return _MISFIT if self._is_misfit else ""

    async def webhook(self, request: web.Request) -> web.Response:
        """``POST /linq/webhooks``."""
        body = await _read(request)
        if body is None:
            return _answer(413, "too large")
        now = self._now()
        if not is_signed(self._keys, request.headers, body, now):
            cause = "signature" if self._keys else "no LINQ_WEBHOOK_SECRET"
            log.warning("webhook refused", extra={"cause": cause})
            self._has_refused = bool(self._keys)
            return _answer(401, "not signed by Linq")
        self._has_refused = self._is_misfit = False
        try:
            receipt = parse.webhook(
                json.loads(body.decode()), webhook_id=request.headers["webhook-id"], received_at=now
            )
        except (ValueError, RecursionError) as error:
            log.error("webhook made no sense", extra={"cause": type(error).__name__})
            return _answer(400, "makes no sense")
        return await self._store(receipt)

    async def _store(self, receipt: Receipt | None) -> web.Response:
        if receipt is None:
            return _answer(200, "nothing to store")
        try:
            await self._receive([receipt])
        except Exception:  # whatever the store's trouble is, Linq has to come again
            log.exception("receipt not stored", extra={"receipt": receipt.id})
            return _answer(500, "not stored")
        log.info(
            "receipt stored",
            extra={
                "receipt": receipt.id,
                "kind": receipt.kind,
                "memo": receipt.memo,
                "code": receipt.code,
                "trace": receipt.trace_id,
            },
        )
        return _answer(200, "stored")


async def _read(request: web.Request) -> bytes | None:
    """The raw body; None when it is too large, however its length was declared."""
    if (request.content_length or 0) > LARGEST_BODY:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _answer(status: int, words: str) -> web.Response:
    return web.json_response({"ok": status == 200, "result": words}, status=status)
