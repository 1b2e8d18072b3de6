"""Slack's requests over HTTP: signature, shape, and then the listeners."""

import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.slack.envelopes import is_signed, to_request
from bot.slack.parse import ParseError

log = logging.getLogger("memobridge.slack")

Dispatch = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]


class HttpEntrance:
    """``now`` gives seconds since 1970. The size of bodies is limited by the server."""

    def __init__(self, dispatch: Dispatch, signing_secret: str, *, now: Callable[[], float] = time.time) -> None:
        if not signing_secret:
            raise ValueError("anybody could sign with an empty secret")
        self._dispatch = dispatch
        self._secret = signing_secret
        self._now = now

    async def events(self, request: web.Request) -> web.Response:
        """Everything Slack sends: events, commands, shortcuts and buttons."""
        raw = await request.read()
        if not is_signed(raw, request.headers, self._secret, self._now()):
            log.warning("signature refused")
            return web.Response(status=401)
        if retry := request.headers.get("X-Slack-Retry-Num", ""):
            log.info("delivered again", extra={"retry": retry})
        try:
            parsed = to_request(raw.decode(), request.headers, "http")
        except (ParseError, UnicodeDecodeError):
            log.warning("nonsense refused")
            return web.Response(status=400, headers={"X-Slack-No-Retry": "1"})
        return await to_aiohttp_response(await self._dispatch(parsed))
