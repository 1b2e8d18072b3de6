"""The shape of a sound in a few levels, kept in flat memory while the sound flows by. Plain arithmetic."""

import math
from array import array
from itertools import pairwise

LEVELS = 8
BARS = 24
_SLOTS = 4 * BARS
_STRIDE = 16
"""One sample in so many is enough to see how loud speech is."""

_FLOOR_DB = 42.0
"""Softer than the loudest bar by this much: nothing to see."""


class Waveform:
    """Loudness of mono 16-bit sound in slots that grow wider (two become one) as the sound grows longer."""

    def __init__(self, samples_per_slot: int) -> None:
        self._width = samples_per_slot
        self._sums: list[float] = []
        self._sum = 0.0
        self._filled = 0

    def add(self, samples: "array[int]") -> None:
        part = samples[::_STRIDE]
        self._sum += sum(sample * sample for sample in part) / max(len(part), 1) * len(samples)
        self._filled += len(samples)
        if self._filled >= self._width:
            self._close_slot()

    def _close_slot(self) -> None:
        self._sums.append(self._sum / self._filled)
        self._sum, self._filled = 0.0, 0
        if len(self._sums) == 2 * _SLOTS:
            self._sums = [(left + right) / 2 for left, right in zip(self._sums[::2], self._sums[1::2], strict=True)]
            self._width *= 2

    def levels(self) -> tuple[int, ...]:
        """At most 24 levels from 0 to 7, the loudest always 7; all 0 for silence, none for no sound."""
        if self._filled:
            self._close_slot()
        bars = _merged(self._sums, BARS)
        loudest = max(bars, default=0.0)
        return tuple(_level(power, loudest) for power in bars)


def _merged(slots: list[float], count: int) -> list[float]:
    count = min(count, len(slots))
    edges = [round(bar * len(slots) / count) for bar in range(count + 1)] if count else []
    return [sum(slots[left:right]) / (right - left) for left, right in pairwise(edges)]


def _level(power: float, loudest: float) -> int:
    if power <= 0:
        return 0
    db = 10 * math.log10(power / loudest)
    return max(0, round((LEVELS - 1) * (1 + db / _FLOOR_DB)))
