"""May a clip pass as it is? Its frames are counted without being decoded; a few are decoded to be sure. Worker only.

A ``Doubt`` never refuses a clip, it asks for a conversion: decoding everything and writing it anew puts right what a
header gets wrong.
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

import av
from av.audio.stream import AudioStream
from av.index import IndexEntry
from av.packet import Packet

from bot.audio import refusals
from bot.audio.chunks import boxes, sound_chunk
from bot.audio.opening import OpenClip
from bot.audio.sources import MOV_FAMILY
from bot.audio.terms import Takes

_PHONE_RATES = range(8_000, 192_001)
_TOLERANCE_S = 0.05
_LIE_S = 0.5
"""A header may be this far from the truth: encoders count their padding in or out."""

_LISTEN_FIRST = 4
_LISTEN_EVERY = 16
_SPOTS = 8
_SPOT_PACKETS = 6
_STRANGERS = 3
_PADDING_ELEMENTS = (4, 6)


class Doubt(Exception):
    """Why a clip that looks acceptable is converted all the same."""


def seconds_untouched(clip: OpenClip, takes: Takes) -> float:
    """Seconds of sound in a clip that may pass. Raises Doubt, or Refused for one that is cut short."""
    if clip.codec not in takes.codecs:
        raise Doubt(f"a phone does not play this codec in {clip.container}")
    if clip.rate not in _PHONE_RATES:
        raise Doubt(f"no phone plays {clip.rate} samples a second")
    return _seconds_by_index(clip) if clip.container in MOV_FAMILY else _seconds_by_packets(clip)


def require_whole(clip: OpenClip) -> None:
    """Refused for a clip whose own structure reaches beyond the end of the file."""
    if clip.container in MOV_FAMILY:
        missing = sum(entry.pos + entry.size > clip.size_bytes for entry in clip.stream.index_entries)
        if missing:
            raise refusals.cut_short(clip.label, 1 - missing / len(clip.stream.index_entries))
    chunk = sound_chunk(clip.path, clip.container)
    if chunk and chunk.present_share < 1:
        raise refusals.cut_short(clip.label, chunk.present_share)


def _seconds_by_packets(clip: OpenClip) -> float:
    chunk = sound_chunk(clip.path, clip.container)
    if chunk and chunk.stated_bytes is None:
        raise Doubt("its recorder left the header unfinished")
    ticks = 0
    for number, packet in enumerate(_packets(clip)):
        ticks += packet.duration or 0
        if number % _LISTEN_EVERY == 0 or number < _LISTEN_FIRST:
            _listen(packet, may_differ=number < _LISTEN_FIRST)
    seconds = float(ticks * clip.stream.time_base) if clip.stream.time_base else 0.0
    _compare(clip, seconds)
    return seconds


def _packets(clip: OpenClip) -> Iterator[Packet[AudioStream]]:
    try:
        yield from clip.av.demux(clip.stream)
    except av.FFmpegError as trouble:
        raise Doubt("its frames do not follow each other") from trouble


def _seconds(packet: Packet[AudioStream]) -> float:
    return float((packet.duration or 0) * packet.time_base)


def _listen(packet: Packet[AudioStream], *, may_differ: bool) -> None:
    """Decode one packet. The first of a stream may give less than it holds: they carry the encoder's run-up."""
    try:
        got = sum(frame.samples / frame.sample_rate for frame in packet.decode())
    except (av.FFmpegError, ValueError) as trouble:
        raise Doubt("a part of it is damaged") from trouble
    if not may_differ and abs(got - _seconds(packet)) > 0.001:
        raise Doubt("its frames are not as long as its tables say")


def _compare(clip: OpenClip, seconds: float) -> None:
    if not seconds:
        raise Doubt("it states no length")
    stated = clip.stream.duration
    if clip.container in ("aac", "amr") or stated is None:  # these state nothing, FFmpeg guesses
        return
    stated_s = float(stated * clip.stream.time_base) if clip.stream.time_base else 0.0
    if abs(stated_s - seconds) > max(_LIE_S, 0.01 * seconds):
        raise Doubt(f"its header states {stated_s:.1f} s and its frames hold {seconds:.1f} s")


def _seconds_by_index(clip: OpenClip) -> float:
    """An MP4's table of frames says where each lies and when it sounds: no need to read them all."""
    if b"moof" in boxes(clip.path):
        raise Doubt("it is a fragmented MP4, which states no length")
    entries = list(clip.stream.index_entries)
    if len(entries) < 1 or not clip.stream.time_base:
        raise Doubt("its table of frames is empty")
    ticks = _even_ticks(entries)
    _look_at_first_bytes(clip, entries)
    heard = sum(entry.timestamp >= 0 for entry in entries)  # FFmpeg shifts the run-up that an edit list hides below 0
    seconds = float(heard * ticks * clip.stream.time_base)
    _listen_at_spots(clip, entries)
    _compare(clip, seconds)
    return seconds


def _even_ticks(entries: list[IndexEntry]) -> int:
    steps = Counter(after.timestamp - before.timestamp for before, after in pairwise(entries[:-1]))
    if len(steps) > 1:
        raise Doubt("its frames are of uneven length")
    return next(iter(steps), 0)


def _look_at_first_bytes(clip: OpenClip, entries: Iterable[IndexEntry]) -> None:
    """An AAC or ALAC frame begins with three bits that name its first element: padding, or the clip's own kind."""
    with clip.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        kinds = Counter(whole[entry.pos] >> 5 for entry in entries)
    for padding in _PADDING_ELEMENTS:
        kinds.pop(padding, None)
    if kinds.total() - max(kinds.values(), default=0) > _STRANGERS:
        raise Doubt("some of its frames look damaged")


def _listen_at_spots(clip: OpenClip, entries: list[IndexEntry]) -> None:
    """Decode a few frames in a row at places spread over the clip; after a jump the first gives less than it holds."""
    step = max(len(entries) // _SPOTS, 1)
    for entry in entries[::step]:
        clip.av.seek(entry.timestamp, stream=clip.stream)
        for number, packet in enumerate(islice(_packets(clip), _SPOT_PACKETS)):
            _listen(packet, may_differ=number < 2 or packet.dts == entries[-1].timestamp)
