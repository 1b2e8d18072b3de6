"""A clip opened by FFmpeg: forced to the demuxer its bytes ask for, local files only, no video decoder. Worker only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition

from bot.audio import refusals
from bot.audio.amr import AmrDecoder, is_amr
from bot.audio.sources import CODECS, DECODERS, MOV_FAMILY, SOURCES, label

_HEADLESS = ("aac", "amr")
_SANE_RATES = range(1_000, 768_001)
_PROTECTED_TAGS = ("drms", "enca", "p608")
_ASF_HEADER_BYTES = 64 * 1024
_ASF_ENCRYPTION = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)
"""Content Encryption and Extended Content Encryption Object (ASF specification, §3.14 and §3.15)."""

_OPTIONS = {
    "protocol_whitelist": "file",
    "codec_whitelist": ",".join(DECODERS),
    "probesize": str(256 * 1024),
    "max_size": str(64 * 1024),  # PCM packets: the usual 4 KiB would mean a thousand Python calls a MiB
}

_MOV_OPTIONS = _OPTIONS | {"codec_whitelist": ",".join(name for name in DECODERS if name != "aac")}
"""To learn what a decoder gives, FFmpeg opens one and tries a frame: a third of what it takes to open a file. AAC in an
MP4 says it by itself, unlike FLAC, whose rate an MP4 cannot hold. The decoder used later is not bound by this list."""

_TRANSPORT_OPTIONS = _OPTIONS | {"probesize": str(8 * 1024 * 1024)}
"""A transport stream does not say what is in it, and a picture of half a MiB may come before the first sound."""

_OPTIONS_BY_CONTAINER = dict.fromkeys(MOV_FAMILY, _MOV_OPTIONS) | {"mpeg-ts": _TRANSPORT_OPTIONS}

_DECODER_OPTIONS = {"flac": {"err_detect": "crccheck+explode"}}
"""By codec. Without this FFmpeg plays a damaged FLAC frame as a burst of noise."""


@dataclass(frozen=True)
class OpenClip:
    path: Path
    container: str  # as sniffed; an M4A with a picture track is "mp4-video"
    size_bytes: int
    av: InputContainer
    stream: AudioStream
    codec: str
    has_picture: bool
    decoder: AudioCodecContext | AmrDecoder

    @property
    def label(self) -> str:
        return label(self.container, self.codec, with_picture=self.has_picture)

    @property
    def rate(self) -> int:
        return self.stream.codec_context.sample_rate

    @property
    def tick_s(self) -> float:
        """How long one unit of the stream's times lasts."""
        return float(self.stream.time_base or 0)

    @property
    def stated_s(self) -> float | None:
        """The length that the header claims. ADTS and AMR have no header: what FFmpeg gives for them is a guess."""
        stated = None if self.container in _HEADLESS else self.stream.duration
        return stated * self.tick_s if stated and stated > 0 else None


@contextmanager
def opened(path: Path, container: str) -> Iterator[OpenClip]:
    """Refused for a file without sound that can be decoded here."""
    source = SOURCES[container]
    if container == "asf" and _is_encrypted(path):
        raise refusals.protected()
    options = _OPTIONS_BY_CONTAINER.get(container, _OPTIONS)
    try:
        # "file:" keeps a colon in a folder's name from being read as a protocol
        raw = av.open(f"file:{path}", format=source.demuxer, options=options, metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as trouble:
        raise refusals.unreadable(source.label) from trouble
    with raw:
        yield _clip(path, container, raw)


def _clip(path: Path, container: str, raw: InputContainer) -> OpenClip:
    stream = _sound(raw)
    if stream is None:
        raise refusals.silent(SOURCES[container].label)
    has_picture = any(not video.disposition & Disposition.attached_pic for video in raw.streams.video)
    for other in raw.streams:
        if other is not stream:
            other.discard = Discard.all
    if has_picture and container == "m4a":
        container = "mp4-video"
    codec = _codec(stream)
    decoder = AmrDecoder(codec, stream) if is_amr(codec) else stream.codec_context
    clip = OpenClip(path, container, path.stat().st_size, raw, stream, codec, has_picture, decoder)
    _require_sound(clip)
    return clip


def _sound(raw: InputContainer) -> AudioStream | None:
    """The track that FFmpeg thinks best, unless it is one that nobody here can decode and there is another."""
    best = raw.streams.best("audio")
    if not isinstance(best, AudioStream):
        return None
    if _codec(best) in CODECS:
        return best
    return next((other for other in raw.streams.audio if _codec(other) in CODECS), best)


def _is_encrypted(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_ASF_HEADER_BYTES)
    return any(guid in head for guid in _ASF_ENCRYPTION)


def _codec(stream: AudioStream) -> str:
    context = stream.codec_context
    return context.codec.canonical_name if context else ""


def _require_sound(clip: OpenClip) -> None:
    if clip.codec not in CODECS:
        raise refusals.foreign_codec(clip.label)
    if clip.stream.codec_tag in _PROTECTED_TAGS:
        raise refusals.protected()
    if clip.stream.codec_context.channels < 1 or not clip.rate:
        raise refusals.silent(clip.label)
    if clip.rate not in _SANE_RATES:
        raise refusals.absurd_rate(clip.rate)
    clip.stream.codec_context.thread_count = 1
    clip.stream.codec_context.options = _DECODER_OPTIONS.get(clip.codec, {})
