"""Mixes sound of any format down to mono 16-bit samples of one rate, also where the format changes midway."""

from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame

from bot.audio.convert.graph import MonoGraph

_WORDS = {1: "B", 2: "h", 4: "i", 8: "q"}


class Downmix:
    """Takes the frames of one track in order."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._kind: tuple[str, str, int] | None = None
        self._can_mix = True
        self._graph: MonoGraph | None = None

    def mix(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """The sound that is complete with this frame. Raises FFmpegError for what cannot be resampled."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind or self._graph is None:
            yield from self.flush()
            self._kind, self._graph = kind, self._new_graph(frame)
        frame.pts = None
        try:
            yield from self._graph.push(frame if self._can_mix else _plain(frame))
        except av.FFmpegError:
            self._graph = None
            raise

    def flush(self) -> Iterator[AudioFrame]:
        """What is still inside the resampler."""
        graph, self._graph = self._graph, None
        if graph is not None:
            yield from graph.push(None)

    def _new_graph(self, frame: AudioFrame) -> MonoGraph:
        """swresample cannot mix ambisonics, two speakers that are not in front, or many channels without a layout."""
        try:
            self._can_mix = True
            return MonoGraph(self._rate, [_input(frame)])
        except (av.FFmpegError, ValueError):
            self._can_mix = False
            return MonoGraph(self._rate, [_input(_plain(frame))])


def _input(frame: AudioFrame) -> dict[str, str]:
    return {
        "sample_rate": str(frame.sample_rate),
        "sample_fmt": frame.format.name,
        "channel_layout": frame.layout.name,
    }


def _plain(frame: AudioFrame) -> AudioFrame:
    """Two channels as stereo; of more the first, which in ambisonics is the omnidirectional one."""
    count = frame.layout.nb_channels
    plain = AudioFrame(frame.format.name, "stereo" if count == 2 else "mono", frame.samples)
    plain.sample_rate = frame.sample_rate
    step = 1 if count == 2 or frame.format.is_planar else count
    for target, source in zip(plain.planes, frame.planes, strict=False):
        words = memoryview(source).cast("B").cast(_WORDS[frame.format.bytes])  # type: ignore[call-overload]  # a code of the table
        target.update(words[::step].tobytes()[: target.buffer_size])
    return plain
