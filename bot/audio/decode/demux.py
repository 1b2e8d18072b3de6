"""Opening a file with FFmpeg: by the demuxer that its bytes ask for, local files only, without video decoders."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.index import IndexEntry
from av.stream import Discard, Disposition

from bot.audio import errors
from bot.audio.decode.amr import AmrDecoder, is_amr
from bot.audio.decode.codecs import CODECS, DECODERS, DEMUXERS, MOV_FAMILY, label
from bot.audio.decode.ffmpeg_errors import raise_unless_data_error
from bot.audio.decode.source import PROTOCOLS, Source
from bot.relay.errors import Refused
from bot.relay.media.formats import FORMATS

_WITHOUT_HEADER = ("aac", "amr")
_SANE_RATES = range(1_000, 768_001)
_PROTECTED_TAGS = ("drms", "enca", "p608")
_ASF_HEADER_BYTES = 64 * 1024
_ASF_ENCRYPTION = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)
"""Content Encryption and Extended Content Encryption Object (ASF specification, §3.14 and §3.15)."""

_OPTIONS = {
    "protocol_whitelist": PROTOCOLS,
    "codec_whitelist": ",".join(DECODERS),
    "probesize": str(256 * 1024),
    "max_size": str(64 * 1024),  # PCM packets: the usual 4 KiB would mean a thousand Python calls a MiB
}

_MOV_OPTIONS = _OPTIONS | {"codec_whitelist": ",".join(name for name in DECODERS if name != "aac")}
"""To learn what a decoder gives, FFmpeg opens one and tries a frame: a third of what it takes to open a file. AAC in an
MP4 says it by itself, unlike FLAC, whose rate an MP4 cannot hold. The decoder used later is not bound by this list."""

_BROADCAST_OPTIONS = _OPTIONS | {"probesize": str(8 * 1024 * 1024)}
"""These containers do not say at their front what is in them, and a picture of half a MiB may come before the sound."""

_OPTIONS_BY_CONTAINER = dict.fromkeys(MOV_FAMILY, _MOV_OPTIONS) | dict.fromkeys(
    ("mpeg-ts", "mpeg-ps", "flv"), _BROADCAST_OPTIONS
)

_DECODER_OPTIONS = {"flac": {"err_detect": "crccheck+explode"}}
"""By codec. Without this FFmpeg plays a damaged FLAC frame as a burst of noise."""


@dataclass(frozen=True)
class Track:
    """One sound track of an open file, ready to be decoded. ``track_count`` of ``all_tracks`` can be decoded.

    ``container``: as found inside, an "m4a" with a picture track is "mp4". ``lead_s``: how much later this track begins
    than the earliest one.
    """

    source: Source
    container: str
    av: InputContainer
    stream: AudioStream
    codec: str
    decoder: AudioCodecContext | AmrDecoder
    has_video: bool
    track_count: int
    all_tracks: int
    lead_s: float

    @property
    def rate(self) -> int:
        return self.stream.codec_context.sample_rate

    @property
    def channels(self) -> int:
        return self.stream.codec_context.channels

    @property
    def tick_s(self) -> float:
        """Seconds that one unit of the stream's times lasts."""
        return float(self.stream.time_base or 0)

    @property
    def stated_s(self) -> float | None:
        """The length that the header claims. ADTS and AMR have no header: what FFmpeg gives for them is a guess."""
        stated = None if self.container in _WITHOUT_HEADER else self.stream.duration
        return stated * self.tick_s if stated and stated > 0 else None

    def holds(self, frame: IndexEntry) -> bool:
        """Whether the bytes that an index promises are there."""
        return frame.size > 0 and 0 <= frame.pos <= self.source.size_bytes - frame.size


@contextmanager
def open_container(source: Source) -> Iterator[InputContainer]:
    """Open all of it. Raises Refused for bytes that FFmpeg cannot read as what they look like."""
    options = _OPTIONS_BY_CONTAINER.get(source.container, _OPTIONS)
    try:
        # names and other tags come in any encoding, and none of them is needed
        raw = av.open(source.url, format=DEMUXERS[source.container], options=options, metadata_errors="ignore")
    except av.FFmpegError as error:
        raise_unless_data_error(error)
        raise errors.unreadable(FORMATS[source.container].label) from error
    with raw:
        yield raw


@contextmanager
def open_track(source: Source, number: int = 0) -> Iterator[Track]:
    """Open the ``number``-th of the tracks that can be decoded. Raises Refused for a file without any."""
    if source.container == "asf" and _is_encrypted(source):
        raise errors.copy_protected()
    with open_container(source) as raw:
        yield _track(source, raw, number)


def has_video(raw: InputContainer) -> bool:
    """Whether there are moving pictures; a cover is none."""
    return any(not video.disposition & Disposition.attached_pic for video in raw.streams.video)


def _track(source: Source, raw: InputContainer, number: int) -> Track:
    video = has_video(raw)
    container = "mp4" if video and source.container == "m4a" else source.container
    streams = _decodable(raw, container, video)
    stream = streams[number]
    for other in raw.streams:
        if other is not stream:
            other.discard = Discard.all
    codec = _codec(stream)
    stream.codec_context.thread_count = 1
    stream.codec_context.options = _DECODER_OPTIONS.get(codec, {})
    return Track(
        source=source,
        container=container,
        av=raw,
        stream=stream,
        codec=codec,
        decoder=AmrDecoder(codec, stream) if is_amr(codec) else stream.codec_context,
        has_video=video,
        track_count=len(streams),
        all_tracks=len(raw.streams.audio),
        lead_s=_lead_s(raw, stream, streams),
    )


def _decodable(raw: InputContainer, container: str, video: bool) -> list[AudioStream]:
    """Return the tracks that can be decoded. Raises Refused when there is none, for the track that FFmpeg prefers."""
    streams = [stream for stream in raw.streams.audio if _problem(stream, container, video) is None]
    if streams:
        return streams
    best = raw.streams.best("audio")
    problem = _problem(best, container, video) if isinstance(best, AudioStream) else None
    raise problem or errors.no_sound(FORMATS[container].label)


def _problem(stream: AudioStream, container: str, video: bool) -> Refused | None:
    """Say why this track cannot be decoded; None: it can."""
    codec = _codec(stream)
    if codec not in CODECS:
        return errors.unknown_codec(label(container, [codec], has_video=video))
    if _codec_tag(stream) in _PROTECTED_TAGS:
        return errors.copy_protected()
    rate = stream.codec_context.sample_rate
    if stream.codec_context.channels < 1 or not rate:
        return errors.no_sound(label(container, [codec], has_video=video))
    return None if rate in _SANE_RATES else errors.impossible_rate(rate)


def _codec(stream: AudioStream) -> str:
    context = stream.codec_context
    return context.codec.canonical_name if context else ""


def _codec_tag(stream: AudioStream) -> str:
    """Return the container's own four bytes for the codec, "" where they are not ASCII: PyAV decodes them as that, and
    the tag of AAC in a WAV is 0xFF."""
    try:
        return stream.codec_context.codec_tag
    except UnicodeDecodeError:
        return ""


def _lead_s(raw: InputContainer, stream: AudioStream, streams: list[AudioStream]) -> float:
    """Return 0 where it would be longer than the whole file: that is a jump of the file's clock and no pause."""
    starts = {other.index: (other.start_time or 0) * float(other.time_base or 0) for other in streams}
    lead_s = starts[stream.index] - min(starts.values())
    return lead_s if lead_s * av.time_base <= (raw.duration or 0) else 0.0


def _is_encrypted(source: Source) -> bool:
    with source.path.open("rb") as file:
        file.seek(source.start)
        head = file.read(_ASF_HEADER_BYTES)
    return any(guid in head for guid in _ASF_ENCRYPTION)
