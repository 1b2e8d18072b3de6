"""The HTTP routes on one screen. Handlers and health checks come in as arguments; no other package is known here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HealthCheck = Callable[[], Awaitable[str]]

BODY_LIMIT = 1024 * 1024  # Slack and Linq stay far below; more comes from somebody else
BODY_TIMEOUT_S = 10.0
CHECK_TIMEOUT_S = 3.0
KEEPALIVE_S = 30.0


@dataclass(frozen=True)
class ConnectionLimits:
    """A connection costs a descriptor before anybody had to prove who they are: 1,100 idle ones once used them up.

    From ``count`` connections on, the one that has been silent for longest makes room for a new one.
    """

    count: int
    first_request_s: float = 15.0

    @classmethod
    def of_process(cls) -> "ConnectionLimits":
        """Half of the descriptors that this process may have are for what it opens itself. A connection takes some
        15 KiB: 2,000 are 30 MiB."""
        import resource  # there is none on Windows, where the command line refuses to start

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return cls(2000 if soft == resource.RLIM_INFINITY else min(soft // 2, 2000))


def routes(
    *,
    checks: Mapping[str, HealthCheck],
    metrics: Callable[[], bytes],
    warnings: Mapping[str, HealthCheck] = MappingProxyType({}),
    slack_events: Handler | None = None,
    linq_webhooks: Handler | None = None,
    clips: Handler | None = None,
) -> web.Application:
    """The application. What this process does not serve is None and its route does not exist.

    A health check answers "" when all is well, else why not. Readiness shows ``warnings`` too, but they do not make it
    503: they need a person, and a process that is taken out of service for them helps nobody. ``metrics`` gives
    Prometheus text.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    if slack_events is not None:
        app.router.add_post("/slack/events", _bounded(slack_events))
    if linq_webhooks is not None:
        app.router.add_post("/linq/webhooks", _bounded(linq_webhooks))
    if clips is not None:
        # HEAD comes with it. By itself, aiohttp lets no brace stand in a name.
        app.router.add_get("/clips/{token}/{name:[^/]+}", clips)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready(checks, warnings))
    app.router.add_get("/metrics", _metrics(metrics))
    return app


class Listener:
    """Serves an application to whoever connects; connections that say nothing are few, and closed after a while."""

    def __init__(self, app: web.Application, *, stop_within_s: float, limits: ConnectionLimits | None = None) -> None:
        """``stop_within_s``: so long ``close`` waits for the requests that are being answered."""
        self._limits = limits or ConnectionLimits.of_process()
        self._silent: dict[web.RequestHandler, None] = {}  # connections without a request so far, the oldest first
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
        """Gives the port, which the system chooses when 0 is asked. Raises OSError where it cannot be had."""
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
        if len(self._runner.server.connections) >= self._limits.count and not self._make_room():
            return _Refuse()
        handler = self._runner.server()
        self._silent[handler] = None
        asyncio.get_running_loop().call_later(self._limits.first_request_s, self._close_if_silent, handler)
        return handler

    def _make_room(self) -> bool:
        return any(self._close_if_silent(handler) for handler in list(self._silent))

    def _close_if_silent(self, handler: web.RequestHandler) -> bool:
        """Whether it was still open, and had said nothing."""
        if handler not in self._silent:
            return False
        del self._silent[handler]
        was_open = handler.transport is not None
        handler.force_close()
        return was_open

    @web.middleware
    async def _note_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._silent.pop(request.protocol, None)
        return await handler(request)


class _Refuse(asyncio.Protocol):
    """Every connection is busy with a request: this one is closed at once, and its sender comes again."""

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


def _ready(checks: Mapping[str, HealthCheck], warnings: Mapping[str, HealthCheck]) -> Handler:
    async def ready(_: web.Request) -> web.Response:
        found, warned = await asyncio.gather(reasons(checks), reasons(warnings))
        body = {name: {"ok": False, "reason": reason} if reason else {"ok": True} for name, reason in found.items()}
        body |= {name: {"ok": True, "warning": reason} for name, reason in warned.items() if reason}
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
