"""Slack's requests over Socket Mode: a connection that is kept, replaced when it dies silently, and drained at the end.

The SDK's client reconnects by itself, but for ever and with an address that may have been used up; so a client that has
been down for a while is thrown away for a new one.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.slack.envelopes import to_request
from bot.slack.line import Line
from bot.slack.over_http import Dispatch
from bot.slack.parse import ParseError
from bot.slack.web import Web

log = logging.getLogger("memobridge.slack")

_DISABLED = "Socket Mode is switched off for the Slack app: switch it on in the app's settings."


@dataclass(frozen=True)
class Watch:
    """How closely the connection is watched; all in seconds.

    ``ping_s``: between pings, four of which may be missed. ``replace_after_s``: a client that has been down for so long
    is replaced. ``pause_s``: before trying again after Slack switched Socket Mode off.
    """

    ping_s: float = 10.0
    look_s: float = 2.0
    replace_after_s: float = 45.0
    pause_s: float = 60.0


class SocketEntrance:
    """``web`` holds the app-level token (xapp-); ``clock`` gives seconds that only ever grow."""

    def __init__(self, dispatch: Dispatch, web: Web, *, clock: Callable[[], float], watch: Watch | None = None) -> None:
        self._dispatch = dispatch
        self._web = web
        self._clock = clock
        self._watch = watch or Watch()
        self._line: Line | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._is_doubted = False
        self._trouble = "Socket Mode is not connected yet."

    def start(self) -> None:
        """Connect, and stay connected, in the background."""
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self, timeout_s: float) -> None:
        """Take nothing new, finish and acknowledge what was taken, then hang up."""
        self._is_closing = True
        if self._serving:
            await asyncio.wait(self._serving, timeout=timeout_s)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    def doubt(self) -> None:
        """Nothing comes through, though the connection is open: replace it."""
        self._is_doubted = True

    async def ping(self) -> str:
        """Empty while events can arrive, else why not."""
        line = self._line
        if line is None or line.is_disabled:
            return _DISABLED if line else self._trouble
        return "" if await line.is_connected() else line.trouble or self._trouble

    async def _keep(self) -> None:
        while True:
            self._line = line = Line(self._web, self._watch.ping_s)
            line.socket_mode_request_listeners.append(self._take)
            connecting = asyncio.create_task(line.open())
            try:
                await self._follow(line)
            finally:
                connecting.cancel()
                await line.shut()
            self._trouble = _DISABLED if line.is_disabled else "The connection to Slack broke; connecting anew."
            log.warning("socket replaced", extra={"why": self._trouble})
            if line.is_disabled:
                await asyncio.sleep(self._watch.pause_s)

    async def _follow(self, line: Line) -> None:
        """Returns when this client is of no more use."""
        last_up = self._clock()
        self._is_doubted = False
        while not (line.is_disabled or self._is_doubted) and self._clock() - last_up < self._watch.replace_after_s:
            await asyncio.sleep(self._watch.look_s)
            if await line.is_connected():
                last_up = self._clock()

    async def _take(self, line: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """What is not taken is not acknowledged either, so Slack gives it to another connection."""
        if self._is_closing:
            return
        task = asyncio.create_task(self._serve(line, request))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, line: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if request.retry_attempt:
            log.info("delivered again", extra={"retry": request.retry_attempt})
        response = await self._answer(request)
        if response.status not in (200, 400):
            return
        acknowledgement = SocketModeResponse(request.envelope_id, _payload(response))
        try:
            await line.send_socket_mode_response(acknowledgement)
        except Exception as error:  # whatever the SDK meets on a dead connection; Slack delivers again
            log.warning("acknowledgement lost", extra={"error": type(error).__name__})

    async def _answer(self, request: SocketModeRequest) -> BoltResponse:
        """Nonsense is acknowledged too: it would come again and again, and not get better."""
        try:
            return await self._dispatch(to_request(request.payload, {}, "socket_mode"))
        except ParseError:
            log.warning("nonsense refused")
            return BoltResponse(status=400)


def _payload(response: BoltResponse) -> dict[str, Any] | None:
    """What goes back with the acknowledgement: the answer to a command."""
    if response.status != 200 or not response.body:
        return None
    try:
        body = json.loads(response.body)
    except ValueError:
        return {"text": response.body}
    return body if isinstance(body, dict) else None
