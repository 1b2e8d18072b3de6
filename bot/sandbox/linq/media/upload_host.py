"""The file store behind the presigned links: an origin of its own that speaks S3, not Linq.

Uploads are hashed as they stream by and kept only if the switches say so.
"""

import asyncio
import time
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from bot.sandbox.linq.api.middleware import ACTING, CUTTING, HANGING, hang, hung_up, status_on_wire
from bot.sandbox.linq.media.hashing_buffer import HashingBuffer
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment, Stored
from bot.sandbox.linq.switches import Switches
from bot.sandbox.wire import Wire


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


class UploadHost:
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
        facts: dict[str, Any] = {"attachment_id": request.match_info["attachment_id"]}
        answer = await self._judge(request, facts)
        self._wire.write("linq", "from_bot", "upload", status_on_wire(request, answer), **facts)
        return answer

    async def _judge(self, request: web.Request, facts: dict[str, Any]) -> web.Response:
        fault = self._switches.take_fault("upload")
        if fault == "ok":
            return await self._take(request, facts)
        facts["fault"] = fault
        if fault in ACTING:
            await self._take(request, facts)
        if fault in HANGING:
            await hang(self._switches.hang_s, self._stopping)
        if fault in CUTTING:
            return hung_up(request)
        return _xml(S3Error(500, "InternalError", "We encountered an internal error. Please try again."))

    async def _take(self, request: web.Request, facts: dict[str, Any]) -> web.Response:
        try:
            expected = self._signed_for(request, facts["attachment_id"])
            expected.stored = await self._store(request, expected)
        except S3Error as error:
            facts["code"] = error.code
            return _xml(error)
        facts["size_bytes"] = expected.stored.size_bytes
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
        intake = HashingBuffer(keep=self._switches.keep_bytes)
        try:
            async for chunk, _ in request.content.iter_chunks():
                intake.take(chunk)
        except ConnectionError:
            raise S3Error(400, "IncompleteBody", "The connection was lost") from None
        if intake.size_bytes != expected.size_bytes:
            raise S3Error(400, "IncompleteBody", "You did not provide the number of bytes specified")
        return intake.stored()

    async def download(self, request: web.Request) -> web.Response:
        attachment_id = request.match_info["attachment_id"]
        answer = self._serve(self._account.attachments.get(attachment_id))
        self._wire.write("linq", "from_bot", "download", answer.status, attachment_id=attachment_id)
        return answer

    def _serve(self, found: Attachment | None) -> web.Response:
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
