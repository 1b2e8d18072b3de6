"""The host that serves the media of messages: without authentication, the address is enough."""

import asyncio
from collections.abc import Iterator

from aiohttp import web

from bot.sandbox.linq.media.attachment_store import AttachmentStore
from bot.sandbox.linq.media.upload_host import S3Error
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment
from bot.sandbox.linq.switches import MediaFaultKind, Switches
from bot.sandbox.local_server import abort_connection
from bot.sandbox.wire import Wire

PATH = "/attachments/partners/{partner}/{attachment_id}/{name}"
_CHUNK_BYTES, _SLOW_STEP_S = 64 * 1024, 0.1
_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>"


class MediaHost:
    """One handler for ``PATH``, at the API's origin and at an origin of its own."""

    def __init__(self, account: Account, switches: Switches, store: AttachmentStore, wire: Wire) -> None:
        self._account, self._switches, self._store, self._wire = account, switches, store, wire

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get(PATH, self.serve)
        return app

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self._switches.latency_s:
            await asyncio.sleep(self._switches.latency_s)
        attachment_id, fault = request.match_info["attachment_id"], self._switches.take_media_fault()
        facts = {"attachment_id": attachment_id, "authorized": "Authorization" in request.headers}
        try:
            answer = await self._answer(request, self._find(request, attachment_id, fault), fault)
        except S3Error as error:
            answer = error.response()
            facts["code"] = error.code
        self._wire.write("linq", "from_bot", "media", answer.status, **facts)
        return answer

    def _find(self, request: web.Request, attachment_id: str, fault: MediaFaultKind) -> Attachment:
        found = self._account.attachments.get(attachment_id)
        if found is None or found.stored is None or found.stored.body is None or fault == "missing":
            raise S3Error(404, "NoSuchKey", "The specified key does not exist.")
        if not self._store.is_valid(found, request.query.get("Expires", ""), request.query.get("Signature", "")):
            raise S3Error(403, "AccessDenied", "Request has expired")
        return found

    async def _answer(self, request: web.Request, found: Attachment, fault: MediaFaultKind) -> web.StreamResponse:
        assert found.stored is not None
        assert found.stored.body is not None
        body = found.stored.body
        match fault:
            case "html":
                return web.Response(text=_PAGE, content_type="text/html")
            case "redirect":
                return web.Response(status=302, headers={"Location": f"{self._store.media_origin}/elsewhere"})
            case "mislabelled":
                return web.Response(body=body, content_type="application/octet-stream")
            case "truncated":
                return await self._stream(request, found, iter([body[: len(body) // 2]]), 0.0)
            case "slow":
                step = max(1, int(self._switches.media_fault.bytes_per_s * _SLOW_STEP_S))
                return await self._stream(request, found, _slices(body, step), _SLOW_STEP_S)
            case "endless":
                return await self._stream(request, found, _zeros(), 0.0, endless=True)
        return web.Response(body=body, content_type=found.content_type)

    async def _stream(
        self, request: web.Request, found: Attachment, chunks: Iterator[bytes], pause_s: float, *, endless: bool = False
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": found.content_type})
        response.content_length = None if endless else found.size_bytes
        await response.prepare(request)
        sent = 0
        for chunk in chunks:
            await response.write(chunk)
            sent += len(chunk)
            await asyncio.sleep(pause_s)
        if sent < found.size_bytes:
            abort_connection(request.transport)
        return response


def _slices(body: bytes, step: int) -> Iterator[bytes]:
    return (body[start : start + step] for start in range(0, len(body), step))


def _zeros() -> Iterator[bytes]:
    while True:
        yield bytes(_CHUNK_BYTES)
