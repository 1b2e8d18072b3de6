"""The route that hands out recordings under temporary urls: their true type and length, for one delivery each.

Only the target is meant to come here, with the token of one delivery. The file is fetched from its source once, kept
while the url is valid, and served from there, ranges too. What was fetched whole is remembered as evidence.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.ids import DeliveryId
from bot.relay.media.spool import CHUNK_BYTES, Spool
from bot.relay.media.temporary_urls import VALID_FOR, TemporaryUrls
from bot.relay.media.transfer import read_head
from bot.relay.model import Delivery
from bot.relay.ports.networks import AudioConverter, Networks

log = logging.getLogger("memobridge.media_route")

KEPT_AT_MOST = 100  # files of at most 10 MB each


@dataclass
class Kept:
    """A file that was fetched, and until when it is kept (by the clock)."""

    spool: Spool
    content_type: str
    size_bytes: int
    until: float


class MediaRoute:
    """``audio`` says what each recording is; ``is_token`` whether a token is one of ours at all, without a lookup;
    ``clock`` gives seconds that only ever grow."""

    def __init__(
        self,
        urls: TemporaryUrls,
        networks: Networks,
        audio: AudioConverter,
        spool_folder: Path,
        is_token: Callable[[str], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls = urls
        self._networks = networks
        self._audio = audio
        self._spool_folder = spool_folder
        self._is_token = is_token
        self._clock = clock
        self._kept: dict[DeliveryId, Kept] = {}
        self._fetching: dict[DeliveryId, asyncio.Task[Kept]] = {}

    async def clip(self, request: web.Request) -> web.StreamResponse:
        """200 or 206 with the audio; 404: the url opens nothing (any more); 502: the source does not give it."""
        token, name = request.match_info["token"], request.match_info["name"]
        delivery = await self._urls.find(token, name) if self._is_token(token) else None
        if delivery is None:
            raise web.HTTPNotFound
        try:
            kept = await self._fetch(delivery)
        except (Refused, RetryLater) as error:
            log.warning("media_route.fetch_failed", extra={"delivery": delivery.id, "reason": error.reason})
            raise web.HTTPBadGateway(reason="The source did not hand out the file") from error
        with kept.spool.path.open("rb") as file:  # at once: what is forgotten meanwhile can still be read
            return await self._serve(request, delivery, kept, file)

    async def close(self) -> None:
        fetching = list(self._fetching.values())
        for task in fetching:
            task.cancel()
        await asyncio.gather(*fetching, return_exceptions=True)
        for kept in self._kept.values():
            kept.spool.close()
        self._kept.clear()

    async def _fetch(self, delivery: Delivery) -> Kept:
        """From the source, once, however many ask: each range of a player is a request of its own."""
        self._forget_old()
        if delivery.id in self._kept:
            return self._kept[delivery.id]
        if delivery.id not in self._fetching:
            task = self._fetching[delivery.id] = asyncio.create_task(self._fetch_now(delivery))
            task.add_done_callback(lambda _: self._fetching.pop(delivery.id))
        return await asyncio.shield(self._fetching[delivery.id])

    async def _fetch_now(self, delivery: Delivery) -> Kept:
        source = self._networks.of(delivery.origin).source
        assert source is not None, "what is lent was prepared from its source"
        assert delivery.voice is not None, "only recordings are lent"
        spool = Spool(self._spool_folder)
        try:
            async with source.open(delivery.voice) as download:
                chunks = aiter(download.chunks())
                head = await read_head(chunks)
                await spool.fill(head, chunks)
        except BaseException:
            spool.close()
            raise
        declared = self._audio.declare(head, delivery.voice.name)
        content_type = declared[0] if declared else "application/octet-stream"
        until = self._clock() + VALID_FOR.total_seconds()
        kept = self._kept[delivery.id] = Kept(spool, content_type, spool.path.stat().st_size, until)
        return kept

    def _forget_old(self) -> None:
        now = self._clock()
        for name, kept in sorted(self._kept.items(), key=lambda item: item[1].until):
            if kept.until < now or len(self._kept) >= KEPT_AT_MOST:
                kept.spool.close()
                del self._kept[name]

    async def _serve(self, request: web.Request, delivery: Delivery, kept: Kept, file: BinaryIO) -> web.StreamResponse:
        response, wanted = _begin(request, kept.size_bytes)
        response.content_type = kept.content_type
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        async for chunk in _read(file, wanted):
            await response.write(chunk)
        with suppress(ConnectionResetError):  # a reader may hang up once it has the last byte
            await response.write_eof()
        if wanted.stop == kept.size_bytes:
            await self._remember(delivery)
        return response

    async def _remember(self, delivery: Delivery) -> None:
        """The audio is with its reader already, so what goes wrong here is none of its business."""
        try:
            await self._urls.mark_fetched(delivery)
        except RelayError as error:
            log.warning("media_route.fetch_not_stored", extra={"delivery": delivery.id, "reason": error.reason})


def _begin(request: web.Request, size: int) -> tuple[web.StreamResponse, range]:
    """Status and length. A range that makes no sense, or several at once, count as none (RFC 9110, 14.2)."""
    try:
        asked = request.http_range
    except ValueError:
        asked = slice(None)
    if asked.start is None and asked.stop is None:
        response = web.StreamResponse()
        response.content_length = size
        return response, range(size)
    wanted = range(size)[asked]
    if not wanted:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    response = web.StreamResponse(status=206)
    response.content_length = len(wanted)
    response.headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    return response, wanted


async def _read(file: BinaryIO, wanted: range) -> AsyncIterator[bytes]:
    file.seek(wanted.start)
    left = len(wanted)
    while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)
        yield chunk
