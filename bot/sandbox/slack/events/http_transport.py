"""Envelopes over signed HTTP: events as JSON, commands and interactions as forms."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.json_types import Json
from bot.sandbox.slack.bot_answers import ANSWER_WITHIN_S, BotAnswer
from bot.sandbox.slack.events.envelopes import Envelope

_MOST_AT_ONCE = 100


class HttpTransport:
    """Posts to ``url``; without one nothing can be sent. The 3 s begin when a connection is free.

    ``now`` is Slack's clock, which signs.
    """

    def __init__(self, signing_secret: str, now: Callable[[], float]) -> None:
        self.url = ""
        self._secret, self._now = signing_secret.encode(), now
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
        )

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    async def send(self, envelope: Envelope) -> BotAnswer:
        body, content_type = encode(envelope)
        async with self._slots:
            started = time.monotonic()
            return await self._post(body, self._headers(envelope, body, content_type), started)

    def _headers(self, envelope: Envelope, body: bytes, content_type: str) -> dict[str, str]:
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if envelope.attempt:
            headers |= {"X-Slack-Retry-Num": str(envelope.attempt), "X-Slack-Retry-Reason": envelope.reason}
        return headers | signature_headers(self._secret, body, int(self._now()))

    async def _post(self, body: bytes, headers: dict[str, str], started: float) -> BotAnswer:
        if self._session is None or not self.url:
            return BotAnswer(None, "connection_failed")
        try:
            async with self._session.post(self.url, data=body, headers=headers, max_redirects=2) as response:
                content = await response.read()
                no_retry = response.headers.get("X-Slack-No-Retry") == "1"
                reason = "" if response.status < 300 else "http_error"
                return BotAnswer(response.status, reason, content, no_retry, time.monotonic() - started)
        except TimeoutError:
            return BotAnswer(None, "http_timeout", seconds=time.monotonic() - started)
        except aiohttp.TooManyRedirects:
            return BotAnswer(None, "too_many_redirects", seconds=time.monotonic() - started)
        except (aiohttp.ClientError, OSError):
            return BotAnswer(None, "connection_failed", seconds=time.monotonic() - started)


def encode(envelope: Envelope) -> tuple[bytes, str]:
    """Return the request body and its content type."""
    if envelope.kind == "events_api":
        return json.dumps(envelope.payload, separators=(",", ":")).encode(), "application/json"
    fields: Json = envelope.payload
    if envelope.kind == "interactive":
        fields = {"payload": json.dumps(envelope.payload, separators=(",", ":"))}
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def signature_headers(secret: bytes, body: bytes, timestamp: int) -> dict[str, str]:
    """Return the two headers that prove a request comes from Slack."""
    base = b"v0:%d:%b" % (timestamp, body)
    digest = hmac.new(secret, base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}
