"""What one worker process does with one file: look at it, or convert it. Needs FFmpeg, so only workers import it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.audio import refusals
from bot.audio.conversion import write_memo
from bot.audio.counting import Doubt
from bot.audio.opening import OpenClip, opened
from bot.audio.sniff import SNIFF_BYTES, id3_length, sniff
from bot.audio.sources import SOURCES
from bot.audio.terms import Limits
from bot.audio.untouched import require_whole, sound_untouched
from bot.relay.media.formats import AcceptedFormat
from bot.relay.model import AudioInfo
from bot.relay.ports import AudioFile

_TELLS_NOTHING = ("", "text", "unknown")
"""What ``sniff`` makes of the padding behind a tag. Hardly anything but an MP3 has such a tag."""


@dataclass(frozen=True)
class Conversion:
    """A clip that cannot pass as it is. ``why`` completes the sentence "it is converted, because ..."."""

    container: str
    size_bytes: int
    why: str


def look(path: Path, takes: Mapping[str, AcceptedFormat], limits: Limits) -> AudioFile | Conversion:
    """Refused for what can never be a memo."""
    size_bytes = path.stat().st_size
    container = container_of(path)
    if not container:
        raise refusals.empty()
    if container not in SOURCES:
        raise refusals.not_sound(container)
    if container not in takes:
        return Conversion(container, size_bytes, f"Linq does not take {SOURCES[container].label}")
    if size_bytes > limits.size_bytes:
        return Conversion(container, size_bytes, "it is larger than Linq takes")
    return _look_inside(path, container, takes)


def _look_inside(path: Path, container: str, takes: Mapping[str, AcceptedFormat]) -> AudioFile | Conversion:
    with opened(path, container) as clip:
        require_whole(clip)
        try:
            terms = _terms(clip, takes)
            sound = sound_untouched(clip, terms)
        except Doubt as doubt:
            return Conversion(container, clip.size_bytes, str(doubt))
    return AudioFile(path, terms.content_type, terms.extension, clip.size_bytes, sound)


def _terms(clip: OpenClip, takes: Mapping[str, AcceptedFormat]) -> AcceptedFormat:
    if clip.container not in takes:
        raise Doubt("it is a video")
    return takes[clip.container]


def convert(path: Path, target: Path, container: str, takes: Mapping[str, AcceptedFormat], limits: Limits) -> AudioFile:
    """Write the clip anew as M4A. Refused for what cannot be decoded, or is still too big afterwards."""
    with opened(path, container) as clip:
        require_whole(clip)
        written = write_memo(clip, target, limits)
    size_bytes = target.stat().st_size
    if size_bytes > limits.size_bytes:
        raise refusals.too_big(size_bytes, limits.size_bytes, limits.longest_s)
    sound = AudioInfo(round(written.seconds, 3), clip.label, clip.has_picture, written.waveform)
    return AudioFile(target, takes["m4a"].content_type, takes["m4a"].extension, size_bytes, sound)


def container_of(path: Path) -> str:
    """Like ``sniff``, with the file at hand: a tag of any length is stepped over."""
    with path.open("rb") as file:
        head = file.read(SNIFF_BYTES)
        tag = id3_length(head)
        if not tag:
            return sniff(head)
        file.seek(tag)
        behind = sniff(file.read(SNIFF_BYTES))
    return "mp3" if behind in _TELLS_NOTHING else behind
