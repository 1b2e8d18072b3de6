"""A bot reduced to its ear: takes what Slack posts, keeps it, and answers as told."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from multidict import CIMultiDictProxy


@dataclass
class Heard:
    """One request; ``said`` is its JSON, or the fields of its form."""

    headers: CIMultiDictProxy[str]
    raw: bytes
    said: dict[str, Any]


@dataclass
class Listener:
    """``answer`` makes the response to each request; ``held`` keeps every answer back until it is set."""

    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[Heard], web.Response] = field(default=lambda heard: web.Response())
    held: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        heard = Heard(request.headers, raw, _parsed(request.content_type, raw))
        async with self._grown:
            self.heard.append(heard)
            self._grown.notify_all()
        await self.held.wait()
        return self.answer(heard)

    async def hears(self, count: int, timeout: float = 10.0) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(timeout), self._grown:
            await self._grown.wait_for(lambda: len(self.heard) >= count)

    def events(self, kind: str = "message") -> list[dict[str, Any]]:
        """The inner events of that type, in order of arrival."""
        inner = [heard.said.get("event") or {} for heard in self.heard]
        return [event for event in inner if event.get("type") == kind]


def _parsed(content_type: str, raw: bytes) -> dict[str, Any]:
    if content_type == "application/json":
        said: dict[str, Any] = json.loads(raw)
        return said
    fields: dict[str, Any] = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
    return json.loads(fields["payload"]) if "payload" in fields else fields


def status(number: int, **headers: str) -> Callable[[Heard], web.Response]:
    """Answers with that status every time."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda heard: web.Response(status=number, headers=named)


def statuses(*numbers: int) -> Callable[[Heard], web.Response]:
    """Answers with these statuses, one after the other."""
    waiting = list(numbers)
    return lambda heard: web.Response(status=waiting.pop(0))


def says(body: Any) -> Callable[[Heard], web.Response]:
    """Answers 200 with that JSON, or with plain text."""
    if isinstance(body, str):
        return lambda heard: web.Response(text=body)
    return lambda heard: web.json_response(body)
