"""How much work one file may cause, and what a converted copy is made of. Plain values."""

from dataclasses import dataclass

OUTPUT_RATE = 24_000
"""Samples a second of a converted copy: twice the bandwidth of the best telephone, half the work of 48 kHz."""

OUTPUT_BIT_RATE = 48_000
"""Bits a second asked of the encoder, two for each sample: speech and tones stay 20 dB and more above the error."""

_HIGHEST_BIT_RATE = 54_000
"""Lively sound takes up to an eighth more than asked."""


@dataclass(frozen=True)
class Limits:
    """``size_bytes``: the largest file that may go out. ``inspect_s``: for telling what a file is; ``convert_s``, and
    ``convert_s_per_mib`` for each MiB of the file, for converting it. ``memory_bytes``: what one worker process may use
    on top of what it needs to start."""

    size_bytes: int = 100 * 1024 * 1024
    inspect_s: float = 15.0
    convert_s: float = 60.0
    convert_s_per_mib: float = 10.0
    memory_bytes: int = 192 * 1024 * 1024

    @property
    def longest_s(self) -> float:
        """Seconds of sound that surely fit into a converted copy. No file is decoded any further."""
        return self.size_bytes * 8 / _HIGHEST_BIT_RATE

    def convert_timeout_s(self, size_bytes: int) -> float:
        return self.convert_s + self.convert_s_per_mib * size_bytes / 2**20
