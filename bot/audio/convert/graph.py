"""A small filter graph of FFmpeg's that ends in mono 16-bit samples of one rate."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import av
from av.audio.frame import AudioFrame
from av.filter import Graph

_FRAME_SAMPLES = 4096
"""Four of the encoder's frames: most of what follows costs by the call, not by the sample."""

Options = Mapping[str, str]


class MonoGraph:
    """Frames go in at one of the inputs, and out come frames of ``rate``.

    The output is whole numbers, because swresample scales a mix to them so that it cannot clip, but not one to floats.
    """

    def __init__(self, rate: int, inputs: Sequence[Options], *filters: tuple[str, Options]) -> None:
        """``inputs``: what each source of frames gives, as ``abuffer`` wants to know it; ``filters`` in their order.

        Raises FFmpegError where FFmpeg cannot lead such frames through.
        """
        self._graph = Graph()
        self._graph.threads = 1  # else one for each core, whose stacks alone would fill a worker's address space
        target = {"sample_rates": str(rate), "sample_fmts": "s16", "channel_layouts": "mono"}
        chain = [self._graph.add(name, **options) for name, options in (*filters, ("aformat", target))]
        chain.append(self._graph.add("abuffersink"))
        for number, given in enumerate(inputs):
            self._graph.add("abuffer", **given).link_to(chain[0], 0, number)
        for before, behind in pairwise(chain):
            before.link_to(behind)
        self._graph.configure()
        self._graph.set_audio_frame_size(_FRAME_SAMPLES)

    def push(self, frame: AudioFrame | None, number: int = 0) -> Iterator[AudioFrame]:
        """Hand a frame to one of the inputs (None ends it); gives what is complete by then."""
        self._graph.push(frame, at=number)
        while True:
            try:
                made = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(made, AudioFrame)
            yield made
