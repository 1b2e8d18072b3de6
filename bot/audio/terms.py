"""The terms under which a clip becomes a memo: what Linq takes, and how much work one file may cause. Plain values."""

from dataclasses import dataclass

MEMO_RATE = 24_000
"""Samples a second of a converted memo: twice the band of the best telephone, half the work of 48 kHz."""

MEMO_BITS = 48_000
"""Bits a second asked of the encoder, two for each sample: speech and tones stay 20 dB and more above the error."""

_MOST_BITS = 54_000
"""Lively sound takes up to an eighth more than asked."""


@dataclass(frozen=True)
class Limits:
    """``size_bytes``: the largest file that Linq takes. ``look_s``: for telling what a file is; ``wall_s``, and
    ``wall_s_per_mib`` for each MiB of the file, for converting it. ``memory_bytes``: what one worker may use on top of
    what it needs to be there."""

    size_bytes: int = 100 * 1024 * 1024
    look_s: float = 15.0
    wall_s: float = 60.0
    wall_s_per_mib: float = 10.0
    memory_bytes: int = 192 * 1024 * 1024

    @property
    def longest_s(self) -> float:
        """Seconds of sound that surely fit into a converted memo. No clip is decoded any further."""
        return self.size_bytes * 8 / _MOST_BITS

    def patience_s(self, size_bytes: int) -> float:
        return self.wall_s + self.wall_s_per_mib * size_bytes / 2**20
