"""What worker processes answer. Plain values: the bot's own process knows these and never loads FFmpeg."""

from dataclasses import dataclass
from enum import StrEnum

from bot.relay.model import AudioInfo


class MediaKind(StrEnum):
    """What a file is to a person."""

    AUDIO = "audio"  # sound, and no moving pictures
    VIDEO = "video"
    IMAGE = "image"
    OTHER = "other"


@dataclass(frozen=True)
class Inspection:
    """With ``info`` the file may pass as it is. Without, ``reason`` completes "it is converted, because ..."."""

    container: str  # by the names of ``relay.media.formats``
    size_bytes: int
    info: AudioInfo | None = None
    reason: str = ""


@dataclass(frozen=True)
class Conversion:
    """The M4A that was written."""

    size_bytes: int
    info: AudioInfo
