"""The HTTP routes on one screen. Handlers and pings come in as arguments; no room is known here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Ping = Callable[[], Awaitable[str]]

BODY_LIMIT = 1024 * 1024  # Slack and Linq stay far below; more is nobody we know
PING_SECONDS = 3.0


def routes(
    *,
    pings: Mapping[str, Ping],
    metrics: Callable[[], bytes],
    slack_events: Handler | None = None,
    linq_webhooks: Handler | None = None,
    lent_clips: Handler | None = None,
) -> web.Application:
    """The application. A door that this process does not serve is None and its route does not exist.

    A ping answers "" when all is well, else why not. ``metrics`` gives Prometheus text.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    if slack_events is not None:
        app.router.add_post("/slack/events", slack_events)
    if linq_webhooks is not None:
        app.router.add_post("/linq/webhooks", linq_webhooks)
    if lent_clips is not None:
        app.router.add_get("/clips/{token}/{name}", lent_clips)  # HEAD comes with it
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready(pings))
    app.router.add_get("/metrics", _metrics(metrics))
    return app


async def listen(app: web.Application, host: str, port: int, *, patience_s: float) -> tuple[web.AppRunner, int]:
    """Serve it; gives the runner to clean up later and the port, which is chosen by the system when 0 is asked.

    The clean-up waits that long for requests that are being answered.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=patience_s)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=4096)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _ready(pings: Mapping[str, Ping]) -> Handler:
    async def ready(_: web.Request) -> web.Response:
        found = await reasons(pings)
        body = {name: {"ok": True} if not why else {"ok": False, "why": why} for name, why in found.items()}
        return web.json_response(body, status=503 if any(found.values()) else 200)

    return ready


async def reasons(pings: Mapping[str, Ping]) -> dict[str, str]:
    """What each neighbour says, all asked at once; a ping that hangs or breaks is a trouble too."""
    return dict(zip(pings, await asyncio.gather(*(_reason(ping) for ping in pings.values())), strict=True))


async def _reason(ping: Ping) -> str:
    try:
        async with asyncio.timeout(PING_SECONDS):
            return await ping()
    except TimeoutError:
        return f"no answer within {PING_SECONDS:g} s"
    except Exception as error:
        return f"the check itself failed ({type(error).__name__})"


def _metrics(metrics: Callable[[], bytes]) -> Handler:
    async def show(_: web.Request) -> web.Response:
        return web.Response(body=metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return show
