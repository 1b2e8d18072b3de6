"""Prepare: media of one network → media at another. Repeatable work whose only lasting result is the new media's id.

Three things go on side by side. The download fills a spool file, and when that is whole the audio package decodes it.
The upload is created from what the sender's label claims; where the label lied, another is made. The upload follows the
spool as it fills, and is broken off as soon as the recording turns out to be none that the target takes as it is: then
its converted copy is uploaded instead.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from bot.relay.errors import Refused, RelayError
from bot.relay.ids import MediaRef
from bot.relay.media.spool import CHUNK_BYTES, Spool
from bot.relay.model import Delivery, PreparedPart
from bot.relay.parts import Media, Part, Voice
from bot.relay.ports.networks import (
    AudioConverter,
    AudioFile,
    Download,
    FileConverter,
    MediaSource,
    MediaStore,
    Networks,
    PlainFile,
    Upload,
)

log = logging.getLogger("memobridge.relay")

HEAD_BYTES = 4096

Made = TypeVar("Made")


@dataclass(frozen=True)
class Ends:
    """Where the bytes come from, where they go, and who makes them fit."""

    source: MediaSource
    store: MediaStore
    audio: AudioConverter
    files: FileConverter | None
    names_refused: bool


class MediaTransfer:
    """``spool_folder`` holds the copies. ``lend_up_to``: recordings of at most this many bytes that pass unchanged are
    not uploaded but fetched by the target under a temporary url."""

    def __init__(self, networks: Networks, *, spool_folder: Path, lend_up_to: int = 0) -> None:
        self._networks = networks
        self._spool_folder = spool_folder
        self._lend_up_to = lend_up_to

    async def prepare(self, delivery: Delivery) -> tuple[PreparedPart, ...]:
        """What each part became at the target. Refused: it can never take it; RetryLater: trouble on the way."""
        return tuple([await self._prepare_part(part, delivery) for part in delivery.parts])

    async def _prepare_part(self, part: Part, delivery: Delivery) -> PreparedPart:
        if not isinstance(part, Voice | Media) or (isinstance(part, Voice) and part.is_public):
            return PreparedPart()
        ends = self._ends(delivery)
        if not ends.names_refused:
            return await self._prepare_as_labelled(part, ends)
        try:
            return await self._prepare_by_bytes(part, ends)
        except Refused as no:
            log.info("transfer.part_refused", extra={"delivery": delivery.id, "code": no.code})
            return PreparedPart(refused=no.reason)

    async def _prepare_as_labelled(self, part: Voice | Media, ends: Ends) -> PreparedPart:
        if isinstance(part, Media):
            return await self._prepare_file(part, ends)
        return await self._prepare_voice(part, ends)

    async def _prepare_by_bytes(self, part: Voice | Media, ends: Ends) -> PreparedPart:
        """What is no recording, though its label says so, is shown as the file that it is."""
        try:
            return await self._prepare_as_labelled(part, ends)
        except Refused:
            if isinstance(part, Media):
                raise
        as_file = Media(part.key, part.name, part.media, part.media_hint, part.size_bytes, part.content_type)
        return await self._prepare_file(as_file, ends)

    def _ends(self, delivery: Delivery) -> Ends:
        source, target = self._networks.of(delivery.origin), self._networks.of(delivery.target)
        assert source.source is not None, "links join networks that hand out media"
        assert target.media is not None, "and take it"
        assert target.audio is not None, "and say which recordings they take"
        return Ends(source.source, target.media, target.audio, target.files, target.names_refused)

    async def _prepare_file(self, part: Media, ends: Ends) -> PreparedPart:
        """Spooled as a whole, made fit, uploaded. Its bytes decide whether it is a recording after all."""
        with closing(Spool(self._spool_folder)) as spool:
            async with ends.source.open(part) as download:
                source = aiter(download.chunks())
                await spool.fill(await read_head(source), source)
            files = (
                await ends.files.convert(spool.path, part, spool.copy_path) if ends.files else [_as_it_is(part, spool)]
            )
            media = [await self._upload(file, ends.store) for file in files]
            return PreparedPart(tuple(media), next((file.audio for file in files if file.audio), None))

    async def _upload(self, file: PlainFile, store: MediaStore) -> MediaRef:
        upload = await store.create_upload(file.name, file.content_type, file.size_bytes)
        await store.upload(upload, _read(file.path))
        return upload.media

    async def _prepare_voice(self, part: Voice, ends: Ends) -> PreparedPart:
        async with _beside(self._create_early(part, ends)) as early:
            with closing(Spool(self._spool_folder)) as spool:
                async with ends.source.open(part) as download:
                    return await self._transfer(part, download, early, spool, ends)

    async def _create_early(self, part: Voice, ends: Ends) -> Upload | None:
        """An upload made from the label alone. If the label lied, it stays unused: an orphan id costs nothing."""
        declared = ends.audio.declare(b"", part.name)
        if self._lend_up_to or declared is None or not part.size_bytes:
            return None
        try:
            return await ends.store.create_upload(part.name, declared[0], part.size_bytes)
        except RelayError:
            return None  # the same trouble, if it lasts, is met and told when the upload is truly needed

    async def _transfer(
        self, part: Voice, download: Download, early: "asyncio.Task[Upload | None]", spool: Spool, ends: Ends
    ) -> PreparedPart:
        source = aiter(download.chunks())
        head = await read_head(source)
        declared = ends.audio.declare(head, part.name)
        async with _beside(self._decode(spool, head, source, ends.audio)) as decoding:
            if declared is None or download.size_bytes is None or self._lend_up_to:
                return await self._upload_file(part, await decoding, spool, ends)
            upload = await self._match(await early, part, declared, download.size_bytes, ends)
            return await self._upload_while_spooling(part, upload, decoding, spool, ends)

    async def _decode(
        self, spool: Spool, head: bytes, source: AsyncIterator[bytes], audio: AudioConverter
    ) -> AudioFile:
        await spool.fill(head, source)
        return await audio.convert(spool.path, spool.copy_path)

    async def _match(
        self, early: Upload | None, part: Voice, declared: tuple[str, str], size_bytes: int, ends: Ends
    ) -> Upload:
        """The early upload if the label told the truth, else one for what the bytes really are."""
        content_type, extension = declared
        if early is not None and (early.content_type, early.size_bytes) == (content_type, size_bytes):
            return early
        name = _name(part, content_type, extension, ends.audio)
        return await ends.store.create_upload(name, content_type, size_bytes)

    async def _upload_while_spooling(
        self, part: Voice, upload: Upload, decoding: "asyncio.Task[AudioFile]", spool: Spool, ends: Ends
    ) -> PreparedPart:
        async with _beside(ends.store.upload(upload, spool.follow())) as uploading:
            await asyncio.wait({decoding, uploading}, return_when=asyncio.FIRST_COMPLETED)
            if not decoding.done():
                await uploading  # where that broke, there is nothing to wait for
            file = await decoding
            if file.path == spool.path:
                await uploading
                return PreparedPart((upload.media,), file.info)
        return await self._upload_file(part, file, spool, ends)

    async def _upload_file(self, part: Voice, file: AudioFile, spool: Spool, ends: Ends) -> PreparedPart:
        """What becomes of a recording that was spooled first: lent if it may be, else uploaded from the file."""
        if file.path == spool.path and file.size_bytes <= self._lend_up_to:
            return PreparedPart(audio=file.info)
        name = _name(part, file.content_type, file.extension, ends.audio)
        upload = await ends.store.create_upload(name, file.content_type, file.size_bytes)
        await ends.store.upload(upload, _read(file.path))
        return PreparedPart((upload.media,), file.info)


def _name(part: Voice, content_type: str, extension: str, audio: AudioConverter) -> str:
    """The recording's own name; its extension changes only where it would contradict the content."""
    own = audio.declare(b"", part.name)
    if own is not None and own[0] == content_type:
        return part.name
    return f"{PurePosixPath(part.name).stem or 'memo'}.{extension}"


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, Made]) -> "AsyncIterator[asyncio.Task[Made]]":
    """Goes on beside the block and ends with it. Its error is raised where it is awaited."""
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


def _as_it_is(part: Media, spool: Spool) -> PlainFile:
    content_type = part.content_type or "application/octet-stream"
    return PlainFile(spool.path, part.name or "file", content_type, spool.path.stat().st_size)
