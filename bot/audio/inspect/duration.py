"""How long a large file sounds: every packet is counted, and one for each page of the disk is decoded, too."""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from itertools import chain, pairwise
from typing import Any

import av
from av.audio.stream import AudioStream
from av.index import IndexEntry
from av.packet import Packet

from bot.audio.decode.amr import InvalidFrameError
from bot.audio.decode.codecs import MOV_FAMILY
from bot.audio.decode.demux import Track
from bot.audio.decode.ffmpeg_errors import raise_unless_data_error
from bot.audio.decode.frames import read_packets

_RUN_UP = 4
"""The first packets of a track may give less than they hold: the decoder is still filling."""

_PAGE_BYTES = 4096
"""Files are damaged by the page of a disk: no stretch of this size goes by without a packet of it being decoded."""

_TOLERANCE_S = 0.001


class PassthroughProblem(Exception):
    """Why a file that looks acceptable is converted all the same. Never a reason to refuse it."""


def count_seconds(track: Track) -> float:
    """Add up what the packets last. Raises PassthroughProblem where they are not what they should be."""
    with track.source.path.open("rb", buffering=0) as file:
        return _count(track, _PacketSample(track, file)) * track.tick_s


def _count(track: Track, sample: _PacketSample) -> int:
    ticks = usual = longest_at_first = undecoded_bytes = 0
    ended = False
    packets = _listed(track) if track.container in MOV_FAMILY else _demuxed(track)
    for number, (packet, lasts) in enumerate(packets):
        is_first = number < _RUN_UP
        if is_first:
            longest_at_first = max(longest_at_first, lasts)
        else:
            usual = usual or lasts
            # a table can claim any length; only the last is shorter
            if ended or lasts > usual or longest_at_first > usual:
                raise PassthroughProblem("its frames are of uneven length")
            ended = lasts < usual
        ticks += lasts
        undecoded_bytes += packet.size
        if is_first or undecoded_bytes >= _PAGE_BYTES:
            sample.check(packet, None if is_first or ended else lasts)
            undecoded_bytes = 0
    return ticks


def _listed(track: Track) -> Iterator[tuple[IndexEntry | Packet[AudioStream], int]]:
    """Yield what an MP4's tables list and its edit list does not hide, and how many ticks each lasts.

    FFmpeg would make packets of these very entries, all of them: 6 ms for a minute and a half of AAC, and this takes 1.
    Only the length of the last one stands in no index.
    """
    for entry, after in pairwise(chain(track.stream.index_entries, [None])):
        assert entry is not None, "only the last has none behind it"
        if not track.holds(entry):
            raise PassthroughProblem("its tables list frames that are not there")
        if after is None:
            yield from list(_demuxed(track, entry.timestamp))[-1:]  # a seek may land before it
        elif not entry.is_discard:
            yield entry, after.timestamp - entry.timestamp


def _demuxed(track: Track, start: int | None = None) -> Iterator[tuple[Packet[AudioStream], int]]:
    """Yield the packets as FFmpeg gives them, without the empty one at the end. ``start``: in ticks."""
    try:
        if start is not None:
            track.av.seek(start, stream=track.stream)
        for packet in read_packets(track):
            if packet.size and not packet.is_discard:
                yield packet, packet.duration or 0
    except av.FFmpegError as error:
        raise_unless_data_error(error)
        raise PassthroughProblem("its frames do not follow each other") from error


class _PacketSample:
    """Decodes single packets and compares them with what the container says of them."""

    def __init__(self, track: Track, file: FileIO) -> None:
        self._file, self._start = file, track.source.start
        self._decoder = track.decoder
        self._tick_s = track.tick_s
        self._rate = 0

    def check(self, found: IndexEntry | Packet[AudioStream], ticks: int | None) -> None:
        """Decode the packet. ``ticks``: how long it must sound; None leaves that open, as the decoder does where a
        packet is to be trimmed."""
        packet = found if isinstance(found, Packet) else self._read(found)
        if packet.has_sidedata("skip_samples"):
            ticks = None
        try:
            frames = self._decoder.decode(packet)
        except InvalidFrameError as error:
            raise PassthroughProblem("a part of it is damaged") from error
        except av.FFmpegError as error:
            raise_unless_data_error(error)
            raise PassthroughProblem("a part of it is damaged") from error
        seconds = sum(frame.samples / frame.sample_rate for frame in frames)
        if ticks is not None and abs(seconds - ticks * self._tick_s) > _TOLERANCE_S:
            raise PassthroughProblem("its frames are not as long as its tables say")
        for frame in frames:
            self._rate = self._rate or frame.sample_rate
            if frame.sample_rate != self._rate:
                raise PassthroughProblem("its rate changes on the way")

    def _read(self, entry: IndexEntry) -> Packet[Any]:
        packet: Packet[Any] = Packet(entry.size)  # one around given bytes lacks the padding that decoders read
        self._file.seek(self._start + entry.pos)
        self._file.readinto(packet)
        return packet
