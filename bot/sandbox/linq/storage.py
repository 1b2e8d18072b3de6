"""The file store behind the presigned links: an origin of its own that speaks S3, not Linq.

Uploads are hashed as they stream by and kept only if the switches say so.
"""

import asyncio
import time
from xml.sax.saxutils import escape

from aiohttp import web

from ..wire import Wire
from .account import Account
from .crossing import cut, hang
from .intake import Intake
from .model import Attachment, Stored
from .switches import Switches


class S3Error(Exception):
    """A refusal of the store: ``code`` and sentence as S3 words them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message


def _mismatch() -> S3Error:
    words = "The request signature we calculated does not match the signature you provided."
    return S3Error(403, "SignatureDoesNotMatch", words)


class Storage:
    """Takes PUTs to upload links and serves downloads."""

    def __init__(self, account: Account, switches: Switches, wire: Wire, stopping: asyncio.Event) -> None:
        self._account = account
        self._switches = switches
        self._wire = wire
        self._stopping = stopping

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/uploads/{attachment_id}", self.upload)
        app.router.add_get("/attachments/partners/{partner}/{attachment_id}/{name}", self.download)
        return app

    async def upload(self, request: web.Request) -> web.StreamResponse:
        if self._switches.latency_s:
            await asyncio.sleep(self._switches.latency_s)
        fault = self._switches.take_fault("upload")
        if fault in ("drop", "hang"):
            return await self._vanish(request, fault)
        answer = await self._take(request, refuse=fault not in ("ok", "lose_answer"))
        if fault == "lose_answer":
            return await self._vanish(request, fault)
        return answer

    async def _vanish(self, request: web.Request, fault: str | int) -> web.StreamResponse:
        if fault == "hang":
            await hang(self._switches.hang_s, self._stopping)
        self._wire.write("linq", "from_bot", "upload", None, fault=fault)
        return cut(request)

    async def _take(self, request: web.Request, *, refuse: bool) -> web.Response:
        attachment_id = request.match_info["attachment_id"]
        try:
            if refuse:
                raise S3Error(500, "InternalError", "We encountered an internal error. Please try again.")
            expected = self._signed_for(request, attachment_id)
            expected.stored = await self._store(request, expected)
        except S3Error as error:
            self._wire.write("linq", "from_bot", "upload", error.status, attachment_id=attachment_id, code=error.code)
            return _xml(error)
        size = expected.stored.size_bytes
        self._wire.write("linq", "from_bot", "upload", 200, attachment_id=attachment_id, size_bytes=size)
        return web.Response(headers={"ETag": f'"{expected.stored.sha256[:32]}"'})

    def _signed_for(self, request: web.Request, attachment_id: str) -> Attachment:
        """The attachment this link was signed for, if method, query and headers are the signed ones."""
        if "Authorization" in request.headers:
            raise S3Error(400, "InvalidArgument", "Only one auth mechanism allowed")
        found = self._account.attachments.get(attachment_id)
        if not found or request.query.get("X-Amz-Signature") != found.signature or request.method != "PUT":
            raise _mismatch()
        if time.monotonic() > found.expires:
            raise S3Error(403, "AccessDenied", "Request has expired")
        _check_headers(request, found)
        return found

    async def _store(self, request: web.Request, expected: Attachment) -> Stored:
        intake = Intake(keep=self._switches.keep_bytes)
        try:
            async for chunk, _ in request.content.iter_chunks():
                intake.take(chunk)
        except ConnectionError:
            raise S3Error(400, "IncompleteBody", "The connection was lost") from None
        if intake.size_bytes != expected.size_bytes:
            raise S3Error(400, "IncompleteBody", "You did not provide the number of bytes specified")
        return intake.stored()

    async def download(self, request: web.Request) -> web.Response:
        found = self._account.attachments.get(request.match_info["attachment_id"])
        body = found.stored.body if found and found.stored else None
        if found is None or body is None:
            return _xml(S3Error(404, "NoSuchKey", "The specified key does not exist."))
        return web.Response(body=body, content_type=found.content_type)


def _check_headers(request: web.Request, expected: Attachment) -> None:
    if "Transfer-Encoding" in request.headers:
        raise S3Error(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
    if request.content_length is None:
        raise S3Error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
    if any(name.lower().startswith("x-amz-") for name in request.headers):
        raise S3Error(403, "AccessDenied", "There were headers present in the request which were not signed")
    signed = (expected.content_type, expected.size_bytes)
    if (request.headers.get("Content-Type"), request.content_length) != signed:
        raise _mismatch()


def _xml(error: S3Error) -> web.Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
    )
    return web.Response(status=error.status, text=text, content_type="application/xml")
