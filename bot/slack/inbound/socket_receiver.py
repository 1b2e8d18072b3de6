"""Slack's requests over Socket Mode: a connection that is kept, replaced when it dies silently, and drained at the end.

The SDK's client reconnects by itself, but without end and with an address that may have been used up; so a client that
has been down for a while is thrown away for a new one.
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

from bot.slack.api.web_api import SlackApi
from bot.slack.background import BackgroundTasks
from bot.slack.inbound.envelope import check_shape
from bot.slack.inbound.http_receiver import Dispatch
from bot.slack.inbound.parse import ParseError
from bot.slack.inbound.socket_client import SocketClient

log = logging.getLogger("memobridge.slack")

_DISABLED = "Socket Mode is switched off for the Slack app: switch it on in the app's settings."
_NOT_YET = "Socket Mode is not connected yet."
_BROKEN = "The connection to Slack broke; a new one is being made."


@dataclass(frozen=True)
class SocketTiming:
    """How closely the connection is watched; all in seconds.

    ``ping_s``: between pings, four of which may be missed. ``replace_after_s``: a client that has been down for so long
    is replaced. ``pause_s``: before trying again after Slack switched Socket Mode off.
    """

    ping_s: float = 10.0
    check_s: float = 2.0
    replace_after_s: float = 45.0
    pause_s: float = 60.0


class SocketReceiver:
    """``api`` holds the app-level token (xapp-); ``clock`` gives seconds that only ever grow."""

    def __init__(
        self, dispatch: Dispatch, api: SlackApi, *, clock: Callable[[], float], timing: SocketTiming | None = None
    ) -> None:
        self._dispatch = dispatch
        self._api = api
        self._clock = clock
        self._timing = timing or SocketTiming()
        self._client: SocketClient | None = None
        self._connection = BackgroundTasks()
        self._requests = BackgroundTasks()
        self._is_closing = False
        self._is_suspect = False
        self._trouble = _NOT_YET

    def start(self) -> None:
        """Connect, and stay connected, in the background."""
        self._connection.start(self._stay_connected())

    async def stop(self, timeout_s: float) -> None:
        """Take nothing new, finish and acknowledge what was taken, then hang up."""
        self._is_closing = True
        await self._requests.drain(timeout_s)
        await self._connection.cancel()

    def suspect_connection(self) -> None:
        """Nothing comes through, though the connection is open: replace it."""
        self._is_suspect = True

    async def ping(self) -> str:
        """Empty while events can arrive, else why not."""
        client = self._client
        if client is None or client.is_disabled:
            return _DISABLED if client else self._trouble
        return "" if await client.is_connected() else client.trouble or self._trouble

    async def _stay_connected(self) -> None:
        while True:
            self._client = client = SocketClient(self._api, self._timing.ping_s)
            client.socket_mode_request_listeners.append(self._take)
            connecting = asyncio.create_task(client.open())
            try:
                await self._watch(client)
            finally:
                connecting.cancel()
                await client.shut()
            self._trouble = _DISABLED if client.is_disabled else _BROKEN
            log.warning("slack.socket_replaced", extra={"reason": self._trouble})
            if client.is_disabled:
                await asyncio.sleep(self._timing.pause_s)

    async def _watch(self, client: SocketClient) -> None:
        """Returns when this client is of no more use."""
        last_up = self._clock()
        self._is_suspect = False
        while not (client.is_disabled or self._is_suspect) and self._clock() - last_up < self._timing.replace_after_s:
            await asyncio.sleep(self._timing.check_s)
            if await client.is_connected():
                last_up = self._clock()

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """What is not taken is not acknowledged either, so Slack gives it to another connection."""
        if not self._is_closing:
            self._requests.start(self._serve(client, request))

    async def _serve(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if request.retry_attempt:
            log.info("slack.redelivered", extra={"retry": request.retry_attempt})
        response = await self._answer(request)
        if response.status not in (200, 400):
            return
        acknowledgement = SocketModeResponse(request.envelope_id, _payload(response))
        try:
            await client.send_socket_mode_response(acknowledgement)
        except Exception as lost:  # whatever the SDK meets on a dead connection; Slack delivers again
            log.warning("slack.acknowledgement_lost", extra={"reason": type(lost).__name__})

    async def _answer(self, request: SocketModeRequest) -> BoltResponse:
        """What is invalid is acknowledged too: it would come again and again, and not get better."""
        try:
            return await self._dispatch(check_shape(request.payload))
        except ParseError as invalid:
            log.warning("slack.payload_refused", extra={"reason": str(invalid)})
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
