"""Linq's own download of a URL it is given: public https, at most 10 MB, abandoned as soon as it is too large."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiohttp

from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.media.hashing_buffer import HashingBuffer
from bot.sandbox.linq.state.models import StoredBytes
from bot.sandbox.linq.switches import Switches
from bot.sandbox.wire import Wire

MAX_FETCH_BYTES = 10 * 1024 * 1024
_RANGE_BYTES = 1024 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True)
class Fetched:
    """What the URL gave, under the name in its path and the type it was served with."""

    filename: str
    content_type: str
    stored: StoredBytes


def check_url(url: object, name: str) -> str:
    """Return the URL if Linq would try it; ``name`` is its field. Plain http passes only to this machine."""
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    allowed = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    if not allowed or not parts.hostname:
        raise ApiError(1005, f"{name} must be a publicly accessible HTTPS URL")
    return str(url)


class UrlFetcher:
    """Fetches in one GET, after a HEAD, or in ranges, as the switches say.

    ``asked`` are the URLs it was given, oldest first. The sandbox has no internet: what a public URL is to give is put
    into ``published``, with its type.
    """

    def __init__(self, switches: Switches, wire: Wire) -> None:
        self._switches, self._wire = switches, wire
        self._session: aiohttp.ClientSession | None = None
        self.asked: list[str] = []
        self.published: dict[str, tuple[bytes, str]] = {}

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    async def fetch(self, url: str) -> Fetched:
        """Download the URL. Raises ApiError 5001 when it is too large, 5002 when it cannot be had."""
        buffer = HashingBuffer(keep=self._switches.keep_bytes)
        self.asked.append(url)
        try:
            content_type = await self._read(url, buffer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(5002, f"File download failed: {type(error).__name__}") from None
        filename = unquote(urlsplit(url).path.rsplit("/", 1)[-1]) or "voice-memo"
        return Fetched(filename, content_type, buffer.stored())

    async def _read(self, url: str, buffer: HashingBuffer) -> str:
        if url in self.published:
            body, content_type = self.published[url]
            buffer.write(body)
            return content_type
        if self._switches.fetch_style == "ranges":
            return await self._read_ranges(url, buffer)
        if self._switches.fetch_style == "head":
            await self._head(url)
        return await self._get(url, buffer)

    async def _get(self, url: str, buffer: HashingBuffer, span: str = "") -> str:
        assert self._session is not None
        async with self._session.get(url, headers={"Range": f"bytes={span}"} if span else {}) as answer:
            self._log(answer, span)
            _check_status(answer, 206 if span else 200)
            _check_size(buffer.size_bytes + (answer.content_length or 0))
            async for chunk in answer.content.iter_any():
                buffer.write(chunk)
                _check_size(buffer.size_bytes)
            return answer.content_type

    async def _head(self, url: str) -> int:
        assert self._session is not None
        async with self._session.head(url, allow_redirects=True) as answer:
            self._log(answer)
            _check_status(answer, 200)
            size = int(answer.headers.get("Content-Length", 0))
            _check_size(size)
            return size

    def _log(self, answer: aiohttp.ClientResponse, span: str = "") -> None:
        """Write the host alone to the wire log: a path may be somebody's secret."""
        facts = {"method": answer.method, "host": answer.url.host} | ({"range": span} if span else {})
        self._wire.write("linq", "to_bot", "fetch", answer.status, **facts)

    async def _read_ranges(self, url: str, buffer: HashingBuffer) -> str:
        size, content_type = await self._head(url), ""
        for start in range(0, size, _RANGE_BYTES):
            end = min(start + _RANGE_BYTES, size) - 1
            content_type = await self._get(url, buffer, f"{start}-{end}")
        return content_type


def _check_status(answer: aiohttp.ClientResponse, wanted: int) -> None:
    if answer.status != wanted:
        raise ApiError(5002, f"File download failed: HTTP {answer.status}")


def _check_size(size_bytes: int) -> None:
    if size_bytes > MAX_FETCH_BYTES:
        raise ApiError(5001)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
