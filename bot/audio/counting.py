"""How long a large clip sounds, by counting its frames, looking at one in a few and decoding fewer. Worker only."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream

from bot.audio.opening import OpenClip
from bot.audio.sources import MOV_FAMILY

_RUN_UP = 4
"""The first frames of a stream may give less than they hold: the decoder is still filling."""

_PAGE_BYTES = 4096
"""Files are damaged by the page of a disk: no stretch of this size goes by without a frame of it being looked at."""

_READ_BYTES = 64 * 1024
"""One read serves the frames of sixteen pages."""

_PAGES_UNHEARD = 8
"""Of an MP4, a frame in so many pages is decoded, and besides each that does not begin like those that could be."""


class Doubt(Exception):
    """Why a clip that looks acceptable is converted all the same. Never a reason to refuse it."""


def counted_seconds(clip: OpenClip) -> float:
    """Raises Doubt where the frames are not what they should be."""
    return _by_index(clip) if clip.container in MOV_FAMILY else _by_packets(clip)


def _by_packets(clip: OpenClip) -> float:
    ticks, unheard_bytes, ear = 0, 0, _Ear(clip)
    for number, packet in enumerate(_packets(clip)):
        lasts = packet.duration or 0
        ticks += lasts
        unheard_bytes += packet.size
        if number < _RUN_UP or unheard_bytes >= _PAGE_BYTES:
            trimmed = number < _RUN_UP or packet.has_sidedata("skip_samples")
            ear.listen(packet, None if trimmed else lasts)
            unheard_bytes = 0
    return ticks * clip.tick_s


def _packets(clip: OpenClip) -> Iterator[Packet[AudioStream]]:
    try:
        yield from clip.av.demux(clip.stream)
    except av.FFmpegError as trouble:
        raise Doubt("its frames do not follow each other") from trouble


def _by_index(clip: OpenClip) -> float:
    """An MP4's table of frames says where each lies and when it sounds: most need not even be read."""
    index = clip.stream.index_entries
    if len(index) < _RUN_UP:
        raise Doubt("its table of frames is empty")
    first, last = index[0].timestamp, len(index) - 1
    ticks = index[1].timestamp - first
    step, ear = max(_PAGE_BYTES * len(index) // clip.size_bytes, 1), _Ear(clip)
    with clip.path.open("rb", buffering=_READ_BYTES) as file:
        for page, number in enumerate(range(_RUN_UP, last, step)):
            entry = index[number]
            if entry.timestamp != first + number * ticks:
                raise Doubt("its frames are of uneven length")
            file.seek(entry.pos)
            frame = file.read(entry.size)
            if page % _PAGES_UNHEARD == 0 or not ear.knows(frame):
                ear.listen(Packet(frame), ticks)
                ear.learn(frame)
    if index[last].timestamp != first + last * ticks:  # its own length is open: it may be cut to the end of the sound
        raise Doubt("its frames are of uneven length")
    run_up = -first  # FFmpeg counts what an edit list hides at the front below 0
    return (len(index) * ticks - max(run_up, 0)) * clip.tick_s


class _Ear:
    """Decodes single frames and compares them with what the tables say of them."""

    def __init__(self, clip: OpenClip) -> None:
        self._decoder = clip.decoder
        self._tick_s = clip.tick_s
        self._rate = 0
        self._beginnings: set[int] = set()

    def learn(self, frame: bytes) -> None:
        """It could be decoded. AAC and ALAC begin with the kind and number of their first element (ISO 14496-3 §4.4.2,
        seven bits), which hardly ever changes within a clip."""
        self._beginnings.add(frame[0] >> 1)

    def knows(self, frame: bytes) -> bool:
        """Whether it looks like sound: it begins as others do that could be decoded, and is no blank."""
        return bool(frame) and frame[0] >> 1 in self._beginnings and frame.count(frame[:1]) < len(frame)

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
