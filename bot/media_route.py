"""The route that hands out lent clips: Slack's private file under a link of our own, with its true type and length.

Only Linq is meant to come here, with the token of one delivery. What it fetched is remembered as evidence.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.media.transfer import read_head
from bot.relay.model import Delivery
from bot.relay.ports import Audio, Download, Slack

log = logging.getLogger("memobridge.lender")


class MediaRoute:
    def __init__(self, lending: TemporaryUrls, slack: Slack, audio: Audio) -> None:
        self._lending = lending
        self._slack = slack
        self._audio = audio

    async def clip(self, request: web.Request) -> web.StreamResponse:
        """200 or 206 with the audio; 404 for a link that opens nothing (any more); 502 when Slack does not give it.

        A file that stops coming breaks the connection: once the headers are out, nothing else can say so.
        """
        delivery = await self._lending.borrow(request.match_info["token"], request.match_info["name"])
        if delivery is None:
            raise web.HTTPNotFound
        try:
            async with self._slack.download(delivery.clip) as download:
                return await self._stream(request, delivery, download)
        except (Refused, RetryLater) as error:
            raise web.HTTPBadGateway(reason="Slack did not hand out the file") from error

    async def _stream(self, request: web.Request, delivery: Delivery, download: Download) -> web.StreamResponse:
        source = aiter(download.chunks())
        head = await read_head(source)
        declared = self._audio.declare(head, delivery.clip.name)
        response, wanted = _begin(request, download.size_bytes)
        response.content_type = declared[0] if declared else "application/octet-stream"
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        try:
            async for piece in _cut(head, source, wanted):
                await response.write(piece)
        except (Refused, RetryLater):
            log.warning("lent clip broke off", extra={"delivery": delivery.id})
            _break_off(request)
            return response
        with suppress(ConnectionResetError):
            await response.write_eof()
        if wanted is None or wanted.stop == download.size_bytes:
            await self._remember(delivery)
        return response

    async def _remember(self, delivery: Delivery) -> None:
        """The audio is with its reader already, so what goes wrong here is none of its business."""
        try:
            await self._lending.fetched(delivery)
        except RelayError as error:
            log.warning("fetch not stored", extra={"delivery": delivery.id, "why": error.reason})


def _break_off(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _asked(request: web.Request) -> slice:
    """The range asked for. One that makes no sense, or several at once, count as none (RFC 9110, 14.2)."""
    try:
        return request.http_range
    except ValueError:
        return slice(None)


def _begin(request: web.Request, size: int | None) -> tuple[web.StreamResponse, range | None]:
    """Status and length. Slack's own support for ranges is unknown, so the bytes before the range are read and left."""
    asked = _asked(request)
    if size is None or (asked.start is None and asked.stop is None):
        response = web.StreamResponse()
        response.content_length = size
        return response, None
    wanted = range(size)[asked]
    if not wanted:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    response = web.StreamResponse(status=206)
    response.content_length = len(wanted)
    response.headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    return response, wanted


async def _cut(head: bytes, rest: AsyncIterator[bytes], wanted: range | None) -> AsyncIterator[bytes]:
    position = 0
    async for chunk in _chain(head, rest):
        first = 0 if wanted is None else max(0, wanted.start - position)
        last = len(chunk) if wanted is None else max(0, wanted.stop - position)
        position += len(chunk)
        if piece := chunk[first:last]:
            yield piece
        if wanted is not None and position >= wanted.stop:
            return


async def _chain(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        yield chunk
