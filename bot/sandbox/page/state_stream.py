"""Server-sent events: every part of the world once, then each part again when it has changed."""

import asyncio
import json
from collections.abc import Callable, Iterable

from aiohttp import web

from bot.sandbox.page.controller import Json
from bot.sandbox.wire import Wire

LOOK_EVERY_S = 0.25  # some of what people see crosses no wire: a phone that reads while webhooks are withheld
SETTLE_S = 0.03  # what happens together is told together
ALIVE_EVERY_LOOKS = 60


class Stream:
    """``look`` gives the parts of the world as (name, JSON) pairs. Parts that end are told as null."""

    def __init__(self, wire: Wire, look: Callable[[], Iterable[tuple[str, Json]]]) -> None:
        self._wire, self._look = wire, look
        self._watchers: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        watcher = asyncio.get_running_loop().create_task(self._tell(response))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        try:
            await asyncio.wait([watcher])
        finally:
            watcher.cancel()
        return response

    async def close(self, application: web.Application) -> None:
        for watcher in self._watchers:
            watcher.cancel()

    async def _tell(self, response: web.StreamResponse) -> None:
        told: dict[str, str] = {}
        quiet = 0
        try:
            while True:
                changes = self._changes(told)
                quiet = 0 if changes else quiet + 1
                if changes:
                    await response.write(f"event: world\ndata: {_joined(changes)}\n\n".encode())
                elif quiet % ALIVE_EVERY_LOOKS == 0:
                    await response.write(b": still here\n\n")
                await self._change_due()
        except ConnectionError:
            return

    def _changes(self, told: dict[str, str]) -> dict[str, str]:
        """The parts that differ from what was told, as JSON texts; ``told`` is brought up to date."""
        now = {name: json.dumps(part) for name, part in self._look()}
        changed = {name: text for name, text in now.items() if told.get(name) != text}
        changed |= dict.fromkeys(told.keys() - now.keys(), "null")
        told.clear()
        told.update(now)
        return changed

    async def _change_due(self) -> None:
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._wire.grown()
        except TimeoutError:
            return
        await asyncio.sleep(SETTLE_S)


def _joined(parts: dict[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in parts.items()) + "}"
