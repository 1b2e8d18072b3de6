"""The control port: the wire as JSON and as a stream, and what either side lets people do."""

import asyncio
import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.wire import Wire

_MOST_WAIT_S, _BODY_BYTES = 60.0, 256 * 1024 * 1024
_AT_HOME = ("127.0.0.1", "localhost")


def control_application(wire: Wire, environment: dict[str, str], routes: Iterable[web.RouteDef]) -> web.Application:
    """``environment``: what a bot needs, for ``GET /environment``."""
    tap = WireTap(wire)

    async def exports(request: web.Request) -> web.Response:
        return web.json_response(environment)

    application = web.Application(middlewares=[_only_from_home, _plain_errors], client_max_size=_BODY_BYTES)
    application.on_shutdown.append(tap.close)
    application.add_routes(
        [web.get("/wire", tap.poll), web.get("/wire/stream", tap.stream), web.get("/environment", exports), *routes]
    )
    return application


class WireTap:
    """``GET /wire?after=N&wait=S`` gives entries from number N on, waiting up to S seconds for the first of them."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._streams: set[asyncio.Task[None]] = set()

    async def poll(self, request: web.Request) -> web.Response:
        after, wait_s = int(request.query.get("after", 0)), float(request.query.get("wait", 0))
        try:
            async with asyncio.timeout(min(wait_s, _MOST_WAIT_S)):
                while len(self._wire.entries) <= after:
                    await self._wire.grown()
        except TimeoutError:
            pass
        found = self._wire.entries[max(after, 0) :]
        return web.json_response({"entries": [e.shown() for e in found], "next": len(self._wire.entries)})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events, one per entry; a page that comes back tells how far it got in ``Last-Event-ID``."""
        last = request.headers.get("Last-Event-ID")
        start = int(last) + 1 if last else int(request.query.get("after", 0))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        following = asyncio.get_running_loop().create_task(self._follow(response, start))
        self._streams.add(following)
        following.add_done_callback(self._streams.discard)
        await asyncio.wait([following])
        return response

    async def _follow(self, response: web.StreamResponse, start: int) -> None:
        try:
            async for entry in self._wire.follow(start):
                await response.write(f"id: {entry.number}\ndata: {json.dumps(entry.shown())}\n\n".encode())
        except ConnectionError:
            return

    async def close(self, application: web.Application) -> None:
        for following in self._streams:
            following.cancel()


@web.middleware
async def _only_from_home(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pages of other sites must not steer this one, neither directly nor through a name that leads here."""
    named = [f"//{request.host}", *request.headers.getall("Origin", [])]
    if all(urlsplit(each).hostname in _AT_HOME for each in named):
        return await handler(request)
    return web.json_response({"error": "only for pages of this machine"}, status=403)


@web.middleware
async def _plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPError as refused:
        refused.text, refused.content_type = json.dumps({"error": refused.reason}), "application/json"
        raise
    except LookupError as missing:
        return web.json_response({"error": f"unknown: {missing}"}, status=404)
    except (TypeError, ValueError) as wrong:
        return web.json_response({"error": str(wrong)}, status=400)
