"""The Web API's front: token, scope, limits and planned faults, then the method itself."""

import asyncio
from typing import Any

from aiohttp import web

from bot.sandbox.local_server import cut
from bot.sandbox.slack.api.arguments import ApiError, Arguments, read_arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api.method_table import CALLS_PER_MINUTE, METHODS, Method
from bot.sandbox.slack.api.rate_limits import RateLimits
from bot.sandbox.slack.credentials import Credentials
from bot.sandbox.slack.state.workspace import Body
from bot.sandbox.slack.switches import Fault
from bot.sandbox.wire import Wire

_NOTED = ("channel", "ts", "thread_ts", "file", "user", "name", "timestamp")
_HTML = "<!DOCTYPE html>\n<html><head><title>Slack</title></head><body><p>Server Error</p></body></html>"


class TooMany(Exception):
    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class WebApi:
    """Answers ``/api/{method}``. Whatever happens is one entry on the wire."""

    def __init__(self, stage: ApiContext, credentials: Credentials, wire: Wire) -> None:
        self._stage, self._credentials, self._wire = stage, credentials, wire
        self._rates = RateLimits()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name, switches = request.match_info["method"], self._stage.switches
        arguments = await _arguments(request)
        if switches.latency_s:
            await asyncio.sleep(switches.latency_s)
        fault = switches.take_fault(name)
        if fault is None:
            return self._answer(name, request, arguments)
        answer = self._answer(name, request, arguments) if fault.done or fault.answers else None
        await asyncio.sleep(fault.delay_s)
        return answer if answer and fault.answers else self._failed(name, request, arguments, fault)

    def _failed(self, name: str, request: web.Request, arguments: Arguments | ApiError, fault: Fault) -> web.Response:
        facts = {"done": fault.done} | ({"dropped": True} if fault.drop else {"error": fault.error or "fault"})
        self._wire.write("slack", "from_bot", name, None if fault.drop else fault.status, **_noted(arguments) | facts)
        if fault.drop:
            cut(request.transport)
            return web.Response(status=500)
        if fault.status == 429:
            return _limited(fault.retry_after)
        if fault.status != 200:
            return web.Response(status=fault.status, text=_HTML, content_type="text/html")
        return self._json({"ok": False, "error": fault.error})

    def _answer(self, name: str, request: web.Request, arguments: Arguments | ApiError) -> web.Response:
        facts: Body = {}
        try:
            body = self._run(name, request, arguments)
            facts = {n: body[n] for n in ("ts", "channel") if isinstance(body.get(n), str)}
        except TooMany as much:
            self._wire.write("slack", "from_bot", name, 429, retry_after=much.retry_after)
            return _limited(much.retry_after)
        except ApiError as refused:
            body = {"ok": False, "error": refused.code} | refused.more
            facts = {"error": refused.code}
        self._wire.write("slack", "from_bot", name, 200, **_noted(arguments) | facts)
        return self._json(body)

    def _run(self, name: str, request: web.Request, arguments: Arguments | ApiError) -> Body:
        if isinstance(arguments, ApiError):
            raise arguments
        if (method := METHODS.get(name)) is None:
            raise ApiError("unknown_method", req_method=name)
        self._authorize(method, _token(request, arguments))
        self._limit(name, method, arguments)
        return {"ok": True} | method.run(self._stage, arguments)

    def _authorize(self, method: Method, token: str) -> None:
        if not token:
            raise ApiError("not_authed")
        if token not in (self._credentials.bot_token, self._credentials.app_token):
            raise ApiError("invalid_auth")
        is_app = token == self._credentials.app_token
        if is_app != (method.token == "app"):
            raise ApiError("not_allowed_token_type")
        scopes = {"connections:write"} if is_app else self._stage.switches.scopes
        if method.scopes and not scopes.intersection(method.scopes):
            raise ApiError("missing_scope", needed=method.scopes[0], provided=",".join(sorted(scopes)))

    def _limit(self, name: str, method: Method, arguments: Arguments) -> None:
        switches, now = self._stage.switches, self._stage.workspace.now()
        if switches.history_restricted and name in ("conversations.history", "conversations.replies"):
            self._take(name, 1, 1 / 60, now)
        if not switches.rate_limits:
            return
        if name == "chat.postMessage":
            self._take(f"post {arguments.text('channel')}", switches.post_burst, 1.0, now)
        per_minute = CALLS_PER_MINUTE[method.tier]
        self._take(name, per_minute, per_minute / 60, now)

    def _take(self, key: str, burst: float, per_second: float, now: float) -> None:
        if wait_s := self._rates.take(key, burst, per_second, now):
            raise TooMany(wait_s)

    def _json(self, body: Body) -> web.Response:
        scopes = ",".join(sorted(self._stage.switches.scopes))
        return web.json_response(body, headers={"x-oauth-scopes": scopes})


async def _arguments(request: web.Request) -> Arguments | ApiError:
    try:
        if request.content_type.startswith("multipart/"):
            form: dict[str, Any] = dict(await request.post())
            return Arguments(dict(request.query) | form)
        return read_arguments(request.query, await request.read(), request.content_type)
    except ApiError as wrong:
        return wrong


def _noted(arguments: Arguments | ApiError) -> Body:
    """What a call was about, as far as it said so."""
    return {n: arguments.text(n) for n in _NOTED if n in arguments} if isinstance(arguments, Arguments) else {}


def _token(request: web.Request, arguments: Arguments) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else arguments.text("token")


def _limited(retry_after: int) -> web.Response:
    headers = {"Retry-After": str(retry_after)}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
