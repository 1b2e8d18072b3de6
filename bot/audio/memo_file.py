"""The M4A that a clip is converted to: AAC, mono, 24 kHz, moov first. Worker only."""

import shutil
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from bot.audio.m4a import Track, front
from bot.audio.mono import Mono
from bot.audio.terms import MEMO_BITS, MEMO_RATE
from bot.audio.waveform import Waveform


class MemoFile:
    """AcceptedFormat frames of any kind in order and writes them as one even stream; counts what it wrote."""

    def __init__(self, frames: IO[bytes]) -> None:
        """``frames`` is where the encoded sound waits until all is known that must stand before it."""
        self._frames = frames
        self._encoder = _encoder()
        self._mono = Mono(MEMO_RATE)
        self._waveform = Waveform()
        self._samples = 0
        self._run_up: int | None = None
        self._sizes: array[int] = array("I")

    @property
    def seconds(self) -> float:
        return self._samples / MEMO_RATE

    def add(self, frame: AudioFrame) -> bool:
        """False for a frame that cannot be mixed down, which is left out."""
        try:
            mixed = list(self._mono.mix(frame))
        except av.FFmpegError:
            return False
        self._encode(mixed)
        return True

    def finish(self, target: Path) -> tuple[int, ...]:
        """Write the file; gives the waveform. Without any sound no file is written."""
        self._encode(self._mono.rest())
        if not self._samples:
            return ()
        self._store(None)
        track = Track(MEMO_RATE, bytes(self._encoder.extradata or b""), self._run_up or 0, self._samples, self._sizes)
        self._frames.seek(0)
        with target.open("wb") as file:
            file.write(front(track))
            shutil.copyfileobj(self._frames, file)
        return self._waveform.levels()

    def _encode(self, frames: Iterable[AudioFrame]) -> None:
        for frame in frames:
            self._waveform.add(frame)
            frame.pts, frame.time_base = self._samples, Fraction(1, MEMO_RATE)
            self._samples += frame.samples
            self._store(frame)

    def _store(self, frame: AudioFrame | None) -> None:
        for packet in self._encoder.encode(frame):
            if self._run_up is None:
                self._run_up = -(packet.pts or 0)
            self._sizes.append(packet.size)
            self._frames.write(bytes(packet))


def _encoder() -> AudioCodecContext:
    """FFmpeg's AAC as it comes: its search "fast" would take a third of the time, and ruins loud low tones."""
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.bit_rate, encoder.time_base = MEMO_RATE, MEMO_BITS, Fraction(1, MEMO_RATE)
    encoder.layout, encoder.format = "mono", "fltp"
    return encoder


@contextmanager
def memo_file(folder: Path) -> Iterator[MemoFile]:
    """The frames wait in a file without a name, which is gone with its process whatever happens."""
    with tempfile.TemporaryFile(dir=folder) as frames:
        yield MemoFile(frames)
