"""The terms under which a clip becomes a memo: what Linq takes, and how much work one file may cause. Plain values."""

from dataclasses import dataclass

MEMO_RATE = 24_000
"""Samples a second of a converted memo: twice the band of the best telephone, half the work of 48 kHz."""

MEMO_BITS = 48_000
"""Bits a second of a converted memo: two for each sample, where FFmpeg's AAC leaves speech free of artefacts."""


@dataclass(frozen=True)
class Takes:
    """One container that Linq takes, and what a phone plays in it. ``extensions``: the first is the usual one."""

    content_type: str
    extensions: tuple[str, ...]
    codecs: frozenset[str]


@dataclass(frozen=True)
class Limits:
    """``wall_s_per_mib`` is what a file may take for each MiB of its own, on top of ``wall_s``.

    ``memory_bytes`` is address space that one worker may add to what it needs for itself.
    """

    size_bytes: int = 100 * 1024 * 1024
    sound_s: float = 4 * 3600.0
    wall_s: float = 30.0
    wall_s_per_mib: float = 8.0
    memory_bytes: int = 192 * 1024 * 1024

    @property
    def longest_s(self) -> float:
        """Seconds of sound that fit into a converted memo."""
        return min(self.sound_s, self.size_bytes * 8 / MEMO_BITS)

    def patience_s(self, size_bytes: int) -> float:
        return self.wall_s + self.wall_s_per_mib * size_bytes / 2**20
