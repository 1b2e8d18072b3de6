"""How long a large file sounds: every packet is counted, and one for each page of the disk is decoded, too."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.audio.stream import AudioStream
from av.packet import Packet

from bot.audio.decode.amr import InvalidFrameError
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
    ticks = usual = longest_at_first = undecoded_bytes = 0
    sample, ended = _PacketSample(track), False
    for number, packet in enumerate(_packets(track)):
        lasts, is_first = packet.duration or 0, number < _RUN_UP
        if is_first:
            longest_at_first = max(longest_at_first, lasts)
        else:
            usual = usual or lasts
            if ended or max(lasts, longest_at_first) > usual:  # a table can claim any length; only the last is shorter
                raise PassthroughProblem("its frames are of uneven length")
            ended = lasts < usual
        ticks += lasts
        undecoded_bytes += packet.size
        if is_first or undecoded_bytes >= _PAGE_BYTES:
            is_trimmed = is_first or ended or packet.has_sidedata("skip_samples")
            sample.check(packet, None if is_trimmed else lasts)
            undecoded_bytes = 0
    return ticks * track.tick_s


def _packets(track: Track) -> Iterator[Packet[AudioStream]]:
    """Yield what is played: not what an edit list hides, nor the empty packet at the end."""
    try:
        for packet in read_packets(track):
            if packet.size and not packet.is_discard:
                yield packet
    except av.FFmpegError as error:
        raise_unless_data_error(error)
        raise PassthroughProblem("its frames do not follow each other") from error


class _PacketSample:
    """Decodes single packets and compares them with what the container says of them."""

    def __init__(self, track: Track) -> None:
        self._decoder = track.decoder
        self._tick_s = track.tick_s
        self._rate = 0

    def check(self, packet: Packet[AudioStream], ticks: int | None) -> None:
        """Decode the packet. ``ticks``: how long it must sound; None leaves that open."""
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
