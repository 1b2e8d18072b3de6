"""Makes files fit for one network: as they are, with a copy beside them, as a copy alone, or refused with a reason."""

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bot.audio import AudioWorkers, MediaKind, VoiceConverter
from bot.files.pictures import convert_picture
from bot.relay.errors import Refused, Remedy
from bot.relay.parts import Media
from bot.relay.ports.networks import PlainFile

PICTURE_TIMEOUT_S = 30.0
HEAD_BYTES = 64
UNKNOWN = "application/octet-stream"

# What a picture's first bytes say, as labels lie; of the rest the label is all there is.
_SIGNATURES: Sequence[tuple[int, bytes, str]] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
)


@dataclass(frozen=True)
class FileRules:
    """What one network does with files.

    ``accepted``: the content types it takes, None for all. ``copies``: content type → that of a copy that it shows.
    ``keeps_original``: the file itself goes along with its copy. ``voice``: recordings become what it plays.
    """

    network: str  # its name for people
    size_bytes: int
    accepted: frozenset[str] | None = None
    copies: Mapping[str, str] = field(default_factory=dict)
    keeps_original: bool = False
    voice: VoiceConverter | None = None


class AttachmentConverter:
    """Implements the relay's ``AttachmentConverter``."""

    def __init__(self, workers: AudioWorkers, rules: FileRules) -> None:
        self._workers = workers
        self._rules = rules

    async def convert(self, path: Path, part: Media, copy: Path) -> Sequence[PlainFile]:
        """What to upload. Refused says why it cannot be carried; RetryLater blames the machine."""
        size_bytes = _size(path)
        if not size_bytes:
            raise Refused(f"{_name(part)} is empty (0 bytes).", remedy=Remedy.SEND_FILE_AGAIN)
        if self._rules.voice and await self._workers.kind_of(path) is MediaKind.AUDIO:
            return [await self._recording(self._rules.voice, path, part, copy)]
        content_type = content_type_of(path, part)
        original = PlainFile(path, _name(part, content_type), content_type, size_bytes)
        if content_type not in self._rules.copies:
            return [self._checked(original)]
        if not self._rules.keeps_original:
            return [self._checked(await self._picture(path, part, copy, content_type))]
        try:
            return [self._checked(original), self._checked(await self._picture(path, part, copy, content_type))]
        except Refused:  # the copy is for those whose client does not show the original
            return [self._checked(original)]

    async def _recording(self, voice: VoiceConverter, path: Path, part: Media, copy: Path) -> PlainFile:
        file = await voice.convert(path, copy)
        name = f"{PurePosixPath(part.name).stem or 'voice memo'}.{file.extension}"
        return PlainFile(file.path, name, file.content_type, file.size_bytes, file.info)

    async def _picture(self, path: Path, part: Media, copy: Path, original_type: str) -> PlainFile:
        content_type = self._rules.copies[original_type]
        size_bytes = await self._workers.run(
            int, convert_picture, path, copy, content_type, timeout_s=PICTURE_TIMEOUT_S
        )
        extension = content_type.partition("/")[2].replace("jpeg", "jpg")
        return PlainFile(copy, f"{PurePosixPath(part.name).stem or 'picture'}.{extension}", content_type, size_bytes)

    def _checked(self, file: PlainFile) -> PlainFile:
        rules = self._rules
        if file.size_bytes > rules.size_bytes:
            most = rules.size_bytes // 2**20
            raise Refused(
                f"{file.name} has {file.size_bytes / 2**20:.1f} MB; {rules.network} takes {most} MB at most.",
                remedy=Remedy.SEND_FILE_AGAIN,
            )
        if rules.accepted is not None and file.content_type not in rules.accepted:
            raise Refused(
                f"{rules.network} takes no files like {file.name} ({file.content_type}). Send it in another format.",
                remedy=Remedy.SEND_FILE_AGAIN,
            )
        return file


def _size(path: Path) -> int:
    return path.stat().st_size


def content_type_of(path: Path, part: Media) -> str:
    """By its first bytes where they tell, else by its label, else by its name."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for start, signature, content_type in _SIGNATURES:
        if head[start : start + len(signature)] == signature:
            return content_type
    labelled = part.content_type.partition(";")[0].strip().lower()
    return labelled or mimetypes.guess_type(part.name, strict=False)[0] or UNKNOWN


def _name(part: Media, content_type: str = "") -> str:
    if part.name:
        return part.name
    return f"file{mimetypes.guess_extension(content_type) or ''}"
