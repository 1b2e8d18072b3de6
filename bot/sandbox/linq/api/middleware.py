"""What happens to every API request on its way in and out: trace id, authorization, planned faults, the wire log."""

import asyncio
import json
import secrets
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox.json_types import Json
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.planned_faults import ACTING, CUTTING, HANGING, abort, hang, status_on_wire
from bot.sandbox.linq.switches import Switches
from bot.sandbox.wire import Wire

TRACE = web.RequestKey("trace", str)
FACTS = web.RequestKey("facts", dict[str, Any])
_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"


class ApiMiddleware:
    """The middleware of the API. Endpoints raise ApiError and put harmless facts into ``request[FACTS]``."""

    def __init__(self, wire: Wire, switches: Switches, api_key: str, stopping: asyncio.Event) -> None:
        self._wire, self._switches, self._stopping = wire, switches, stopping
        self._bearer = f"Bearer {api_key}"

    def middleware(self) -> Middleware:
        @web.middleware
        async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
            request[TRACE], request[FACTS] = secrets.token_hex(16), {}
            what = request.match_info.route.name or "unknown"
            if self._switches.latency_s:
                await asyncio.sleep(self._switches.latency_s)
            answer = await self._answer(request, handler, what)
            answer.headers["X-Trace-ID"] = request[TRACE]
            status = status_on_wire(request, answer)
            self._wire.write("linq", "from_bot", what, status, trace_id=request[TRACE], **request[FACTS])
            return answer

        return handle

    async def _answer(self, request: web.Request, handler: Handler, what: str) -> web.StreamResponse:
        if self._switches.down in ("500", "503"):
            return gateway_page(int(self._switches.down))
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
            return _refusal(request, error)
        except web.HTTPNotFound:
            return _refusal(request, ApiError(2001, "Resource not found"))
        except web.HTTPException as refused:
            return _refusal(request, ApiError(1003, refused.reason, status=refused.status))

    async def _spoil(
        self, request: web.Request, fault: str | int, answer: web.StreamResponse | None
    ) -> web.StreamResponse:
        if isinstance(fault, int):
            return _refusal(request, ApiError(fault, retry_after=1 if fault == 1007 else None))
        if fault in ("refuse_500", "act_then_500"):
            return _refusal(request, ApiError(3006))
        if fault == "html_502":
            return gateway_page(502)
        if fault in HANGING:
            await hang(self._switches.hang_s, self._stopping)
        if fault in CUTTING:
            return abort(request)
        return _mangled(fault, answer)


def _refusal(request: web.Request, error: ApiError) -> web.Response:
    request[FACTS]["code"] = error.code
    return web.json_response(error.body(request[TRACE]), status=error.status, headers=error.headers())


def gateway_page(status: int) -> web.Response:
    """Answer as a gateway in front of Linq does."""
    title = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Unavailable"}[status]
    return web.Response(status=status, text=_PAGE.format(title), content_type="text/html")


def _mangled(fault: str, answer: web.StreamResponse | None) -> web.Response:
    """Give the true status with a body that does not say what it should."""
    assert isinstance(answer, web.Response)
    if fault == "act_then_text":
        return web.Response(status=answer.status, text="Accepted", content_type="text/plain")
    if fault == "act_then_empty":
        return web.json_response({}, status=answer.status)
    return web.json_response(_without_ids(json.loads(answer.text or "{}")), status=answer.status)


def _without_ids(found: Json | Any) -> Any:
    if not isinstance(found, dict):
        return found
    return {name: _without_ids(value) for name, value in found.items() if name not in ("id", "attachment_id")}
