"""Parcels over signed HTTP: events as JSON, commands and interactions as forms."""

import asyncio
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.events.envelopes import ANSWER_WITHIN_S, BotAnswer, Envelope
from bot.sandbox.slack.state.workspace import Body

_AT_ONCE = 100


class HttpTransport:
    """Posts to ``url``; without one nothing can be carried. The 3 s begin when a connection is free."""

    def __init__(self, signing_secret: str) -> None:
        self.url = ""
        self._secret = signing_secret.encode()
        self._session: aiohttp.ClientSession | None = None
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
        )

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    async def carry(self, parcel: Envelope) -> BotAnswer:
        body, content_type = written(parcel)
        async with self._turn:
            started = time.monotonic()
            return await self._post(body, self._headers(parcel, body, content_type), started)

    def _headers(self, parcel: Envelope, body: bytes, content_type: str) -> dict[str, str]:
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if parcel.attempt:
            headers |= {"X-Slack-Retry-Num": str(parcel.attempt), "X-Slack-Retry-Reason": parcel.reason}
        return headers | signature(self._secret, body, int(time.time()))

    async def _post(self, body: bytes, headers: dict[str, str], started: float) -> BotAnswer:
        if self._session is None or not self.url:
            return BotAnswer(None, "connection_failed")
        try:
            async with self._session.post(self.url, data=body, headers=headers, max_redirects=2) as response:
                said = await response.read()
                no_retry = response.headers.get("X-Slack-No-Retry") == "1"
                reason = "" if response.status < 300 else "http_error"
                return BotAnswer(response.status, reason, said, no_retry, time.monotonic() - started)
        except TimeoutError:
            return BotAnswer(None, "http_timeout", seconds=time.monotonic() - started)
        except aiohttp.TooManyRedirects:
            return BotAnswer(None, "too_many_redirects", seconds=time.monotonic() - started)
        except (aiohttp.ClientError, OSError):
            return BotAnswer(None, "connection_failed", seconds=time.monotonic() - started)


def written(parcel: Envelope) -> tuple[bytes, str]:
    """The request body and its content type."""
    if parcel.kind == "events_api":
        return json.dumps(parcel.payload, separators=(",", ":")).encode(), "application/json"
    fields: Body = parcel.payload
    if parcel.kind == "interactive":
        fields = {"payload": json.dumps(parcel.payload, separators=(",", ":"))}
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def signature(secret: bytes, body: bytes, timestamp: int) -> dict[str, str]:
    """The two headers that prove a request comes from Slack."""
    base = b"v0:%d:%b" % (timestamp, body)
    digest = hmac.new(secret, base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}
