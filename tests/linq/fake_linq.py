"""A Linq that answers what it is told to, and notes what it was asked. For answers the sandbox never gives."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

PREFIX = "/api/partner"


@dataclass(frozen=True)
class Answer:
    """``body``: bytes go out as they are, everything else as JSON. ``is_lost``: the connection is cut instead."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_lost: bool = False


@dataclass(frozen=True)
class Request:
    call: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass
class FakeLinq:
    """``answers`` holds, by method and path, what is answered; of several, each once, and the last for ever."""

    origin: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return self.origin + PREFIX

    def answer(self, call: str, *answers: Answer) -> None:
        """``call`` is like ``GET /v3/chats/…`` for the API, or ``GET /media/a`` for any other path of this origin."""
        self.answers[call] = list(answers)

    def asked(self, call: str) -> list[Request]:
        return [request for request in self.requests if request.call == call]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = f"{request.method} {request.path.removeprefix(PREFIX)}"
        raw = await request.read()
        body = json.loads(raw) if raw else None
        self.requests.append(Request(call, dict(request.query), dict(request.headers), body))
        given = self.answers.get(call, [Answer(404, {"error": {"status": 404, "code": 2001, "message": "no"}})])
        answer = given.pop(0) if len(given) > 1 else given[0]
        if answer.is_lost:
            assert request.transport is not None, "it is being answered"
            request.transport.abort()
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        return web.Response(status=answer.status, body=content, headers=answer.headers)


@asynccontextmanager
async def open_fake_linq() -> AsyncIterator[FakeLinq]:
    fake = FakeLinq()
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{any:.*}", fake.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    await runner.cleanup()
