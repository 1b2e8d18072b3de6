"""What happens to every exchange on its way in and out: trace id, authorization, ordered faults, the wire log."""

import asyncio
import json
import secrets
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox.linq.api.errors import ApiError
from bot.sandbox.linq.switches import Switches
from bot.sandbox.local_server import cut
from bot.sandbox.wire import Wire

TRACE = web.RequestKey("trace", str)
FACTS = web.RequestKey("facts", dict[str, Any])
_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
ACTING = {"ok", "lose_answer", "act_then_500", "act_then_hang", "act_then_empty", "act_then_no_id", "act_then_text"}
HANGING = {"hang", "act_then_hang"}
CUTTING = {"drop", "lose_answer"} | HANGING
"""Faults by what they do: the exchange takes effect, the answer is held back, the connection is cut."""


class ApiMiddleware:
    """The middleware of the API. Endpoints raise ApiError and put harmless facts into ``request[FACTS]``."""

    def __init__(self, wire: Wire, switches: Switches, api_key: str, stopping: asyncio.Event) -> None:
        self._wire = wire
        self._switches = switches
        self._bearer = f"Bearer {api_key}"
        self._stopping = stopping

    def middleware(self) -> Middleware:
        @web.middleware
        async def cross(request: web.Request, handler: Handler) -> web.StreamResponse:
            request[TRACE], request[FACTS] = secrets.token_hex(16), {}
            what = request.match_info.route.name or "unknown"
            if self._switches.latency_s:
                await asyncio.sleep(self._switches.latency_s)
            answer = await self._judge(request, handler, what)
            answer.headers["X-Trace-ID"] = request[TRACE]
            status = status_on_wire(request, answer)
            self._wire.write("linq", "from_bot", what, status, trace_id=request[TRACE], **request[FACTS])
            return answer

        return cross

    async def _judge(self, request: web.Request, handler: Handler, what: str) -> web.StreamResponse:
        if self._switches.down in ("500", "503"):
            return page(int(self._switches.down))
        fault = self._switches.take_fault(what)
        if fault == "ok":
            return await self._act(request, handler)
        request[FACTS]["fault"] = fault
        answer = await self._act(request, handler) if fault in ACTING else None
        return await self._spoil(request, fault, answer)

    async def _act(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.headers.get("Authorization") != self._bearer:
                raise ApiError(2004)
            return await handler(request)
        except ApiError as error:
            return refusal(request, error)
        except web.HTTPNotFound:
            return refusal(request, ApiError(2001, "Resource not found"))
        except web.HTTPException as refused:
            return refusal(request, ApiError(1003, refused.reason, status=refused.status))

    async def _spoil(
        self, request: web.Request, fault: str | int, answer: web.StreamResponse | None
    ) -> web.StreamResponse:
        if isinstance(fault, int):
            return refusal(request, ApiError(fault, retry_after=1 if fault == 1007 else None))
        if fault in ("refuse_500", "act_then_500"):
            return refusal(request, ApiError(3006))
        if fault == "html_502":
            return page(502)
        if fault in HANGING:
            await hang(self._switches.hang_s, self._stopping)
        if fault in CUTTING:
            return hung_up(request)
        return _odd(fault, answer)


def refusal(request: web.Request, error: ApiError) -> web.Response:
    request[FACTS]["code"] = error.code
    return web.json_response(error.body(request[TRACE]), status=error.status, headers=error.headers())


def page(status: int) -> web.Response:
    """What a gateway in front of Linq answers."""
    title = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Unavailable"}[status]
    return web.Response(status=status, text=_PAGE.format(title), content_type="text/html")


def hung_up(request: web.Request) -> web.Response:
    """Break the connection; the returned answer goes nowhere."""
    cut(request.transport)
    return web.Response(status=499)


def status_on_wire(request: web.Request, answer: web.StreamResponse) -> int | None:
    """None for an answer that reaches nobody."""
    gone = request.transport is None or request.transport.is_closing()
    return None if gone else answer.status


async def hang(seconds: float, stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return


def _odd(fault: str, answer: web.StreamResponse | None) -> web.Response:
    """The true status with a body that does not say what it should."""
    assert isinstance(answer, web.Response)
    if fault == "act_then_text":
        return web.Response(status=answer.status, text="Accepted", content_type="text/plain")
    if fault == "act_then_empty":
        return web.json_response({}, status=answer.status)
    return web.json_response(_without_ids(json.loads(answer.text or "{}")), status=answer.status)


def _without_ids(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    return {name: _without_ids(value) for name, value in found.items() if name not in ("id", "attachment_id")}
