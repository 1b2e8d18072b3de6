"""Fetching the bytes of a file from Slack. The token goes to Slack's own hosts and nowhere else.

A refused token does not show as an error: Slack answers with its login page, or redirects to it. It has been seen to do
the same for a file that it is still processing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from bot.relay.errors import Refused, Remedy, RetryLater
from bot.slack.api.errors import DELETED, retry_after

SLACK_HOSTS = ("slack.com", "slack-files.com", "slack-edge.com", "slack-gov.com")
# Fewer and larger chunks take less time, but twenty clips of 25 MB must not fill the memory with them.
CHUNK_BYTES, SMALL_CHUNK_BYTES = 256 * 1024, 64 * 1024
LARGE_BYTES = 4 * 1024 * 1024
_PAGE_STARTS = (b"<!doctype html", b"<html")

NOT_READY = "Slack is not done with the file yet."
_LOGIN_PAGE = (
    "Slack did not hand out the file but a login page. Check that the app has the scope files:read, "
    "and reinstall it to the workspace."
)
_BROKE_OFF = "Slack's download broke off."


class StaleAddress(RetryLater):
    """Nothing (yet) under this address; a fresh one may lead to the file."""


class NotTheFile(Refused):
    """What is under this address is not the file. Only a fresh address may change that."""


class LoginPage(NotTheFile):
    """Slack asks who we are: the token is not accepted, or the file is still being processed."""


@dataclass(frozen=True)
class DownloadLimits:
    """How much may come, and how slowly. Sizes in bytes, times in seconds."""

    size_bytes: int = 100 * 1024 * 1024
    connect_s: float = 10.0
    idle_s: float = 30.0
    total_s: float = 600.0


class SlackDownload:
    """An open download: the relay's ``Download``. ``head``: the first bytes, which have come already."""

    def __init__(self, response: aiohttp.ClientResponse, head: bytes, most_bytes: int) -> None:
        self.size_bytes = response.content_length
        self.head = head
        self._response = response
        self._most_bytes = most_bytes
        is_small = self.size_bytes is not None and self.size_bytes <= LARGE_BYTES
        self._chunk_bytes = CHUNK_BYTES if is_small else SMALL_CHUNK_BYTES

    async def chunks(self) -> AsyncIterator[bytes]:
        """All bytes, once. Raises RetryLater when they stop coming, Refused when they do not end."""
        chunk, received = self.head, 0
        while chunk:
            received += len(chunk)
            if received > self._most_bytes:
                raise _too_big(None, self._most_bytes)
            yield chunk
            chunk = await _read(self._response, self._chunk_bytes)
        if self.size_bytes is not None and received < self.size_bytes:
            raise RetryLater(_BROKE_OFF)


class Downloads:
    """``base_url`` is the Web API's: its origin counts as Slack too."""

    def __init__(self, token: str, session: aiohttp.ClientSession, base_url: str, limits: DownloadLimits) -> None:
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        self._session = session
        self._base_url = base_url
        self._limits = limits
        self._timeout = aiohttp.ClientTimeout(
            total=limits.total_s, sock_connect=limits.connect_s, sock_read=limits.idle_s
        )

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[SlackDownload]:
        """Raises StaleAddress, NotTheFile, RetryLater or Refused."""
        response = await self._get(slack_url(url, self._base_url))
        try:
            self._check(response)
            head = await _read(response, SMALL_CHUNK_BYTES)
            if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(_PAGE_STARTS):
                raise LoginPage(_LOGIN_PAGE, remedy=Remedy.RESEND)
            if not head:
                raise NotTheFile("The file is empty (0 bytes).", remedy=Remedy.SEND_FILE_AGAIN)
            yield SlackDownload(response, head, self._limits.size_bytes)
        finally:
            response.release()

    async def _get(self, url: URL) -> aiohttp.ClientResponse:
        try:
            return await self._session.get(url, headers=self._headers, allow_redirects=False, timeout=self._timeout)
        except (aiohttp.ClientError, OSError) as lost:
            raise RetryLater("Slack's file server cannot be reached.") from lost

    def _check(self, response: aiohttp.ClientResponse) -> None:
        status, size = response.status, response.content_length
        if status in (401, 403) or 300 <= status < 400 or (status == 200 and response.content_type == "text/html"):
            raise LoginPage(_LOGIN_PAGE, remedy=Remedy.RESEND)
        if status == 404:
            raise StaleAddress(NOT_READY)
        if status == 410:
            raise Refused(DELETED, remedy=Remedy.SEND_FILE_AGAIN)
        if status == 429:
            raise RetryLater("Slack is rate limiting downloads.", after=retry_after(response.headers))
        if status != 200:
            raise RetryLater(f"Slack's file server answered {status}.")
        if size is not None and size > self._limits.size_bytes:
            raise _too_big(size, self._limits.size_bytes)


def slack_url(url: str, base_url: str) -> URL:
    """The address, if it is one of Slack's own. Refused for any other: it gets neither our token nor our bytes."""
    try:
        parsed = URL(url)
        is_api_origin = parsed.is_absolute() and parsed.origin() == URL(base_url).origin()
    except ValueError:
        raise NotTheFile("Slack gave an invalid address for the file.", remedy=Remedy.SEND_FILE_AGAIN) from None
    if is_api_origin or (parsed.scheme == "https" and parsed.port == 443 and _is_slack(parsed.host or "")):
        return parsed
    raise Refused("The file is kept outside Slack, which only links to it.", remedy=Remedy.SEND_FILE_AGAIN)


def _is_slack(host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in SLACK_HOSTS)


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """What has arrived; empty at the end."""
    try:
        return await response.content.read(most_bytes)
    except (aiohttp.ClientError, OSError) as lost:
        raise RetryLater(_BROKE_OFF) from lost


def _too_big(size_bytes: int | None, most_bytes: int) -> Refused:
    size = "more" if size_bytes is None else f"{size_bytes / 1024**2:.1f} MB"
    most = f"{most_bytes // 1024**2} MB"
    return Refused(
        f"The file has {size}; {most} is the most that goes through: make it smaller, or send it in parts.",
        remedy=Remedy.SEND_FILE_AGAIN,
    )
