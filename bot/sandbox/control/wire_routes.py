"""The wire log over HTTP: polled, or as a stream of server-sent events."""

import asyncio
import json

from aiohttp import web

from bot.sandbox.wire import Wire

_MAX_WAIT_S = 60.0


class WireRoutes:
    """``GET /wire`` and ``GET /wire/stream``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._streams: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/wire", self.poll), web.get("/wire/stream", self.stream)]

    async def poll(self, request: web.Request) -> web.Response:
        after, wait_s = int(request.query.get("after", 0)), float(request.query.get("wait", 0))
        try:
            async with asyncio.timeout(min(wait_s, _MAX_WAIT_S)):
                while len(self._wire.entries) <= after:
                    await self._wire.next_entry()
        except TimeoutError:
            pass
        found = self._wire.entries[max(after, 0) :]
        return web.json_response({"entries": [e.shown() for e in found], "next": len(self._wire.entries)})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send one event per entry; a page that comes back says in ``Last-Event-ID`` how far it got."""
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
