"""Media that contacts sent, fetched from Linq: without our key, from Linq's media host only, bounded in size and time.

Linq serves it without authentication, and its addresses may expire: one that does not open is renewed once through the
API. ``media_hint`` holds the address that the webhook named.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import linq
from yarl import URL

from bot.linq.api.calls import call_api
from bot.linq.api.limits import INBOUND_BYTES
from bot.linq.fields import read
from bot.linq.ids import attachment_of
from bot.linq.schemas import Attachment
from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.parts import Media, Voice

log = logging.getLogger("memobridge.linq")

MEDIA_ORIGIN = URL("https://cdn.linqapp.com")
CHUNK_BYTES = 64 * 1024

# The size is known from the first answer, so the total is what a large video takes on a slow connection.
_TIMEOUT = aiohttp.ClientTimeout(total=600, connect=10, sock_read=30)
_STALE = frozenset({400, 401, 403, 404, 410})  # signed addresses that have expired answer 400 or 403 (as S3 does)
_GONE = "Linq no longer has this file."


@dataclass(frozen=True)
class LinqDownload:
    """The relay's ``Download``. It ends with an error as soon as it is larger than anything we take."""

    response: aiohttp.ClientResponse
    largest_bytes: int

    @property
    def size_bytes(self) -> int | None:
        """What the server promises, unless it packs the body: then its length is that of the package."""
        return None if self.response.headers.get("Content-Encoding") else self.response.content_length

    async def chunks(self) -> AsyncIterator[bytes]:
        seen = 0
        try:
            async for chunk in self.response.content.iter_chunked(CHUNK_BYTES):
                seen += len(chunk)
                _require_size(seen, self.largest_bytes)
                yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _broken(error) from None


class LinqMediaSource:
    """The relay's ``MediaSource``. ``base_url`` is the API's: media of a local Linq comes from its origin."""

    def __init__(
        self,
        api: linq.AsyncLinqAPIV3,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        largest_bytes: int = INBOUND_BYTES,
    ) -> None:
        self._api = api.attachments.with_raw_response
        self._session = session
        self._largest_bytes = largest_bytes
        self._origins = {MEDIA_ORIGIN, URL(base_url).origin()}

    @asynccontextmanager
    async def open(self, part: Voice | Media) -> AsyncIterator[LinqDownload]:
        response = await self._open(part)
        try:
            yield LinqDownload(response, self._largest_bytes)
        finally:
            response.close()  # what was not read is not wanted any more

    async def _open(self, part: Voice | Media) -> aiohttp.ClientResponse:
        """By the address that came with the message; by a renewed one where there is none, or it is stale."""
        if part.media_hint and (response := await self._get(part.media_hint, part)):
            return response
        renewed = await self._renewed(part)
        if response := await self._get(renewed, part):
            return response
        raise Refused(_GONE, code="download stale")

    async def _renewed(self, part: Voice | Media) -> str:
        attachment = attachment_of(part.media)
        if not attachment:
            raise Refused(_GONE, code="download stale")
        try:
            found = await call_api(
                "attachments.retrieve", self._api.retrieve(attachment), lambda answer: read(Attachment, answer.body)
            )
        except Refused as no:
            raise Refused(_GONE, code=no.code, trace_id=no.trace_id) from None
        if not found.download_url:
            raise Refused(_GONE, code="download no address")
        return found.download_url

    async def _get(self, address: str, part: Voice | Media) -> aiohttp.ClientResponse | None:
        """None: it does not lead to the file (any more). RetryLater: it may, another time."""
        url = self._allowed(address)
        if url is None:
            log.warning("linq.media_address_refused", extra={"media": part.media})
            return None
        try:
            response = await self._session.get(
                url, allow_redirects=False, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _broken(error) from None
        try:
            return self._checked(response, part)
        except RelayError:
            response.close()
            raise

    def _checked(self, response: aiohttp.ClientResponse, part: Voice | Media) -> aiohttp.ClientResponse | None:
        if response.status in _STALE or _is_page(response, part):
            log.info("linq.media_address_stale", extra={"media": part.media, "status": response.status})
            response.close()
            return None
        if response.status != 200:
            log.warning("linq.download_refused", extra={"media": part.media, "status": response.status})
            raise RetryLater("Linq did not hand out the file.", code=f"download {response.status}")
        _require_size(response.content_length or 0, self._largest_bytes)
        return response

    def _allowed(self, address: str) -> URL | None:
        """The address, if it leads to where Linq keeps media. Its query is signed and stays as it is."""
        try:
            url = URL(address, encoded=True)
            is_ours = url.origin() in self._origins and not (url.user or url.password)
        except ValueError:  # no address, or one without a host
            return None
        return url if is_ours else None


def _is_page(response: aiohttp.ClientResponse, part: Voice | Media) -> bool:
    """A login or error page that came with 200: nobody would want it in place of a picture."""
    return response.content_type == "text/html" and not part.content_type.startswith("text/html")


def _require_size(size_bytes: int, largest_bytes: int) -> None:
    if size_bytes > largest_bytes:
        raise Refused(f"The file is larger than {largest_bytes // 1024**2} MB.", code="download size")


def _broken(error: Exception) -> RetryLater:
    log.warning("linq.download_broken", extra={"reason": type(error).__name__})
    return RetryLater("The download from Linq broke off.", code="download")
