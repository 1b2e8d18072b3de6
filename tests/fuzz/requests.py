"""Mutated requests to both receivers of a running bot, signed and unsigned, and how each was answered."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.linq.webhooks.signing import new_secret, standard_headers
from bot.sandbox.slack.events.http_transport import signature_headers
from tests.fuzz import seeds
from tests.fuzz.mutations import mutate_bytes, mutate_json, to_json
from tests.stories.system import System

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
CONTENT_TYPES = (JSON, FORM, "application/json; charset=utf-16", "text/plain", "multipart/form-data; boundary=x", "")
UNSIGNED = 0.2  # the share of requests that neither Slack nor Linq has signed
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Request:
    """``kind``: which payload was mutated. One that is not ``signed`` must be answered 401."""

    path: str
    kind: str
    body: bytes
    headers: dict[str, str]
    signed: bool


@dataclass
class Answers:
    """How the requests were answered, and those that were answered wrongly."""

    counts: Counter[tuple[str, str, bool, int]] = field(default_factory=Counter)
    wrong: list[tuple[int, Request]] = field(default_factory=list)

    def add(self, request: Request, status: int) -> None:
        self.counts[request.path, request.kind, request.signed, status] += 1
        if status >= 500 or (status == 401) == request.signed:
            self.wrong.append((status, request))

    @property
    def total(self) -> int:
        return self.counts.total()


class RequestMaker:
    """Makes requests without end; the same ``seed`` makes the same ones, but for the time they are signed at."""

    def __init__(self, system: System, seed: int) -> None:
        sandbox, self._chance = system.sandbox, random.Random(seed)
        self._slack_secret = sandbox.slack.signing_secret.encode()
        self._linq_secret = sandbox.linq.webhook_secret
        self._webhooks = seeds.webhooks(system.chat)
        self._events = seeds.events(system.channel, sandbox.slack.bot_user)
        self._commands, self._interactions = seeds.commands(sandbox), seeds.interactions(sandbox)

    def requests(self) -> Iterator[Request]:
        """Half to each receiver."""
        while True:
            yield self._to_linq() if self._chance.random() < 0.5 else self._to_slack()

    def _to_linq(self) -> Request:
        body = self._body(self._fresh(self._chance.choice(self._webhooks)))
        signed = self._is_signed()
        secret = self._linq_secret if signed else new_secret()
        headers = standard_headers(secret, f"e{self._chance.randrange(10**6)}", self._signed_at(signed=signed), body)
        return self._request("/linq/webhooks", "webhook", body, headers, JSON, signed=signed)

    def _fresh(self, webhook: Any) -> Any:
        """Mostly about a message that was not told before: a known one would be passed over early."""
        data = webhook.get("data")
        if not isinstance(data, dict) or "id" not in data or self._chance.random() < 0.3:
            return webhook
        fresh = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        return webhook | {"data": data | {"id": fresh}}

    def _to_slack(self) -> Request:
        kind = self._chance.choice(("event", "event", "event", "command", "interaction"))
        body, content_type = getattr(self, f"_{kind}")()
        signed = self._is_signed()
        secret = self._slack_secret if signed else self._chance.randbytes(16)
        headers = signature_headers(secret, body, self._signed_at(signed=signed))
        if self._chance.random() < 0.1:
            headers["X-Slack-Retry-Num"] = self._chance.choice(("1", "3", "x", "9" * 99))
        return self._request("/slack/events", kind, body, headers, content_type, signed=signed)

    def _event(self) -> tuple[bytes, str]:
        return self._body(self._chance.choice(self._events)), JSON

    def _command(self) -> tuple[bytes, str]:
        form = mutate_json(self._chance, self._chance.choice(self._commands))
        fields = form if isinstance(form, dict) else {"text": form}
        return self._perhaps_mutated(_form(fields)), FORM

    def _interaction(self) -> tuple[bytes, str]:
        payload = self._body(self._chance.choice(self._interactions))
        return self._perhaps_mutated(_form({"payload": payload})), FORM

    def _body(self, seed: Any) -> bytes:
        return self._perhaps_mutated(to_json(self._chance, mutate_json(self._chance, seed)))

    def _perhaps_mutated(self, raw: bytes) -> bytes:
        return mutate_bytes(self._chance, raw) if self._chance.random() < 0.15 else raw

    def _is_signed(self) -> bool:
        return self._chance.random() >= UNSIGNED

    def _signed_at(self, *, signed: bool) -> int:
        return int(time.time()) - (0 if signed else self._chance.choice((0, 0, 301, -301, 86_400)))

    def _request(
        self, path: str, kind: str, body: bytes, headers: dict[str, str], content_type: str, *, signed: bool
    ) -> Request:
        if self._chance.random() < 0.05:
            content_type = self._chance.choice(CONTENT_TYPES)
        return Request(path, kind, body, headers | {"Content-Type": content_type}, signed)


def _form(fields: dict[str, Any]) -> bytes:
    """Half a surrogate pair becomes bytes that are no UTF-8."""
    return urlencode(fields, errors="surrogatepass").encode()


async def send_many(url: str, requests: Iterator[Request], times: int, at_once: int = 8) -> Answers:
    """Send so many to the bot that listens at ``url``, ``at_once`` at the same time."""
    answers, left = Answers(), iter(range(times))

    async def send() -> None:
        for _ in left:
            request = next(requests)
            async with session.post(url + request.path, data=request.body, headers=request.headers) as answer:
                await answer.read()
                answers.add(request, answer.status)

    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(send())
    return answers
