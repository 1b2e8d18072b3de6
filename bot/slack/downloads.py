"""Fetching the bytes of a file from Slack. The token goes to Slack's own hosts and nowhere else.

A refused token does not show as an error: Slack answers with its login page, or leads there. So it has been seen to do
with a file that it is still working on.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from bot.relay.errors import Refused, RetryLater
from bot.slack.errors import DELETED, retry_after

SLACK_HOSTS = ("slack.com", "slack-files.com", "slack-edge.com", "slack-gov.com")
# Fewer and larger pieces take less time, but twenty clips of 25 MB must not fill the memory with them.
PIECE_BYTES, SMALL_PIECE_BYTES = 256 * 1024, 64 * 1024
LARGE_BYTES = 4 * 1024 * 1024
_PAGE_STARTS = (b"<!doctype html", b"<html")

_SHUT = (
    "Slack did not hand out the file but a login page. Check that the app has the scope files:read, "
    "and reinstall it to the workspace."
)


class Stale(RetryLater):
    """Nothing (yet) under this address; a fresh one may lead to the file."""


class Misled(Refused):
    """What stands there is not the file. Only a fresh address may change that."""


class LoginPage(Misled):
    """Slack asks who we are: the token is not taken, or the file is still being worked on."""


@dataclass(frozen=True)
class Bounds:
    """How much may come, and how slowly. Sizes in bytes, times in seconds."""

    size_bytes: int = 100 * 1024 * 1024
    connect_s: float = 10.0
    idle_s: float = 30.0
    total_s: float = 600.0


class Arriving:
    """An open download: the relay's ``Download``."""

    def __init__(self, response: aiohttp.ClientResponse, first: bytes, most_bytes: int) -> None:
        self.size_bytes = response.content_length
        self._response = response
        self._first = first
        self._most_bytes = most_bytes
        is_small = self.size_bytes is not None and self.size_bytes <= LARGE_BYTES
        self._piece_bytes = PIECE_BYTES if is_small else SMALL_PIECE_BYTES

    async def chunks(self) -> AsyncIterator[bytes]:
        """All bytes, once. Raises RetryLater when they stop coming, Refused when they do not end."""
        chunk, had = self._first, 0
        while chunk:
            had += len(chunk)
            if had > self._most_bytes:
                raise _too_big(None, self._most_bytes)
            yield chunk
            chunk = await _next(self._response, self._piece_bytes)
        if self.size_bytes is not None and had < self.size_bytes:
            raise RetryLater("Slack's download broke off.")


class Downloads:
    """``base_url`` is the Web API's: its origin counts as Slack too."""

    def __init__(self, token: str, session: aiohttp.ClientSession, base_url: str, bounds: Bounds) -> None:
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        self._session = session
        self._own_origin = URL(base_url).origin()
        self._bounds = bounds
        self._timeout = aiohttp.ClientTimeout(
            total=bounds.total_s, sock_connect=bounds.connect_s, sock_read=bounds.idle_s
        )

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Arriving]:
        """Raises Stale, Misled, RetryLater or Refused."""
        response = await self._get(self._trusted(url))
        try:
            self._judge(response)
            first = await _next(response, SMALL_PIECE_BYTES)
            if first.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(_PAGE_STARTS):
                raise LoginPage(_SHUT)
            if not first:
                raise Misled("The file is empty (0 bytes). Record it again and drop the new one.")
            yield Arriving(response, first, self._bounds.size_bytes)
        finally:
            response.release()

    def _trusted(self, url: str) -> URL:
        """The address, if the token may go there."""
        try:
            parsed = URL(url)
            own = parsed.is_absolute() and parsed.origin() == self._own_origin
        except ValueError:
            raise Refused("Slack gave an address for the file that makes no sense: upload it again.") from None
        if own or (parsed.scheme == "https" and parsed.port == 443 and _is_slack(parsed.host or "")):
            return parsed
        raise Refused("The file is kept outside Slack, which only links to it. Upload the file itself.")

    async def _get(self, url: URL) -> aiohttp.ClientResponse:
        try:
            return await self._session.get(url, headers=self._headers, allow_redirects=False, timeout=self._timeout)
        except (aiohttp.ClientError, OSError) as lost:
            raise RetryLater("Slack's file server cannot be reached.") from lost

    def _judge(self, response: aiohttp.ClientResponse) -> None:
        status, size = response.status, response.content_length
        if status in (401, 403) or 300 <= status < 400 or (status == 200 and response.content_type == "text/html"):
            raise LoginPage(_SHUT)
        if status == 404:
            raise Stale("Slack is not done with the file yet.")
        if status == 410:
            raise Refused(DELETED)
        if status == 429:
            raise RetryLater("Slack is rate limiting downloads.", after=retry_after(response.headers))
        if status != 200:
            raise RetryLater(f"Slack's file server answered {status}.")
        if size is not None and size > self._bounds.size_bytes:
            raise _too_big(size, self._bounds.size_bytes)


def _is_slack(host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in SLACK_HOSTS)


async def _next(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """What has arrived; empty at the end."""
    try:
        return await response.content.read(most_bytes)
    except (aiohttp.ClientError, OSError) as lost:
        raise RetryLater("Slack's download broke off.") from lost


def _too_big(size_bytes: int | None, most_bytes: int) -> Refused:
    size = "more" if size_bytes is None else f"{size_bytes / 1024**2:.1f} MB"
    most = f"{most_bytes // 1024**2} MB"
    return Refused(f"The file has {size}; {most} is the most that goes through: upload it smaller or in parts.")
