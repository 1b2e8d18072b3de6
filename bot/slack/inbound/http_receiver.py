"""Slack's requests over HTTP: signature, shape, and then the dispatcher."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.response import BoltResponse

from bot.slack.inbound.envelope import decode, is_signed
from bot.slack.inbound.parse import ParseError

log = logging.getLogger("memobridge.slack")

Dispatch = Callable[[dict[str, Any]], Awaitable[BoltResponse]]


class HttpReceiver:
    """``now`` gives seconds since 1970. The size of bodies is limited by the server."""

    def __init__(self, dispatch: Dispatch, signing_secret: str, *, now: Callable[[], float] = time.time) -> None:
        if not signing_secret:
            raise ValueError("anybody could sign with an empty secret")
        self._dispatch = dispatch
        self._secret = signing_secret
        self._now = now

    async def events(self, request: web.Request) -> web.Response:
        """Everything Slack sends: events, commands, shortcuts and buttons."""
        if request.headers.get("Content-Encoding", "identity") != "identity":
            # Slack never compresses. Inflating what nobody signed costs us more than the sender: ten small bodies
            # that inflate to a lot stopped the bot for 6 s.
            return web.Response(status=415)
        raw = await request.read()
        if not is_signed(raw, request.headers, self._secret, self._now()):
            log.warning("slack.signature_refused")
            return web.Response(status=401)
        if retry := request.headers.get("X-Slack-Retry-Num", ""):
            log.info("slack.redelivered", extra={"retry": retry})
        try:
            payload = decode(raw, request.content_type)
        except ParseError as invalid:
            log.warning("slack.payload_refused", extra={"reason": str(invalid)})
            return web.Response(status=400, headers={"X-Slack-No-Retry": "1"})
        return await to_aiohttp_response(await self._dispatch(payload))
