"""The front of the Web API: token, scope, limits and planned faults, then the method itself."""

import asyncio
import time
from email.utils import formatdate
from typing import Any

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.access import missing_scope
from bot.sandbox.slack.api.arguments import Arguments, read_arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.credentials import Credentials
from bot.sandbox.slack.fault_responses import failed_response, rate_limited_response
from bot.sandbox.slack.methods.method_table import CALLS_PER_MINUTE, METHODS, Method
from bot.sandbox.slack.rate_limits import RateLimits
from bot.sandbox.slack.switches import Fault
from bot.sandbox.wire import Wire

_LOGGED = ("channel", "channel_id", "ts", "thread_ts", "file", "user", "name", "timestamp")


class RateLimited(Exception):
    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class WebApi:
    """Answers ``/api/{method}``. Each call is one entry in the wire log, whatever happens."""

    def __init__(self, context: ApiContext, credentials: Credentials, wire: Wire) -> None:
        self._context, self._credentials, self._wire = context, credentials, wire
        self._limits = RateLimits()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name, switches = request.match_info["method"], self._context.switches
        arguments = await _read(request)
        if switches.latency_s:
            await asyncio.sleep(switches.latency_s)
        fault = switches.take_fault(name)
        if fault is None:
            return self._answer(name, request, arguments)
        answer = self._answer(name, request, arguments) if fault.done or fault.answers else None
        await asyncio.sleep(fault.delay_s)
        return answer if answer and fault.answers else self._fail(name, request, arguments, fault)

    def _fail(self, name: str, request: web.Request, arguments: Arguments | ApiError, fault: Fault) -> web.Response:
        facts = {"done": fault.done} | ({"dropped": True} if fault.drop else {"error": fault.error or "fault"})
        status = None if fault.drop else fault.status
        self._wire.write("slack", "from_bot", name, status, **_logged(arguments) | facts)
        return failed_response(request, fault) or self._json({"ok": False, "error": fault.error})

    def _answer(self, name: str, request: web.Request, arguments: Arguments | ApiError) -> web.Response:
        facts: Json = {}
        try:
            body = self._run(name, request, arguments)
            facts = {n: body[n] for n in ("ts", "channel", "file_id") if isinstance(body.get(n), str)}
        except RateLimited as limited:
            self._wire.write("slack", "from_bot", name, 429, retry_after=limited.retry_after)
            return rate_limited_response(limited.retry_after)
        except ApiError as refused:
            body = {"ok": False, "error": refused.code} | refused.more
            facts = {"error": refused.code}
        self._wire.write("slack", "from_bot", name, 200, **_logged(arguments) | facts)
        return self._json(body)

    def _run(self, name: str, request: web.Request, arguments: Arguments | ApiError) -> Json:
        if isinstance(arguments, ApiError):
            raise arguments
        if (method := METHODS.get(name)) is None:
            raise ApiError("unknown_method", req_method=name)
        self._authorize(method, _token(request, arguments))
        self._limit(name, method, arguments)
        return {"ok": True} | method.run(self._context, arguments)

    def _authorize(self, method: Method, token: str) -> None:
        """Check the token and its scopes. A running workflow step brings a token of its own, as good as the bot's."""
        step_tokens = {each.token for each in self._context.workspace.executions.values()}
        if not token:
            raise ApiError("not_authed")
        if token not in {self._credentials.bot_token, self._credentials.app_token} | step_tokens:
            raise ApiError("invalid_auth")
        is_app = token == self._credentials.app_token
        if is_app != (method.token == "app"):
            raise ApiError("not_allowed_token_type")
        scopes = {"connections:write"} if is_app else self._context.switches.scopes
        if method.scopes and not scopes.intersection(method.scopes):
            raise missing_scope(self._context, method.scopes[0])

    def _limit(self, name: str, method: Method, arguments: Arguments) -> None:
        switches, now = self._context.switches, time.monotonic()
        if switches.history_restricted and name in ("conversations.history", "conversations.replies"):
            self._take(name, 1, 1 / 60, now)
        if not switches.rate_limits:
            return
        if name == "chat.postMessage":
            self._take(f"post {arguments.text('channel')}", switches.post_burst, 1.0, now)
        per_minute = CALLS_PER_MINUTE[method.tier]
        self._take(name, per_minute, per_minute / 60, now)

    def _take(self, key: str, burst: float, per_second: float, now: float) -> None:
        if wait_s := self._limits.take(key, burst, per_second, now):
            raise RateLimited(wait_s)

    def _json(self, body: Json) -> web.Response:
        scopes = ",".join(sorted(self._context.switches.scopes))
        date = formatdate(self._context.workspace.now(), usegmt=True)
        return web.json_response(body, headers={"x-oauth-scopes": scopes, "Date": date})


async def _read(request: web.Request) -> Arguments | ApiError:
    try:
        if request.content_type.startswith("multipart/"):
            form: dict[str, Any] = dict(await request.post())
            return Arguments(dict(request.query) | form)
        return read_arguments(request.query, await request.read(), request.content_type)
    except ApiError as wrong:
        return wrong


def _logged(arguments: Arguments | ApiError) -> Json:
    """Return what a call was about, as far as it said so."""
    return {n: arguments.text(n) for n in _LOGGED if n in arguments} if isinstance(arguments, Arguments) else {}


def _token(request: web.Request, arguments: Arguments) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else arguments.text("token")
