"""The loudness of a sound over its length, in a few levels."""

import math
from array import array
from itertools import pairwise
from typing import Literal

from av.audio.frame import AudioFrame

TOP_LEVEL = 7
BARS = 24
_SLOTS_A_SECOND = 20
"""One float for each: 310,000 of them, 2.5 MiB, for the longest recording that is decoded."""

_STRIDE = 64
"""One sample in so many is enough to see how loud speech is."""

_LOUDEST = 2.0**63
"""More than the square of the largest 32-bit sample: damaged floats may be anything, infinite or no number."""

_SampleType = Literal["f", "d", "h", "i"]
_SAMPLE_TYPES: dict[str, _SampleType] = {"flt": "f", "dbl": "d", "s16": "h", "s32": "i"}


class Waveform:
    """Takes frames in order and keeps the mean power of each twentieth of a second."""

    def __init__(self) -> None:
        self._powers = array("d")
        self._sum = 0.0
        self._count = 0
        self._width = 0  # samples in a slot; they interleave the channels where the frame does

    def add(self, frame: AudioFrame) -> None:
        """The first plane speaks for all; 8-bit sound is not looked at."""
        sample_type = _SAMPLE_TYPES.get(frame.format.name.removesuffix("p"))
        if sample_type is None or not frame.samples:
            return
        samples = memoryview(frame.planes[0]).cast("B").cast(sample_type)
        self._width = self._width or max(len(samples) * frame.sample_rate // (frame.samples * _SLOTS_A_SECOND), 1)
        at = 0
        while at < len(samples):
            end = min(at + self._width - self._count, len(samples))
            seen = samples[at:end:_STRIDE].tolist()
            self._sum += sum(sample * sample for sample in seen) / len(seen) * (end - at)
            self._count += end - at
            if self._count == self._width:
                self._close_slot()
            at = end

    def levels(self) -> tuple[int, ...]:
        """At most 24 levels from 0 to 7, the loudest always 7; all 0 for silence, none for no sound."""
        if self._count:
            self._close_slot()
        bars = min(BARS, len(self._powers))
        edges = [round(bar * len(self._powers) / bars) for bar in range(bars + 1)] if bars else []
        powers = [sum(self._powers[left:right]) / (right - left) for left, right in pairwise(edges)]
        loudest = max(powers, default=0.0)
        return tuple(round(TOP_LEVEL * math.sqrt(power / loudest)) if power > 0 else 0 for power in powers)

    def _close_slot(self) -> None:
        power = self._sum / self._count
        self._powers.append(power if power < _LOUDEST else 0.0)  # what is no number is not less
        self._sum, self._count = 0.0, 0
