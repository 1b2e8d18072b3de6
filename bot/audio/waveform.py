"""The shape of a sound in a few levels, kept in flat memory while the sound flows by."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from av.audio.frame import AudioFrame

TOP_LEVEL = 7
BARS = 24
_SLOTS = 4 * BARS
_STRIDE = 64
"""One sample in so many is enough to see how loud speech is."""

_SLOTS_A_SECOND = 20
_Type = Literal["f", "d", "h", "i"]
_TYPES: dict[str, _Type] = {"flt": "f", "dbl": "d", "s16": "h", "s32": "i"}


class Waveform:
    """Loudness in slots that grow wider (two become one) as the sound grows longer."""

    def __init__(self) -> None:
        self._width = 0
        self._slots: list[float] = []
        self._sum = 0.0
        self._filled = 0

    def add(self, frame: AudioFrame) -> None:
        """The frame's first channels speak for all; 8-bit sound is not looked at."""
        type_code = _TYPES.get(frame.format.name.removesuffix("p"))
        if type_code is None:
            return
        samples: memoryview[int] | memoryview[float] = memoryview(frame.planes[0]).cast("B").cast(type_code)
        self._width = self._width or len(samples) * frame.sample_rate // (frame.samples * _SLOTS_A_SECOND)
        at = 0
        while at < len(samples):
            end = min(at + self._width - self._filled, len(samples))
            self._add_part(samples[at:end:_STRIDE].tolist(), end - at)
            at = end

    def _add_part(self, seen: Sequence[float], count: int) -> None:
        self._sum += sum(sample * sample for sample in seen) / len(seen) * count
        self._filled += count
        if self._filled == self._width:
            self._close_slot()

    def _close_slot(self) -> None:
        self._slots.append(self._sum / self._filled)
        self._sum, self._filled = 0.0, 0
        if len(self._slots) == 2 * _SLOTS:
            self._slots = [(left + right) / 2 for left, right in zip(self._slots[::2], self._slots[1::2], strict=True)]
            self._width *= 2

    def levels(self) -> tuple[int, ...]:
        """At most 24 levels from 0 to 7, the loudest always 7; all 0 for silence, none for no sound."""
        if self._filled:
            self._close_slot()
        bars = _merged(self._slots, min(BARS, len(self._slots)))
        loudest = max(bars, default=0.0)
        return tuple(round(TOP_LEVEL * math.sqrt(power / loudest)) if power > 0 else 0 for power in bars)


def _merged(slots: list[float], count: int) -> list[float]:
    edges = [round(bar * len(slots) / count) for bar in range(count + 1)] if count else []
    return [sum(slots[left:right]) / (right - left) for left, right in pairwise(edges)]
