"""Decode a clip and write it anew as a memo. A damaged packet costs its own sound only. Worker only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from bot.audio import refusals
from bot.audio.memo_file import MemoFile, memo_file
from bot.audio.opening import OpenClip

_MOST_BROKEN = 0.1
_FAIR_TRIAL = 20
"""Packets before a share of broken ones says anything."""


@dataclass(frozen=True)
class Written:
    seconds: float
    waveform: tuple[int, ...]


def write_memo(clip: OpenClip, target: Path, longest_s: float) -> Written:
    """The whole clip as a memo file. Refused for too little or too much sound in it."""
    with memo_file(target) as memo:
        _pour(clip, memo, longest_s)
        waveform = memo.finish()
        if not memo.seconds:
            raise refusals.silent(clip.label)
        return Written(memo.seconds, waveform)


def _pour(clip: OpenClip, memo: MemoFile, longest_s: float) -> None:
    decoding = Decoding(clip)
    for frame in decoding:
        memo.add(frame)
        if memo.seconds > longest_s:
            raise refusals.too_long(longest_s)
    decoding.judge()


class Decoding:
    """The frames of a clip, and how much of it was broken."""

    def __init__(self, clip: OpenClip) -> None:
        self._clip = clip
        self._packets = 0
        self._broken = 0

    def __iter__(self) -> Iterator[AudioFrame]:
        for packet in self._demuxed():
            yield from self._frames(packet)

    def judge(self) -> None:
        if self._broken > _MOST_BROKEN * self._packets:
            raise refusals.damaged(self._broken / self._packets)

    def _demuxed(self) -> Iterator[Packet[AudioStream]]:
        packets = self._clip.av.demux(self._clip.stream)
        while True:
            try:
                yield next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self._broken += 1
                return

    def _frames(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        self._packets += 1
        try:
            return packet.decode()
        except (av.FFmpegError, ValueError):
            self._broken += bool(packet.size)
            return []
