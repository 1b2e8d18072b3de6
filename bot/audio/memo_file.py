"""The M4A that a clip is converted to: AAC, mono, 24 kHz, moov first. Worker only."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer

from bot.audio.mono import Mono
from bot.audio.terms import MEMO_BITS, MEMO_RATE
from bot.audio.waveform import Waveform

_SEARCH = "fast"
"""FFmpeg's own choice ("twoloop") takes three times as long for speech at this bit rate and comes no nearer to the
source: 20 dB against 24 (mean segmental signal-to-noise ratio, FFmpeg 8)."""


class MemoFile:
    """Takes frames of any kind in order and writes them as one even stream; counts what it wrote."""

    def __init__(self, raw: OutputContainer, stream: AudioStream) -> None:
        self._raw = raw
        self._stream = stream
        self._mono = Mono(MEMO_RATE)
        self._samples = 0
        self._waveform = Waveform()

    @property
    def seconds(self) -> float:
        return self._samples / MEMO_RATE

    def add(self, frame: AudioFrame) -> bool:
        """False for a frame that cannot be mixed down, which is left out."""
        try:
            mixed = list(self._mono.mix(frame))
        except av.FFmpegError:
            return False
        self._write(mixed)
        return True

    def finish(self) -> tuple[int, ...]:
        """Write what is still on its way; gives the waveform."""
        self._write(self._mono.rest())
        self._raw.mux(self._stream.encode(None))
        return self._waveform.levels()

    def _write(self, frames: Iterable[AudioFrame]) -> None:
        for frame in frames:
            self._waveform.add(frame)
            frame.pts, frame.time_base = self._samples, Fraction(1, MEMO_RATE)
            self._samples += frame.samples
            self._raw.mux(self._stream.encode(frame))


@contextmanager
def memo_file(path: Path) -> Iterator[MemoFile]:
    with av.open(f"file:{path}", "w", format="ipod", options={"movflags": "+faststart"}) as raw:
        stream = raw.add_stream("aac", rate=MEMO_RATE, layout="mono", options={"aac_coder": _SEARCH})
        stream.bit_rate = MEMO_BITS
        yield MemoFile(raw, stream)
