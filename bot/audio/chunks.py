"""Where a chunked file says that its sound ends, against where it does: WAV, AIFF, CAF and MP4 read as plain boxes."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MOST_CHUNKS = 4096
_UNFINISHED = 0x7FFF_0000
"""Recorders that cannot go back write a size near 2 or 4 GiB, or none."""

_SHAPES = {"wav": ("<4sI", 12, 2), "aiff": (">4sI", 12, 2), "caf": (">4sq", 8, 1)}
_SOUND_CHUNKS = (b"data", b"SSND")


@dataclass(frozen=True)
class SoundChunk:
    """``stated_bytes`` is None when the header was left unfinished."""

    stated_bytes: int | None
    present_bytes: int

    @property
    def present_share(self) -> float:
        return min(1.0, self.present_bytes / self.stated_bytes) if self.stated_bytes else 1.0


def sound_chunk(path: Path, container: str) -> SoundChunk | None:
    """The chunk that holds the samples; None for containers without one, or when it cannot be found."""
    shape = _SHAPES.get(container)
    if shape is None:
        return None
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        for name, start, stated in _chunks(file, *shape):
            if name in _SOUND_CHUNKS:
                unfinished = stated <= 0 or stated >= _UNFINISHED
                return SoundChunk(None if unfinished else stated, size_bytes - start)
    return None


def _chunks(file: BinaryIO, layout: str, start: int, align: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, offset of the content, stated size) of each chunk, as long as they follow each other."""
    at, header = start, struct.calcsize(layout)
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        raw = file.read(header)
        if len(raw) < header:
            return
        name, stated = struct.unpack(layout, raw)
        yield name, at + header, stated
        at += header + max(stated, 0) + stated % align


def boxes(path: Path) -> set[bytes]:
    """The names of an MP4's outermost boxes (ISO 14496-12 §4.2)."""
    names: set[bytes] = set()
    with path.open("rb") as file:
        at = 0
        for _ in range(_MOST_CHUNKS):
            file.seek(at)
            raw = file.read(16)
            if len(raw) < 8:
                break
            size, name = struct.unpack(">I4s", raw[:8])
            names.add(name)
            if size == 1 and len(raw) == 16:
                (size,) = struct.unpack(">Q", raw[8:])
            if size < 8 or at + size > 2**62:
                break
            at += size
    return names
