"""Sound of any kind as mono 16-bit samples of one rate, also when a damaged file changes its mind on the way."""

from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

_FRAME_SAMPLES = 4096
"""Four of the encoder's frames: most of what follows costs by the call, not by the sample."""


class Mono:
    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._kind: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def mix(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """The sound that is complete with this frame. Raises FFmpegError for channels that nobody can mix."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind or self._resampler is None:
            yield from self.rest()
            # whole numbers, because swresample scales a mix to them so that it cannot clip, but not one to floats
            self._kind, self._resampler = kind, AudioResampler("s16", "mono", self._rate, _FRAME_SAMPLES)
        frame.pts = None
        try:
            yield from self._resampler.resample(frame)
        except av.FFmpegError:
            self._resampler = None
            raise

    def rest(self) -> Iterator[AudioFrame]:
        """What is still inside the resampler."""
        resampler, self._resampler = self._resampler, None
        if resampler is not None:
            yield from resampler.resample(None)
