"""Prepare: Slack's bytes → an attachment at Linq. Repeatable work whose only lasting result is the attachment's id.

Three things go on side by side. The download fills a spool file, and when that is whole the audio room listens to it.
The attachment is created from what Slack's label claims; where the label lied, another is made. The upload follows the
spool as it fills, and ends as soon as the clip turns out to be none that Linq takes as it is: then its conversion is
uploaded instead.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from bot.relay.errors import RelayError
from bot.relay.media.prefetch import Prefetcher
from bot.relay.media.spool import CHUNK_BYTES, Spool
from bot.relay.model import AttachmentId, AudioInfo, Clip, Delivery
from bot.relay.ports import Audio, AudioFile, Download, Linq, Slack, Upload

HEAD_BYTES = 4096

Made = TypeVar("Made")


@dataclass(frozen=True)
class Prepared:
    """What ``prepare`` leaves. Without an attachment the clip passes as it is and may be lent by url."""

    attachment: AttachmentId | None
    sound: AudioInfo | None


class MediaTransfer:
    def __init__(
        self, slack: Slack, linq: Linq, audio: Audio, *, spool_folder: Path | None, lend_up_to: int = 0, ahead: int = 0
    ) -> None:
        """``lend_up_to``: clips of at most this many bytes that pass untouched are not uploaded but lent by url.
        ``ahead``: while fewer clips are being prepared, one that is being stored gets a head start; 0: none does."""
        self.head_starts = Prefetcher(self._prepare, ahead=ahead)
        self._slack = slack
        self._linq = linq
        self._audio = audio
        self._spool_folder = spool_folder
        self._lend_up_to = lend_up_to

    async def prepare(self, delivery: Delivery) -> Prepared:
        """Raises Refused for a clip that can never be a memo, RetryLater for trouble on the way."""
        return await self.head_starts.claim(delivery)

    async def _prepare(self, delivery: Delivery, stored: asyncio.Event) -> Prepared:
        """Nothing is uploaded before the event is set."""
        clip = delivery.clip
        async with _beside(self._create_early(clip)) as early:
            with closing(Spool(self._spool_folder)) as spool:
                async with self._slack.download(clip) as download:
                    return await self._carry(clip, download, early, spool, stored)

    async def _create_early(self, clip: Clip) -> Upload | None:
        """An attachment made from the label alone. If the label lied, it stays unused: an orphan id costs nothing."""
        declared = self._audio.declare(b"", clip.name)
        if self._lend_up_to or declared is None or not clip.size_bytes:
            return None
        try:
            return await self._linq.create_attachment(clip.name, declared[0], clip.size_bytes)
        except RelayError:
            return None  # the same trouble, if it lasts, is met and told when the attachment is truly needed

    async def _carry(
        self,
        clip: Clip,
        download: Download,
        early: "asyncio.Task[Upload | None]",
        spool: Spool,
        stored: asyncio.Event,
    ) -> Prepared:
        source = aiter(download.chunks())
        head = await read_head(source)
        declared = self._audio.declare(head, clip.name)
        async with _beside(self._listen(spool, head, source)) as listening:
            await stored.wait()
            if declared is None or download.size_bytes is None or self._lend_up_to:
                return await self._settle(clip, await listening, spool)
            upload = await self._match(await early, clip, declared, download.size_bytes)
            return await self._stream(clip, upload, listening, spool)

    async def _listen(self, spool: Spool, head: bytes, source: AsyncIterator[bytes]) -> AudioFile:
        await spool.fill(head, source)
        fit = await self._audio.convert(spool.path, spool.path.with_name(f"{spool.path.name}.memo.m4a"))
        spool.keep(fit.path)
        return fit

    async def _match(self, early: Upload | None, clip: Clip, declared: tuple[str, str], size_bytes: int) -> Upload:
        """The early attachment if the label told the truth, else one for what the bytes really are."""
        content_type, extension = declared
        if early is not None and (early.content_type, early.size_bytes) == (content_type, size_bytes):
            return early
        name = self._name(clip, content_type, extension)
        return await self._linq.create_attachment(name, content_type, size_bytes)

    async def _stream(self, clip: Clip, upload: Upload, listening: "asyncio.Task[AudioFile]", spool: Spool) -> Prepared:
        """Upload behind the download, beside listening."""
        async with _beside(self._linq.upload(upload, spool.follow())) as uploading:
            await asyncio.wait({listening, uploading}, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                await uploading  # where that broke, there is nothing to wait for
            fit = await listening
            if fit.path == spool.path:
                await uploading
                return Prepared(upload.attachment, fit.info)
        return await self._settle(clip, fit, spool)

    async def _settle(self, clip: Clip, fit: AudioFile, spool: Spool) -> Prepared:
        """What becomes of a clip that was spooled first: lent if it may be, else uploaded from the file."""
        if fit.path == spool.path and fit.size_bytes <= self._lend_up_to:
            return Prepared(None, fit.info)
        name = self._name(clip, fit.content_type, fit.extension)
        upload = await self._linq.create_attachment(name, fit.content_type, fit.size_bytes)
        await self._linq.upload(upload, _read(fit.path))
        return Prepared(upload.attachment, fit.info)

    def _name(self, clip: Clip, content_type: str, extension: str) -> str:
        """The clip's own name; its extension changes only where it would contradict the content."""
        own = self._audio.declare(b"", clip.name)
        if own is not None and own[0] == content_type:
            return clip.name
        return f"{PurePosixPath(clip.name).stem or 'memo'}.{extension}"


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, Made]) -> "AsyncIterator[asyncio.Task[Made]]":
    """Goes on beside the block and ends with it. Its error is met where it is awaited."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def read_head(source: AsyncIterator[bytes]) -> bytes:
    """The first bytes, enough to recognise a container; all there is when that is less."""
    head = bytearray()
    while len(head) < HEAD_BYTES:
        chunk = await anext(source, b"")
        if not chunk:
            break
        head += chunk
    return bytes(head)


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
