"""The frames of a clip as they come out of the decoder, and how much of it was broken. Worker only."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from bot.audio import refusals
from bot.audio.opening import OpenClip

_MOST_BROKEN = 0.1
_FEW_BROKEN = 2
"""A cut at the end of a short clip breaks as much, and costs little."""

_FAIR_TRIAL = 500
"""Packets before a share of broken ones ends the decoding early."""


class Decoding:
    """Iterate for the frames. A damaged packet costs its own sound only."""

    def __init__(self, clip: OpenClip) -> None:
        self._clip = clip
        self._packets = 0
        self.broken = 0

    def __iter__(self) -> Iterator[AudioFrame]:
        for packet in self._demuxed():
            yield from self._frames(packet)
            if self._packets % _FAIR_TRIAL == 0:
                self.judge()
        self.judge()

    def judge(self) -> None:
        """Refused when too much is broken."""
        if self.broken > max(_MOST_BROKEN * self._packets, _FEW_BROKEN):
            raise refusals.damaged(self.broken / max(self._packets, 1))

    def _demuxed(self) -> Iterator[Packet[AudioStream]]:
        try:
            yield from self._clip.av.demux(self._clip.stream)
        except av.FFmpegError:
            self.broken += 1

    def _frames(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        self._packets += bool(packet.size)
        try:
            return self._clip.decoder.decode(packet)
        except (av.FFmpegError, ValueError):
            self.broken += bool(packet.size)
            return []
