"""May a clip pass as it is, and how long does it sound? Worker only.

A small clip is listened to in full. In a larger one every frame is counted and one in a few is decoded, to be sure.
A ``Doubt`` never refuses a clip, it asks for a conversion: decoding all and writing it anew puts right what is wrong.
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import av
from av.audio.stream import AudioStream
from av.index import IndexEntry
from av.packet import Packet
from av.stream import Stream

from bot.audio import refusals
from bot.audio.chunks import boxes, sound_chunk
from bot.audio.decoding import Decoding
from bot.audio.opening import OpenClip
from bot.audio.sources import MOV_FAMILY
from bot.audio.terms import Takes
from bot.audio.waveform import Waveform
from bot.relay.model import Sound

_SMALL_BYTES = 256 * 1024
"""Half a minute of AAC: listened to in full in about 15 ms."""

_PHONE_RATES = range(8_000, 192_001)
_PADDING_S = 0.15
_LIE_S = 0.5
"""A header may be so far from the truth before a phone that believes it shows a wrong length."""

_RUN_UP = 4
"""The first frames of a stream may give less than they hold: the decoder is still filling."""

_BLIND_S = 0.17
"""No stretch longer than this goes by without a frame of it being decoded."""

_STRANGERS = 3
_PADDING_ELEMENTS = (4, 6)


class Doubt(Exception):
    """Why a clip that looks acceptable is converted all the same."""


def sound_untouched(clip: OpenClip, takes: Takes) -> Sound:
    """What can be heard in a clip that may pass. Raises Doubt, or Refused for one that is cut short."""
    if clip.codec not in takes.codecs:
        raise Doubt(f"a phone does not play this codec in {clip.container}")
    if clip.rate not in _PHONE_RATES:
        raise Doubt(f"no phone plays {clip.rate} samples a second")
    chunk = sound_chunk(clip.path, clip.container)
    if chunk and chunk.stated_bytes is None:
        raise Doubt("its recorder left the header unfinished")
    if clip.container in MOV_FAMILY and b"moof" in boxes(clip.path):
        raise Doubt("it is a fragmented MP4, which states no length")
    if clip.size_bytes <= _SMALL_BYTES:
        return _heard(clip)
    seconds = _counted_in_index(clip) if clip.container in MOV_FAMILY else _counted_in_packets(clip)
    return Sound(_agreed(clip, seconds))


def require_whole(clip: OpenClip) -> None:
    """Refused for a clip whose own structure reaches beyond the end of the file."""
    if clip.container in MOV_FAMILY:
        missing = sum(entry.pos + entry.size > clip.size_bytes for entry in clip.stream.index_entries)
        if missing:
            raise refusals.cut_short(clip.label, 1 - missing / len(clip.stream.index_entries))
    chunk = sound_chunk(clip.path, clip.container)
    if chunk and chunk.present_share < 1:
        raise refusals.cut_short(clip.label, chunk.present_share)


def _heard(clip: OpenClip) -> Sound:
    seconds, waveform, decoding = 0.0, Waveform(), Decoding(clip)
    for frame in decoding:
        seconds += frame.samples / frame.sample_rate
        waveform.add(frame)
    if decoding.broken:
        raise Doubt("a part of it is damaged")
    return Sound(_agreed(clip, seconds), waveform=waveform.levels())


def _counted_in_packets(clip: OpenClip) -> float:
    ticks, step = 0, 1
    for number, packet in enumerate(_packets(clip)):
        ticks += packet.duration or 0
        if number == _RUN_UP:
            step = _step(clip, packet.duration or 0)
        if number % step == 0:
            _listen(clip, packet, packet.duration or 0, may_differ=number < _RUN_UP)
    return float(ticks * clip.tick)


def _step(clip: OpenClip, ticks: int) -> int:
    """Every how many frames of this length one is decoded."""
    return max(int(_BLIND_S / (ticks * clip.tick)), 1) if ticks > 0 else 1


def _packets(clip: OpenClip) -> Iterator[Packet[AudioStream]]:
    try:
        yield from clip.av.demux(clip.stream)
    except av.FFmpegError as trouble:
        raise Doubt("its frames do not follow each other") from trouble


def _listen(clip: OpenClip, packet: Packet[Stream] | Packet[AudioStream], ticks: int, *, may_differ: bool) -> None:
    try:
        frames = clip.stream.codec_context.decode(packet)
    except (av.FFmpegError, ValueError) as trouble:
        raise Doubt("a part of it is damaged") from trouble
    seconds = sum(frame.samples / frame.sample_rate for frame in frames)
    if not may_differ and abs(seconds - float(ticks * clip.tick)) > 0.001:
        raise Doubt("its frames are not as long as its tables say")


def _counted_in_index(clip: OpenClip) -> float:
    """An MP4's table of frames says where each lies and when it sounds: most need not even be read."""
    entries = list(clip.stream.index_entries)
    if len(entries) < 3:
        raise Doubt("its table of frames is empty")
    ticks = _even_ticks(entries)
    with clip.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        _look_at_first_bytes(whole, entries)
        for entry in entries[_RUN_UP : -1 : _step(clip, ticks)]:
            _listen(clip, Packet(whole[entry.pos : entry.pos + entry.size]), ticks, may_differ=False)
    heard = sum(entry.timestamp >= 0 for entry in entries)  # FFmpeg shifts the run-up that an edit list hides below 0
    return float(heard * ticks * clip.tick)


def _even_ticks(entries: list[IndexEntry]) -> int:
    steps = {after.timestamp - before.timestamp for before, after in pairwise(entries[:-1])}
    if len(steps) != 1:
        raise Doubt("its frames are of uneven length")
    return steps.pop()


def _look_at_first_bytes(whole: mmap.mmap, entries: list[IndexEntry]) -> None:
    """An AAC or ALAC frame begins with three bits that name its first element: padding, or the clip's own kind."""
    kinds = Counter(whole[entry.pos] >> 5 for entry in entries)
    for padding in _PADDING_ELEMENTS:
        kinds.pop(padding, None)
    if kinds.total() - max(kinds.values(), default=0) > _STRANGERS:
        raise Doubt("some of its frames look damaged")


def _agreed(clip: OpenClip, seconds: float) -> float:
    """The frames' own length. Where the header agrees with it, it is finer: it leaves out the encoder's padding."""
    if not seconds:
        raise Doubt("it states no length")
    if clip.stated_s is None:
        return round(seconds, 3)
    if abs(clip.stated_s - seconds) > max(_LIE_S, 0.01 * seconds):
        raise Doubt(f"its header states {clip.stated_s:.1f} s and its frames hold {seconds:.1f} s")
    return round(clip.stated_s if 0 < seconds - clip.stated_s < _PADDING_S else seconds, 3)
