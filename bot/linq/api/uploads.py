"""Media on its way to Linq's storage: an attachment is created by the API, then its bytes are PUT to an address.

The address is signed over exactly the headers Linq names, so nothing is added to them and no key is shown to the
storage. A body of another length than promised never arrives whole: its last chunk leaves only when the source has
ended at the promised byte.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import aiohttp
import linq
from linq.types import SupportedContentType
from yarl import URL

from bot.linq.api.calls import Answer, call_api
from bot.linq.api.error_codes import CODES
from bot.linq.api.limits import ATTACHMENT_BYTES, CONTENT_TYPES, UPLOAD_WITHIN, fit_filename
from bot.linq.fields import PayloadError, read
from bot.linq.ids import LinqIds
from bot.linq.schemas import UploadAnswer
from bot.relay.errors import Refused, RelayError, Remedy, RetryLater
from bot.relay.media.exact_body import ExactBody
from bot.relay.ports.networks import Upload

log = logging.getLogger("memobridge.linq")

_TIMEOUT = aiohttp.ClientTimeout(total=(UPLOAD_WITHIN - timedelta(minutes=1)).total_seconds(), connect=10, sock_read=60)
_ADDED_BY_THE_CLIENT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


@dataclass(frozen=True)
class LinqUpload(Upload):
    """``url`` and ``headers``: where the bytes go, as signed."""

    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class LinqMediaStore:
    """The relay's ``MediaStore``."""

    def __init__(self, api: linq.AsyncLinqAPIV3, session: aiohttp.ClientSession, ids: LinqIds) -> None:
        self._api = api.attachments.with_raw_response
        self._session = session
        self._ids = ids

    async def create_upload(self, name: str, content_type: str, size_bytes: int) -> LinqUpload:
        """Refused, without asking Linq, for what it never takes."""
        if not 0 < size_bytes <= ATTACHMENT_BYTES:
            reason = CODES[5005].reason if size_bytes else "The file is empty."
            raise Refused(reason, remedy=Remedy.SEND_FILE_AGAIN)
        content_type = content_type.partition(";")[0].strip().lower()
        if content_type not in CONTENT_TYPES:
            raise Refused(f"Linq does not take files of the type {content_type or 'unknown'}.")
        call = self._api.create(
            filename=fit_filename(name),
            content_type=cast(SupportedContentType, content_type),
            size_bytes=size_bytes,
        )

        def parse(answer: Answer) -> LinqUpload:
            made = read(UploadAnswer, answer.body)
            if not made.attachment_id or not made.upload_url:
                raise PayloadError("no attachment_id or no upload_url")
            media = self._ids.media(made.attachment_id)
            return LinqUpload(media, content_type, size_bytes, made.upload_url, made.required_headers)

        return await call_api("attachments.create", call, parse)

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        """Raises the source's own error if that failed, RetryLater for all else: the next try takes a new
        attachment."""
        assert isinstance(upload, LinqUpload), "uploads are created here"
        await put(self._session, upload, chunks)


async def put(session: aiohttp.ClientSession, upload: LinqUpload, chunks: AsyncIterator[bytes]) -> None:
    """One PUT, and nothing but a 2xx after the last byte counts."""
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
        raise _refusal(status)


def _headers(upload: LinqUpload) -> dict[str, str]:
    """As named, and the length, which early versions of the API left out and storage does not do without."""
    headers = dict(upload.headers)
    if not any(name.lower() == "content-length" for name in headers):
        headers["Content-Length"] = str(upload.size_bytes)
    return headers


def _broken(error: Exception) -> RetryLater:
    log.warning("linq.upload_broken", extra={"reason": type(error).__name__})
    return RetryLater("The upload to Linq broke off.", code="upload")


def _refusal(status: int) -> RelayError:
    """Storage answers in XML of its own: a bad signature and an expired address are both 403."""
    log.warning("linq.upload_refused", extra={"status": status})
    if status == 413:
        reason = "The file is too large for Linq's storage."
        return Refused(reason, code="upload 413", remedy=Remedy.SEND_FILE_AGAIN)
    return RetryLater("Linq's storage did not take the upload.", code=f"upload {status}")
