"""The host behind the presigned upload addresses: an origin of its own that speaks S3, not Linq."""

import asyncio
import time
from xml.sax.saxutils import escape

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.linq.media.hashing_buffer import HashingBuffer
from bot.sandbox.linq.planned_faults import ACTING, CUTTING, HANGING, abort, hang, status_on_wire
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment, StoredBytes
from bot.sandbox.linq.switches import Switches
from bot.sandbox.wire import Wire


class S3Error(Exception):
    """A refusal in S3's words: ``code`` and sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.message = status, code, message

    def response(self) -> web.Response:
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message></Error>"
        )
        return web.Response(status=self.status, text=text, content_type="application/xml")


def _mismatch() -> S3Error:
    sentence = "The request signature we calculated does not match the signature you provided."
    return S3Error(403, "SignatureDoesNotMatch", sentence)


class UploadHost:
    """Takes PUTs to upload addresses. Uploads are hashed as they arrive and kept only if the switches say so."""

    def __init__(self, account: Account, switches: Switches, wire: Wire, stopping: asyncio.Event) -> None:
        self._account, self._switches = account, switches
        self._wire, self._stopping = wire, stopping

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/uploads/{attachment_id}", self._upload)
        return app

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        if self._switches.latency_s:
            await asyncio.sleep(self._switches.latency_s)
        facts: Json = {"attachment_id": request.match_info["attachment_id"]}
        answer = await self._answer(request, facts)
        self._wire.write("linq", "from_bot", "upload", status_on_wire(request, answer), **facts)
        return answer

    async def _answer(self, request: web.Request, facts: Json) -> web.Response:
        fault = self._switches.take_fault("upload")
        if fault == "ok":
            return await self._take(request, facts)
        facts["fault"] = fault
        if fault in ACTING:
            await self._take(request, facts)
        if fault in HANGING:
            await hang(self._switches.hang_s, self._stopping)
        if fault in CUTTING:
            return abort(request)
        return S3Error(500, "InternalError", "We encountered an internal error. Please try again.").response()

    async def _take(self, request: web.Request, facts: Json) -> web.Response:
        try:
            expected = self._signed_for(request, facts["attachment_id"])
            expected.stored = await self._store(request, expected)
        except S3Error as error:
            facts["code"] = error.code
            return error.response()
        facts["size_bytes"] = expected.stored.size_bytes
        return web.Response(headers={"ETag": f'"{expected.stored.sha256[:32]}"'})

    def _signed_for(self, request: web.Request, attachment_id: str) -> Attachment:
        """Return the attachment this address was signed for, if method, query and headers are the signed ones."""
        if "Authorization" in request.headers:
            raise S3Error(400, "InvalidArgument", "Only one auth mechanism allowed")
        found = self._account.attachments.get(attachment_id)
        if not found or request.query.get("X-Amz-Signature") != found.signature or request.method != "PUT":
            raise _mismatch()
        if time.monotonic() > found.expires:
            raise S3Error(403, "AccessDenied", "Request has expired")
        _check_headers(request, found)
        return found

    async def _store(self, request: web.Request, expected: Attachment) -> StoredBytes:
        buffer = HashingBuffer(keep=self._switches.keep_bytes)
        try:
            async for chunk, _ in request.content.iter_chunks():
                buffer.write(chunk)
        except ConnectionError:
            raise S3Error(400, "IncompleteBody", "The connection was lost") from None
        if buffer.size_bytes != expected.size_bytes:
            raise S3Error(400, "IncompleteBody", "You did not provide the number of bytes specified")
        return buffer.stored()


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
