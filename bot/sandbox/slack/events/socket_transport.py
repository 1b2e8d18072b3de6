"""Envelopes over Socket Mode: single-use tickets, several sockets, acknowledgements within 3 s."""

import asyncio
import json
import random
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from aiohttp import WSMsgType, web

from bot.sandbox.json_types import Json
from bot.sandbox.local_server import abort_connection
from bot.sandbox.slack.bot_answers import ANSWER_WITHIN_S, BotAnswer
from bot.sandbox.slack.events.envelopes import Envelope
from bot.sandbox.slack.fixtures import APP
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.wire import Wire

Reason = Literal["warning", "refresh_requested", "too_many_websockets", "link_disabled"]
MAX_SOCKETS, TICKET_TTL_S = 10, 30.0
_HEARTBEAT_S, _CLOSE_TIMEOUT_S = 10.0, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """One socket and the connection under it."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None


class SocketTransport:
    """The open sockets of the app. Each envelope goes to one of them, whichever ``chance`` picks."""

    def __init__(self, workspace: Workspace, origins: Origins, wire: Wire, chance: random.Random) -> None:
        self.open: list[Connection] = []
        self._workspace, self._origins, self._wire, self._chance = workspace, origins, wire, chance
        self._tickets: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[BotAnswer]] = {}

    def ticket_url(self) -> str:
        """Return a fresh URL that lets one socket in, once."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = time.monotonic() + TICKET_TTL_S
        return f"ws{self._origins.slack.removeprefix('http')}/link/?ticket={ticket}&app_id={APP}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        expires = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if expires < time.monotonic():
            self._wire.write("slack", "from_bot", "socket refused", 404)
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=404)
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, timeout=_CLOSE_TIMEOUT_S)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        self.open.append(connection)
        try:
            await self._hello(socket)
            await self._receive(socket)
        finally:
            self._remove(connection)
        return socket

    def _remove(self, connection: Connection) -> None:
        self.open.remove(connection)
        self._wire.write("slack", "from_bot", "socket closed", None, open=len(self.open))

    async def _hello(self, socket: web.WebSocketResponse) -> None:
        if len(self.open) > MAX_SOCKETS:
            await socket.send_json(_disconnect_frame("too_many_websockets"))
            await socket.close()
            return
        debug: Json = {"host": "applink-sandbox", "build_number": 10, "approximate_connection_time": 18060}
        hello: Json = {"type": "hello", "num_connections": len(self.open), "debug_info": debug}
        await socket.send_json(hello | {"connection_info": {"app_id": APP}})
        self._wire.write("slack", "to_bot", "socket hello", None, open=len(self.open))

    async def _receive(self, socket: web.WebSocketResponse) -> None:
        with suppress(ConnectionError):  # a client that is killed leaves a ping nobody can answer
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
        body = payload if isinstance(payload, str) else json.dumps(payload) if payload else ""
        waiting.set_result(BotAnswer(200, body=body.encode()))

    async def send(self, envelope: Envelope) -> BotAnswer:
        if not self.open:
            return BotAnswer(None, "connection_failed")
        envelope_id, started = self._workspace.new_id("env-"), time.monotonic()
        waiting: asyncio.Future[BotAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = waiting
        try:
            await self._chance.choice(self.open).socket.send_json(_frame(envelope_id, envelope))
            answer = await asyncio.wait_for(waiting, ANSWER_WITHIN_S)
            return BotAnswer(200, body=answer.body, seconds=time.monotonic() - started)
        except TimeoutError:
            reason = "http_timeout" if envelope.kind != "events_api" else "timeout"
            return BotAnswer(None, reason, seconds=ANSWER_WITHIN_S)
        except ConnectionError:
            return BotAnswer(None, "connection_failed", seconds=time.monotonic() - started)
        finally:
            del self._waiting[envelope_id]

    async def disconnect(self, reason: Reason = "refresh_requested", close: bool = False) -> None:
        """Send every socket a disconnect; ``close`` also closes it, which Slack does soon after a warning."""
        self._wire.write("slack", "to_bot", "socket disconnect", None, reason=reason, open=len(self.open))
        for connection in list(self.open):
            await connection.socket.send_json(_disconnect_frame(reason))
            if close:
                await connection.socket.close()

    def cut(self) -> None:
        """Abort every connection without a frame, as a broken network does."""
        for connection in list(self.open):
            abort_connection(connection.transport)

    async def close(self) -> None:
        for connection in list(self.open):
            await connection.socket.close()


def _frame(envelope_id: str, envelope: Envelope) -> Json:
    answers = envelope.kind != "events_api"
    frame: Json = {"envelope_id": envelope_id, "type": envelope.kind, "payload": envelope.payload}
    frame["accepts_response_payload"] = answers
    return frame if answers else frame | {"retry_attempt": envelope.attempt, "retry_reason": envelope.reason}


def _disconnect_frame(reason: Reason) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}
