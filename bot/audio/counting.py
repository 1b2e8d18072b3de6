"""How long a large clip sounds, by counting its frames and decoding one in a few of them. Worker only."""

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

from bot.audio.opening import OpenClip
from bot.audio.sources import MOV_FAMILY

_RUN_UP = 4
"""The first frames of a stream may give less than they hold: the decoder is still filling."""

_BLIND_S = 0.2
"""No stretch longer than this goes by without a frame of it being decoded."""

_STRANGERS = 3
_PADDING_ELEMENTS = (4, 6)


class Doubt(Exception):
    """Why a clip that looks acceptable is converted all the same. Never a reason to refuse it."""


def counted_seconds(clip: OpenClip) -> float:
    """Raises Doubt where the frames are not what they should be."""
    return _by_index(clip) if clip.container in MOV_FAMILY else _by_packets(clip)


def _by_packets(clip: OpenClip) -> float:
    ticks, step, ear = 0, 1, _Ear(clip)
    for number, packet in enumerate(_packets(clip)):
        lasts = packet.duration or 0
        ticks += lasts
        if number == _RUN_UP:
            step = _step(clip, lasts)
        if number % step == 0:
            trimmed = number < _RUN_UP or packet.has_sidedata("skip_samples")
            ear.listen(packet, None if trimmed else lasts)
    return ticks * clip.tick_s


def _packets(clip: OpenClip) -> Iterator[Packet[AudioStream]]:
    try:
        yield from clip.av.demux(clip.stream)
    except av.FFmpegError as trouble:
        raise Doubt("its frames do not follow each other") from trouble


def _by_index(clip: OpenClip) -> float:
    """An MP4's table of frames says where each lies and when it sounds: most need not even be read."""
    entries = list(clip.stream.index_entries)
    if len(entries) < _RUN_UP:
        raise Doubt("its table of frames is empty")
    ticks, ear = _even_ticks(entries), _Ear(clip)
    with clip.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        _look_at_first_bytes(whole, entries)
        for entry in entries[_RUN_UP : -1 : _step(clip, ticks)]:
            ear.listen(Packet(whole[entry.pos : entry.pos + entry.size]), ticks)
    heard = sum(entry.timestamp >= 0 for entry in entries)  # FFmpeg shifts the run-up that an edit list hides below 0
    return heard * ticks * clip.tick_s


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


def _step(clip: OpenClip, ticks: int) -> int:
    """Every how many frames of this length one is decoded."""
    return max(int(_BLIND_S / (ticks * clip.tick_s)), 1) if ticks > 0 and clip.tick_s else 1


class _Ear:
    """Decodes single frames and compares them with what the tables say of them."""

    def __init__(self, clip: OpenClip) -> None:
        self._decoder = clip.stream.codec_context
        self._tick_s = clip.tick_s
        self._rate = 0

    def listen(self, packet: Packet[Stream] | Packet[AudioStream], ticks: int | None) -> None:
        """``ticks``: how long the packet must sound; None leaves that open."""
        try:
            frames = self._decoder.decode(packet)
        except (av.FFmpegError, ValueError) as trouble:
            raise Doubt("a part of it is damaged") from trouble
        seconds = sum(frame.samples / frame.sample_rate for frame in frames)
        if ticks is not None and abs(seconds - ticks * self._tick_s) > 0.001:
            raise Doubt("its frames are not as long as its tables say")
        for frame in frames:
            self._rate = self._rate or frame.sample_rate
            if frame.sample_rate != self._rate:
                raise Doubt("its rate changes on the way")
