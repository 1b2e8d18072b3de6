"""The M4A that a clip is converted to: AAC, mono, 24 kHz, moov first, whatever comes in. Worker only."""

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

from bot.audio.terms import MEMO_BITS, MEMO_RATE
from bot.audio.waveform import Waveform

_SAMPLES_PER_SLOT = MEMO_RATE // 20


class MemoFile:
    """Takes frames of any kind in order and writes them as one even stream; counts what it wrote."""

    def __init__(self, raw: OutputContainer, stream: AudioStream) -> None:
        self._raw = raw
        self._stream = stream
        self._mono: AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None
        self._samples = 0
        self._waveform = Waveform(_SAMPLES_PER_SLOT)

    @property
    def seconds(self) -> float:
        return self._samples / MEMO_RATE

    def add(self, frame: AudioFrame) -> None:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:  # damaged and chained files change their mind on the way
            self._drain()
            # 16 bits on the way: swresample scales a downmix to whole numbers so that it cannot clip, not one to floats
            self._kind, self._mono = kind, AudioResampler(format="s16", layout="mono", rate=MEMO_RATE)
        assert self._mono is not None
        frame.pts = None
        self._write(self._mono.resample(frame))

    def finish(self) -> tuple[int, ...]:
        """Write what is still on its way; gives the waveform."""
        self._drain()
        self._raw.mux(self._stream.encode(None))
        return self._waveform.levels()

    def _drain(self) -> None:
        if self._mono is not None:
            self._write(self._mono.resample(None))

    def _write(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            self._waveform.add(array("h", bytes(frame.planes[0])[: frame.samples * 2]))
            frame.pts, frame.time_base = self._samples, Fraction(1, MEMO_RATE)
            self._samples += frame.samples
            self._raw.mux(self._stream.encode(frame))


@contextmanager
def memo_file(path: Path) -> Iterator[MemoFile]:
    with av.open(f"file:{path}", "w", format="ipod", options={"movflags": "+faststart"}) as raw:
        stream = raw.add_stream("aac", rate=MEMO_RATE, layout="mono")
        stream.bit_rate = MEMO_BITS
        yield MemoFile(raw, stream)
