"""The HTTP routes on one screen. Handlers and health checks come in as arguments; no other package is known here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HealthCheck = Callable[[], Awaitable[str]]

BODY_LIMIT = 1024 * 1024  # Slack and Linq stay far below; more comes from somebody else
BODY_TIMEOUT_S = 10.0
CHECK_TIMEOUT_S = 3.0
# A connection costs a descriptor before anybody had to prove who they are: 1,100 idle ones once used them up.
CONNECTIONS_AT_MOST = 800
FIRST_REQUEST_WITHIN_S = 15.0
KEEPALIVE_S = 30.0


def routes(
    *,
    checks: Mapping[str, HealthCheck],
    metrics: Callable[[], bytes],
    slack_events: Handler | None = None,
    linq_webhooks: Handler | None = None,
    clips: Handler | None = None,
) -> web.Application:
    """The application. What this process does not serve is None and its route does not exist.

    A health check answers "" when all is well, else why not. ``metrics`` gives Prometheus text.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    if slack_events is not None:
        app.router.add_post("/slack/events", _bounded(slack_events))
    if linq_webhooks is not None:
        app.router.add_post("/linq/webhooks", _bounded(linq_webhooks))
    if clips is not None:
        app.router.add_get("/clips/{token}/{name}", clips)  # HEAD comes with it
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready(checks))
    app.router.add_get("/metrics", _metrics(metrics))
    return app


async def listen(app: web.Application, host: str, port: int, *, stop_within_s: float) -> tuple["Listener", int]:
    """Serve it; gives the listener to close later and the port, which the system chooses when 0 is asked."""
    listener = Listener(app, stop_within_s)
    return listener, await listener.start(host, port)


class Listener:
    """A listening server that survives connections from whoever: few at once, and none that says nothing."""

    def __init__(self, app: web.Application, stop_within_s: float) -> None:
        self._silent: set[asyncio.BaseProtocol] = set()  # connections without a request so far
        app.middlewares.append(self._note_request)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=stop_within_s,
            keepalive_timeout=KEEPALIVE_S,
            auto_decompress=False,  # a few bytes from a stranger could unpack to gigabytes
        )
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        await self._runner.setup()
        try:
            self._server = await asyncio.get_running_loop().create_server(self._connect, host, port, backlog=4096)
        except OSError:
            await self._runner.cleanup()
            raise
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Take no new connection; wait for the requests that are being answered."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _connect(self) -> asyncio.BaseProtocol:
        assert self._runner.server is not None, "set up before it listens"
        if len(self._runner.server.connections) >= CONNECTIONS_AT_MOST:
            return _Refuse()
        handler = self._runner.server()
        self._silent.add(handler)
        asyncio.get_running_loop().call_later(FIRST_REQUEST_WITHIN_S, self._close_if_silent, handler)
        return handler

    def _close_if_silent(self, handler: web.RequestHandler) -> None:
        if handler in self._silent and handler.transport is not None:
            handler.transport.close()
        self._silent.discard(handler)

    @web.middleware
    async def _note_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._silent.discard(request.protocol)
        return await handler(request)


class _Refuse(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _bounded(handler: Handler) -> Handler:
    """A body that trickles in is nobody we know. The handler itself takes as long as it needs once the body is here."""

    async def bounded(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise web.HTTPUnsupportedMediaType  # it would be inflated before anybody proved who they are
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                await request.read()  # aiohttp keeps it for the handler
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        return await handler(request)

    return bounded


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _ready(checks: Mapping[str, HealthCheck]) -> Handler:
    async def ready(_: web.Request) -> web.Response:
        found = await reasons(checks)
        body = {name: {"ok": True} if not reason else {"ok": False, "reason": reason} for name, reason in found.items()}
        return web.json_response(body, status=503 if any(found.values()) else 200)

    return ready


async def reasons(checks: Mapping[str, HealthCheck]) -> dict[str, str]:
    """What each check says, all asked at once; one that hangs or breaks is a problem too."""
    return dict(zip(checks, await asyncio.gather(*(_reason(check) for check in checks.values())), strict=True))


async def _reason(check: HealthCheck) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT_S:g} s"
    except Exception as error:
        return f"the check itself failed ({type(error).__name__})"


def _metrics(metrics: Callable[[], bytes]) -> Handler:
    async def show(_: web.Request) -> web.Response:
        return web.Response(body=metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return show
