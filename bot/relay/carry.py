"""Prepare: Slack's bytes → an attachment at Linq. Repeatable work whose only lasting result is the attachment's id.

Bytes stream from Slack to Linq while a copy falls into a spool file, where the audio room listens to it. The attachment
is created beside opening the download, from what Slack's label claims; where the label lied, another is made. A clip
that Linq would not take as it is, is converted from the spool file and uploaded after that.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bot.relay.errors import RelayError
from bot.relay.model import AttachmentId, Clip, Delivery, Sound
from bot.relay.ports import Audio, Download, Fit, Linq, Slack, Upload
from bot.relay.starts import HeadStarts

HEAD_BYTES = 4096
CHUNK_BYTES = 64 * 1024
SPOOL = "memobridge-clip-"
ABANDONED_AFTER_S = 900.0


@dataclass(frozen=True)
class Prepared:
    """What ``prepare`` leaves. Without an attachment the clip passes as it is and may be lent by url."""

    attachment: AttachmentId | None
    sound: Sound | None


class Carrier:
    def __init__(
        self, slack: Slack, linq: Linq, audio: Audio, *, spool_folder: Path | None, lend_up_to: int = 0, ahead: int = 0
    ) -> None:
        """``lend_up_to``: clips of at most this many bytes that pass untouched are not uploaded but lent by url.
        ``ahead``: while fewer clips are being prepared, one that is being stored gets a head start; 0: none does."""
        self.head_starts = HeadStarts(self._prepare, ahead=ahead)
        self._slack = slack
        self._linq = linq
        self._audio = audio
        self._spool_folder = spool_folder
        self._lend_up_to = lend_up_to

    async def prepare(self, delivery: Delivery) -> Prepared:
        """Raises Refused for a clip that can never be a memo, Later for trouble on the way."""
        return await self.head_starts.claim(delivery)

    async def _prepare(self, delivery: Delivery, stored: asyncio.Event) -> Prepared:
        """Nothing is uploaded before the event is set."""
        clip = delivery.clip
        early = asyncio.ensure_future(self._create_early(clip))
        try:
            await asyncio.sleep(0)  # its request leaves first: the answer takes longer than the download's
            with closing(Spool(self._spool_folder)) as spool:
                async with self._slack.download(clip) as download:
                    return await self._carry(clip, download, early, spool, stored)
        finally:
            early.cancel()
            with suppress(asyncio.CancelledError):
                await early

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
        early: "asyncio.Future[Upload | None]",
        spool: "Spool",
        stored: asyncio.Event,
    ) -> Prepared:
        source = aiter(download.chunks())
        head = await read_head(source)
        await stored.wait()
        declared = self._audio.declare(head, clip.name)
        whole = spool.tee(head, source)
        if declared is None or download.size_bytes is None or self._lend_up_to:
            async for _ in whole:
                pass
            return await self._settle(clip, await self._audio.fit(spool.path), spool)
        upload = await self._match(await early, clip, declared, download.size_bytes)
        return await self._stream(clip, upload, whole, spool)

    async def _match(self, early: Upload | None, clip: Clip, declared: tuple[str, str], size_bytes: int) -> Upload:
        """The early attachment if the label told the truth, else one for what the bytes really are."""
        content_type, extension = declared
        if early is not None and (early.content_type, early.size_bytes) == (content_type, size_bytes):
            return early
        name = self._name(clip, content_type, extension)
        return await self._linq.create_attachment(name, content_type, size_bytes)

    async def _stream(self, clip: Clip, upload: Upload, whole: AsyncIterator[bytes], spool: "Spool") -> Prepared:
        """Upload while spooling; listen as soon as the last byte is spooled, beside Linq's answer to the upload."""
        uploading = asyncio.ensure_future(self._linq.upload(upload, whole))
        try:
            await _either(spool.complete, uploading)
            fit = await self._audio.fit(spool.path)
            if fit.path != spool.path:
                return await self._settle(clip, fit, spool)
            await uploading
            return Prepared(upload.attachment, fit.sound)
        finally:
            uploading.cancel()
            with suppress(asyncio.CancelledError, RelayError):
                await uploading

    async def _settle(self, clip: Clip, fit: Fit, spool: "Spool") -> Prepared:
        """What becomes of a clip that was spooled first: lent if it may be, else uploaded from the file."""
        if fit.path == spool.path and fit.size_bytes <= self._lend_up_to:
            return Prepared(None, fit.sound)
        name = self._name(clip, fit.content_type, fit.extension)
        with _gone_after(fit.path):
            upload = await self._linq.create_attachment(name, fit.content_type, fit.size_bytes)
            await self._linq.upload(upload, _read(fit.path))
        return Prepared(upload.attachment, fit.sound)

    def _name(self, clip: Clip, content_type: str, extension: str) -> str:
        """The clip's own name; its extension changes only where it would contradict the content."""
        own = self._audio.declare(b"", clip.name)
        if own is not None and own[0] == content_type:
            return clip.name
        return f"{PurePosixPath(clip.name).stem or 'memo'}.{extension}"


class Spool:
    """A copy of the clip on disk while it is being carried; it goes when the step ends, whatever the end."""

    def __init__(self, folder: Path | None) -> None:
        self._handle, name = tempfile.mkstemp(prefix=SPOOL, dir=folder)
        self.path = Path(name)
        self.complete = asyncio.Event()

    async def tee(self, head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Every chunk, after it was spooled. Writes go to the page cache and are not waited for in a thread."""
        with os.fdopen(self._handle, "wb", closefd=False) as file:
            if head:
                file.write(head)
                yield head
            async for chunk in rest:
                file.write(chunk)
                yield chunk
        self.complete.set()

    def close(self) -> None:
        os.close(self._handle)
        self.path.unlink(missing_ok=True)


@contextmanager
def _gone_after(copy: Path) -> Iterator[None]:
    """A converted copy lies beside the clip, and is only needed until it is uploaded."""
    try:
        yield
    finally:
        copy.unlink(missing_ok=True)


def clear_spools(folder: Path | None, now: float) -> None:
    """Remove the clips that killed processes left behind: those that nobody has written to for a quarter of an hour."""
    for left in Path(folder or tempfile.gettempdir()).glob(f"{SPOOL}*"):
        with suppress(OSError):
            if now - left.stat().st_mtime > ABANDONED_AFTER_S:
                left.unlink()


async def read_head(source: AsyncIterator[bytes]) -> bytes:
    """The first bytes, enough to recognise a container; all there is when that is less."""
    head = bytearray()
    while len(head) < HEAD_BYTES:
        chunk = await anext(source, b"")
        if not chunk:
            break
        head += chunk
    return bytes(head)


async def _either(event: asyncio.Event, work: "asyncio.Future[None]") -> None:
    """Wait for the event, but not beyond the end of the work: its error comes first."""
    waiting = asyncio.ensure_future(event.wait())
    both: set[asyncio.Future[Any]] = {waiting, work}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if work.done():
        await work


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
