"""The receiving end of a bot: takes what Slack posts, keeps it, and answers as it was set to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from multidict import CIMultiDictProxy


@dataclass
class Received:
    """One request; ``body`` is its JSON, or the fields of its form."""

    headers: CIMultiDictProxy[str]
    raw: bytes
    body: dict[str, Any]


@dataclass
class Listener:
    """``answer`` makes the response to each request; ``released`` holds every answer back until it is set."""

    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], web.Response] = field(default=lambda received: web.Response())
    released: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        received = Received(request.headers, raw, _parsed(request.content_type, raw))
        async with self._arrived:
            self.received.append(received)
            self._arrived.notify_all()
        await self.released.wait()
        return self.answer(received)

    async def until(self, count: int, timeout: float = 10.0) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(timeout), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)

    def events(self, kind: str = "message") -> list[dict[str, Any]]:
        """The inner events of that type, in order of arrival."""
        inner = [received.body.get("event") or {} for received in self.received]
        return [event for event in inner if event.get("type") == kind]


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    listener.released.set()
    application = web.Application()
    application.router.add_post("/slack/events", listener.take)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield listener
    listener.released.set()
    await runner.cleanup()


def _parsed(content_type: str, raw: bytes) -> dict[str, Any]:
    if content_type == "application/json":
        body: dict[str, Any] = json.loads(raw)
        return body
    fields: dict[str, Any] = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
    return json.loads(fields["payload"]) if "payload" in fields else fields


def status(number: int, **headers: str) -> Callable[[Received], web.Response]:
    """Answer with that status every time."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda received: web.Response(status=number, headers=named)


def statuses(*numbers: int) -> Callable[[Received], web.Response]:
    """Answer with these statuses, one after the other."""
    waiting = list(numbers)
    return lambda received: web.Response(status=waiting.pop(0))


def answers(body: Any) -> Callable[[Received], web.Response]:
    """Answer 200 with that JSON, or with plain text."""
    if isinstance(body, str):
        return lambda received: web.Response(text=body)
    return lambda received: web.json_response(body)
