"""The bytes of one attachment on their way to Linq's storage: one PUT to a presigned address.

The address is signed over exactly the headers Linq names, so nothing is added to them and no key is shown to the
storage. A body of another length than promised never arrives whole: its last chunk leaves only when the source has
ended at the promised byte.
"""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
from yarl import URL

from bot.linq.limits import UPLOAD_WITHIN
from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.ports import Upload

log = logging.getLogger("memobridge.linq")

_TIMEOUT = aiohttp.ClientTimeout(total=(UPLOAD_WITHIN - timedelta(minutes=1)).total_seconds(), connect=10, sock_read=60)
_ADDED_BY_THE_CLIENT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class ExactBody:
    """Chunks that add up to ``size_bytes``. A source that fails or misses the mark fails the whole body.

    ``failure`` keeps the source's own error, which aiohttp would bury under one of its own.
    """

    def __init__(self, chunks: AsyncIterator[bytes], size_bytes: int) -> None:
        self._chunks = chunks
        self._size_bytes = size_bytes
        self.failure: Exception | None = None
        self.is_complete = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        held, seen = b"", 0
        try:
            async for chunk in self._chunks:
                seen += len(chunk)
                self._require(seen <= self._size_bytes)
                if held:
                    yield held
                held = chunk
            self._require(seen == self._size_bytes)
        except Exception as error:
            self.failure = error
            raise
        yield held
        self.is_complete = True

    def _require(self, holds: bool) -> None:
        if not holds:
            raise RetryLater("The file did not have the length it was said to have.", code="length")


async def put(session: aiohttp.ClientSession, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
    """Raises the source's own error if that failed, RetryLater for all else: the next try takes a new attachment."""
    body = ExactBody(chunks, upload.size_bytes)
    try:
        async with session.put(
            URL(upload.url, encoded=True),  # quoting it once more would break its signature
            data=body,
            headers=_headers(upload),
            skip_auto_headers=_ADDED_BY_THE_CLIENT,
            allow_redirects=False,
            timeout=_TIMEOUT,
        ) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise body.failure or _broken(error) from None
    if body.failure:
        raise body.failure
    if not 200 <= status < 300 or not body.is_complete:
        raise _turned_away(status)


def _headers(upload: Upload) -> dict[str, str]:
    """As named, and the length, which early versions of the API left out and storage does not do without."""
    headers = dict(upload.headers)
    if not any(name.lower() == "content-length" for name in headers):
        headers["Content-Length"] = str(upload.size_bytes)
    return headers


def _broken(error: Exception) -> RetryLater:
    log.warning("upload broke", extra={"cause": type(error).__name__})
    return RetryLater("The upload to Linq broke off.", code="upload")


def _turned_away(status: int) -> RelayError:
    """Storage answers in XML of its own: a bad signature and an address too old are both 403."""
    log.warning("upload refused", extra={"status": status})
    if status == 413:
        return Refused("The audio is too large for Linq's storage. Send a shorter recording.", code="upload 413")
    return RetryLater("Linq's storage did not take the upload.", code=f"upload {status}")
