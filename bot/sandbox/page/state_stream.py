"""The state of the sandbox as server-sent events: every section once, then each again when it has changed."""

import asyncio
import json
from collections.abc import Callable, Iterable

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.wire import Wire

POLL_EVERY_S = 0.25  # some of what people see crosses no wire: a phone that reads while webhooks are withheld
DEBOUNCE_S = 0.03  # what happens together is sent together
KEEPALIVE_EVERY_POLLS = 60


class StateStream:
    """``read`` gives the sections as (name, JSON) pairs. Sections that end are sent as null."""

    def __init__(self, wire: Wire, read: Callable[[], Iterable[tuple[str, Json]]]) -> None:
        self._wire, self._read = wire, read
        self._streams: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        stream = asyncio.get_running_loop().create_task(self._send_changes(response))
        self._streams.add(stream)
        stream.add_done_callback(self._streams.discard)
        try:
            await asyncio.wait([stream])
        finally:
            stream.cancel()
        return response

    async def close(self, application: web.Application) -> None:
        for stream in self._streams:
            stream.cancel()

    async def _send_changes(self, response: web.StreamResponse) -> None:
        sent: dict[str, str] = {}
        quiet = 0
        try:
            while True:
                changes = self._changes(sent)
                quiet = 0 if changes else quiet + 1
                if changes:
                    await response.write(f"event: world\ndata: {_joined(changes)}\n\n".encode())
                elif quiet % KEEPALIVE_EVERY_POLLS == 0:
                    await response.write(b": keepalive\n\n")
                await self._wait_for_change()
        except ConnectionError:
            return

    def _changes(self, sent: dict[str, str]) -> dict[str, str]:
        """Return the sections that differ from what was sent, as JSON texts, and bring ``sent`` up to date."""
        now = {name: json.dumps(section) for name, section in self._read()}
        changed = {name: text for name, text in now.items() if sent.get(name) != text}
        changed |= dict.fromkeys(sent.keys() - now.keys(), "null")
        sent.clear()
        sent.update(now)
        return changed

    async def _wait_for_change(self) -> None:
        try:
            async with asyncio.timeout(POLL_EVERY_S):
                await self._wire.next_entry()
        except TimeoutError:
            return
        await asyncio.sleep(DEBOUNCE_S)


def _joined(sections: dict[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in sections.items()) + "}"
