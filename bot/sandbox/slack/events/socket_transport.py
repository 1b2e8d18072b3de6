"""Parcels over Socket Mode: one-use tickets, several sockets, acks within 3 s."""

import asyncio
import json
import random
import secrets
import time
from dataclasses import dataclass
from typing import Literal

from aiohttp import WSMsgType, web

from bot.sandbox.local_server import cut
from bot.sandbox.slack.events.envelopes import ANSWER_WITHIN_S, BotAnswer, Envelope
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.workspace import APP, Body, Workspace
from bot.sandbox.wire import Wire

Reason = Literal["warning", "refresh_requested", "too_many_websockets", "link_disabled"]
MOST_SOCKETS, TICKET_LIVES_S = 10, 30.0
_PING_EVERY_S, _GOODBYE_WITHIN_S = 10.0, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """One socket and the connection under it."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None


class SocketTransport:
    """The open sockets of the app. Each parcel goes to one of them, whichever ``chance`` picks."""

    def __init__(self, workspace: Workspace, address: Origins, wire: Wire, chance: random.Random) -> None:
        self.open: list[Connection] = []
        self._workspace, self._address, self._wire, self._chance = workspace, address, wire, chance
        self._tickets: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[BotAnswer]] = {}

    def ticket_url(self) -> str:
        """A fresh url that lets one socket in, once."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = self._workspace.now() + TICKET_LIVES_S
        return f"ws{self._address.origin.removeprefix('http')}/link/?ticket={ticket}&app_id={APP}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        expires = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if expires < self._workspace.now():
            self._wire.write("slack", "from_bot", "socket refused", 404)
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=404)
        socket = web.WebSocketResponse(heartbeat=_PING_EVERY_S, timeout=_GOODBYE_WITHIN_S)
        await socket.prepare(request)
        link = Connection(socket, request.transport)
        self.open.append(link)
        try:
            await self._hello(socket)
            await self._listen(socket)
        finally:
            self._drop(link)
        return socket

    def _drop(self, link: Connection) -> None:
        self.open.remove(link)
        self._wire.write("slack", "from_bot", "socket closed", None, open=len(self.open))

    async def _hello(self, socket: web.WebSocketResponse) -> None:
        if len(self.open) > MOST_SOCKETS:
            await socket.send_json(_farewell("too_many_websockets"))
            await socket.close()
            return
        about: Body = {"host": "applink-toy", "build_number": 10, "approximate_connection_time": 18060}
        hello: Body = {"type": "hello", "num_connections": len(self.open), "debug_info": about}
        await socket.send_json(hello | {"connection_info": {"app_id": APP}})
        self._wire.write("slack", "to_bot", "socket hello", None, open=len(self.open))

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                self._acknowledge(frame.data)

    def _acknowledge(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        waiting = self._waiting.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if waiting is None or waiting.done():
            self._wire.write("slack", "from_bot", "socket ack", None, late=True)
            return
        payload = ack.get("payload")
        said = payload if isinstance(payload, str) else json.dumps(payload) if payload else ""
        waiting.set_result(BotAnswer(200, body=said.encode()))

    async def carry(self, parcel: Envelope) -> BotAnswer:
        if not self.open:
            return BotAnswer(None, "connection_failed")
        envelope_id, started = self._workspace.new_id("env-"), time.monotonic()
        waiting: asyncio.Future[BotAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = waiting
        try:
            await self._chance.choice(self.open).socket.send_json(_envelope(envelope_id, parcel))
            answer = await asyncio.wait_for(waiting, ANSWER_WITHIN_S)
            return BotAnswer(200, body=answer.body, seconds=time.monotonic() - started)
        except TimeoutError:
            reason = "http_timeout" if parcel.kind != "events_api" else "timeout"
            return BotAnswer(None, reason, seconds=ANSWER_WITHIN_S)
        except ConnectionError:
            return BotAnswer(None, "connection_failed", seconds=time.monotonic() - started)
        finally:
            del self._waiting[envelope_id]

    async def disconnect(self, reason: Reason = "refresh_requested", close: bool = False) -> None:
        """Tell every socket to go, with ``reason``; ``close`` also closes it, which Slack does soon after a warning."""
        self._wire.write("slack", "to_bot", "socket disconnect", None, reason=reason, open=len(self.open))
        for link in list(self.open):
            await link.socket.send_json(_farewell(reason))
            if close:
                await link.socket.close()

    def cut(self) -> None:
        """End every connection without a word, as a broken network does."""
        for link in list(self.open):
            cut(link.transport)

    async def close(self) -> None:
        for link in list(self.open):
            await link.socket.close()


def _envelope(envelope_id: str, parcel: Envelope) -> Body:
    answers = parcel.kind != "events_api"
    body: Body = {"envelope_id": envelope_id, "type": parcel.kind, "payload": parcel.payload}
    body["accepts_response_payload"] = answers
    return body if answers else body | {"retry_attempt": parcel.attempt, "retry_reason": parcel.reason}


def _farewell(reason: Reason) -> Body:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-toy"}}
