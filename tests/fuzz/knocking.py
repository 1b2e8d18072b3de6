"""Knocking at both entrances of a running bot with mutated payloads, signed and unsigned, and counting the answers."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.linq.webhooks.signing import new_secret, standard_headers
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.events.http_transport import signature_headers
from tests.fuzz import seeds
from tests.fuzz.mutations import torn, twisted, written

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
TYPES = (JSON, FORM, "application/json; charset=utf-16", "text/plain", "multipart/form-data; boundary=x", "", "\t;;=")
UNSIGNED = 0.2  # the part of the knocks that Slack or Linq did not sign


@dataclass(frozen=True)
class Knock:
    """One request. ``entrance`` is the path; a knock that is not ``signed`` must be answered 401."""

    entrance: str
    kind: str
    body: bytes
    headers: dict[str, str]
    signed: bool


@dataclass
class Count:
    """How the knocks were answered, and those that were answered wrongly."""

    answers: Counter[tuple[str, str, bool, int]] = field(default_factory=Counter)
    wrong: list[tuple[int, Knock]] = field(default_factory=list)

    def add(self, knock: Knock, status: int) -> None:
        self.answers[knock.entrance, knock.kind, knock.signed, status] += 1
        if status >= 500 or (status == 401) == knock.signed:
            self.wrong.append((status, knock))

    @property
    def total(self) -> int:
        return sum(self.answers.values())


class Knocker:
    """Makes knocks without end; the same ``seed`` makes the same ones, but for the time they are signed at."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self._dice = random.Random(seed)
        self._slack_secret = sandbox.slack.signing_secret.encode()
        self._linq_secret = sandbox.linq.webhook_secret
        self._webhooks, self._events = seeds.webhooks(), seeds.events()
        self._commands, self._gestures = seeds.commands(sandbox), seeds.gestures(sandbox)

    def knocks(self) -> Iterator[Knock]:
        while True:
            yield self._webhook() if self._dice.random() < 0.4 else self._slack()

    def _webhook(self) -> Knock:
        body = self._body(self._dice.choice(self._webhooks))
        signed, now = self._is_signed(), int(time.time())
        secret = self._linq_secret if signed else new_secret()
        headers = standard_headers(
            secret, f"e{self._dice.randrange(10**6)}", now - (0 if signed else self._age()), body
        )
        return self._knock("/linq/webhooks", "webhook", body, headers, JSON, signed=signed)

    def _slack(self) -> Knock:
        kind = self._dice.choice(("event", "event", "command", "gesture"))
        body, content_type = getattr(self, f"_{kind}")()
        signed, now = self._is_signed(), int(time.time())
        secret = self._slack_secret if signed else self._dice.randbytes(16)
        headers = signature_headers(secret, body, now - (0 if signed else self._age()))
        if self._dice.random() < 0.1:
            headers["X-Slack-Retry-Num"] = self._dice.choice(("1", "3", "x", "9" * 99))
        return self._knock("/slack/events", kind, body, headers, content_type, signed=signed)

    def _event(self) -> tuple[bytes, str]:
        return self._body(self._dice.choice(self._events)), JSON

    def _command(self) -> tuple[bytes, str]:
        form = twisted(self._dice, self._dice.choice(self._commands))
        fields = form if isinstance(form, dict) else {"text": form}
        return self._perhaps_torn(_form(fields)), FORM

    def _gesture(self) -> tuple[bytes, str]:
        return self._perhaps_torn(_form({"payload": self._body(self._dice.choice(self._gestures))})), FORM

    def _body(self, seed: Any) -> bytes:
        return self._perhaps_torn(written(self._dice, twisted(self._dice, seed)))

    def _perhaps_torn(self, raw: bytes) -> bytes:
        return torn(self._dice, raw) if self._dice.random() < 0.15 else raw

    def _is_signed(self) -> bool:
        return self._dice.random() >= UNSIGNED

    def _age(self) -> int:
        return self._dice.choice((0, 0, 301, -301, 86_400))

    def _knock(
        self, entrance: str, kind: str, body: bytes, headers: dict[str, str], content_type: str, *, signed: bool
    ) -> Knock:
        if self._dice.random() < 0.05:
            content_type = self._dice.choice(TYPES)
        return Knock(entrance, kind, body, headers | {"Content-Type": content_type}, signed)


def _form(fields: dict[str, Any]) -> bytes:
    """Half a surrogate pair becomes bytes that are no UTF-8."""
    return urlencode(fields, errors="surrogatepass").encode()


async def knock_often(url: str, knocks: Iterator[Knock], times: int, at_once: int = 8) -> Count:
    """Knock at the bot that listens at ``url``, ``at_once`` at the same time."""
    count, left = Count(), iter(range(times))

    async def go() -> None:
        for _ in left:
            knock = next(knocks)
            async with session.post(url + knock.entrance, data=knock.body, headers=knock.headers) as answer:
                await answer.read()
                count.add(knock, answer.status)

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(go())
    return count
