"""Decodes a track packet by packet, and counts how many packets were broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from bot.audio import errors
from bot.audio.decode.amr import InvalidFrameError
from bot.audio.decode.demux import Track
from bot.audio.decode.ffmpeg_errors import raise_unless_data_error

_MOST_BROKEN = 0.1
_FEW_BROKEN = 2
"""A cut at the end of a short clip breaks as much, and costs little."""

_CHECK_EVERY = 500
"""Packets before a share of broken ones ends the decoding early."""


@dataclass
class Damage:
    """How many of the packets of a file were broken; each costs its own sound only."""

    packets: int = 0
    broken: int = 0

    def require_mostly_whole(self) -> None:
        """Raises Refused when too much is broken."""
        if self.broken > max(_MOST_BROKEN * self.packets, _FEW_BROKEN):
            raise errors.damaged(self.broken / max(self.packets, 1))


def decode_frames(track: Track, damage: Damage) -> Iterator[AudioFrame]:
    """Yield every frame that can be decoded. Raises Refused when too much is broken."""
    for packet in _packets(track, damage):
        damage.packets += bool(packet.size)
        yield from _frames(track, packet, damage)
        if damage.packets % _CHECK_EVERY == 0:
            damage.require_mostly_whole()
    damage.require_mostly_whole()


def read_packets(track: Track) -> Iterator[Packet[AudioStream]]:
    """Yield the packets; the last is empty and makes the decoder give what it still holds. Raises FFmpegError."""
    try:
        yield from track.av.demux(track.stream)
    except IndexError:
        return  # so PyAV ends a file in which a track appeared after it was opened


def _packets(track: Track, damage: Damage) -> Iterator[Packet[AudioStream]]:
    try:
        yield from read_packets(track)
    except av.FFmpegError as error:
        raise_unless_data_error(error)
        damage.broken += 1


def _frames(track: Track, packet: Packet[AudioStream], damage: Damage) -> list[AudioFrame]:
    try:
        return track.decoder.decode(packet)
    except InvalidFrameError:
        damage.broken += 1
    except av.FFmpegError as error:
        raise_unless_data_error(error)
        damage.broken += bool(packet.size)
    return []
