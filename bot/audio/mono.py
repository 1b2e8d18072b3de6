"""Sound of any kind as mono 16-bit samples of one rate, also when a damaged file changes its mind on the way."""

from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

_FRAME_SAMPLES = 4096
"""Four of the encoder's frames: most of what follows costs by the call, not by the sample."""

_WORDS = {1: "B", 2: "h", 4: "i", 8: "q"}


class Mono:
    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._kind: tuple[str, str, int] | None = None
        self._can_mix = True
        self._resampler: AudioResampler | None = None

    def mix(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """The sound that is complete with this frame. Raises FFmpegError for what cannot be resampled."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind or self._resampler is None:
            yield from self.rest()
            self._kind, self._can_mix = kind, _can_mix(frame)
            # whole numbers, because swresample scales a mix to them so that it cannot clip, but not one to floats
            self._resampler = AudioResampler("s16", "mono", self._rate, _FRAME_SAMPLES)
        frame.pts = None
        try:
            yield from self._resampler.resample(frame if self._can_mix else _plain(frame))
        except av.FFmpegError:
            self._resampler = None
            raise

    def rest(self) -> Iterator[AudioFrame]:
        """What is still inside the resampler."""
        resampler, self._resampler = self._resampler, None
        if resampler is not None:
            yield from resampler.resample(None)


def _can_mix(frame: AudioFrame) -> bool:
    """swresample mixes no ambisonics, no pair of speakers that is not in front, and no crowd without a name."""
    try:
        trial = AudioFrame("s16", frame.layout.name, 1)
        trial.sample_rate = frame.sample_rate
        AudioResampler("s16", "mono").resample(trial)
    except (av.FFmpegError, ValueError):
        return False
    return True


def _plain(frame: AudioFrame) -> AudioFrame:
    """Two channels as stereo; of more the first, which of ambisonics is the sound from everywhere."""
    count = frame.layout.nb_channels
    plain = AudioFrame(frame.format.name, "stereo" if count == 2 else "mono", frame.samples)
    plain.sample_rate = frame.sample_rate
    step = 1 if count == 2 or frame.format.is_planar else count
    for target, source in zip(plain.planes, frame.planes, strict=False):
        words = memoryview(source).cast("B").cast(_WORDS[frame.format.bytes])  # type: ignore[call-overload]  # a code of the table
        target.update(words[::step].tobytes()[: target.buffer_size])
    return plain
