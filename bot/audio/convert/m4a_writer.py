"""The M4A that a file is converted to: AAC, mono, 24 kHz, its index in front."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer

from bot.audio.inspect.waveform import Waveform
from bot.audio.limits import OUTPUT_BIT_RATE, OUTPUT_RATE

_OPTIONS = {
    "movflags": "+faststart",  # a player knows all before it has read much
    "movie_timescale": str(OUTPUT_RATE),  # the default of 1000 would round the length to milliseconds
}


class M4aWriter:
    """Takes mono 16-bit frames of OUTPUT_RATE in order; counts what it wrote."""

    def __init__(self, container: OutputContainer) -> None:
        self._container = container
        self._stream = _add_encoder(container)
        self._waveform = Waveform()
        self._samples = 0

    @property
    def seconds(self) -> float:
        return self._samples / OUTPUT_RATE

    def add(self, frame: AudioFrame) -> None:
        self._waveform.add(frame)
        frame.pts, frame.time_base = self._samples, Fraction(1, OUTPUT_RATE)
        self._samples += frame.samples
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> tuple[int, ...]:
        """Write what the encoder still holds; gives the waveform. Without any sound no file is written."""
        if self._samples:
            self._container.mux(self._stream.encode(None))
        return self._waveform.levels()


@contextmanager
def open_m4a(target: Path) -> Iterator[M4aWriter]:
    """The file is complete when the block has ended. FFmpeg keeps 6 MiB of index for each hour until then."""
    with av.open(f"file:{target}", "w", format="ipod", options=_OPTIONS) as container:
        yield M4aWriter(container)


def _add_encoder(container: OutputContainer) -> AudioStream:
    """FFmpeg's AAC as it comes: its search "fast" would take a third of the time, and ruins loud low tones."""
    stream = container.add_stream("aac", rate=OUTPUT_RATE, layout="mono", format="fltp", bit_rate=OUTPUT_BIT_RATE)
    assert isinstance(stream, AudioStream)
    return stream
