"""Where a chunked file says that its sound ends, against where it does: WAV, AIFF, CAF and MP4 read as plain boxes."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MOST_CHUNKS = 4096
_UNFINISHED = 0x7FFF_0000
"""Recorders that cannot go back write a size near 2 or 4 GiB, or none."""

_TO_THE_END = -1
"""A CAF may say so of its last chunk, and be complete."""

_SHAPES = {"wav": ("<4sI", 12, 2), "aiff": (">4sI", 12, 2), "caf": (">4sq", 8, 1)}
_BOX = struct.Struct(">I4s")
_SOUND_CHUNKS = (b"data", b"SSND")


@dataclass(frozen=True)
class SoundChunk:
    """``stated_bytes`` is None when the header was left unfinished."""

    stated_bytes: int | None
    present_bytes: int

    @property
    def present_share(self) -> float:
        return min(1.0, self.present_bytes / self.stated_bytes) if self.stated_bytes else 1.0

    @property
    def missing_bytes(self) -> int:
        return max((self.stated_bytes or 0) - self.present_bytes, 0)


def sound_chunk(path: Path, container: str) -> SoundChunk | None:
    """The chunk that holds the samples; None for containers without one, or when it cannot be found."""
    shape = _SHAPES.get(container)
    if shape is None:
        return None
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        for name, start, stated in _chunks(file, size_bytes, *shape):
            if name in _SOUND_CHUNKS:
                return SoundChunk(_finished(container, stated), size_bytes - start)
    return None


def _finished(container: str, stated: int) -> int | None:
    if container == "caf" and stated == _TO_THE_END:
        return 0
    return stated if 0 < stated < _UNFINISHED else None


def _chunks(file: BinaryIO, size_bytes: int, layout: str, start: int, align: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, offset of the content, stated size) of each chunk, as long as they follow each other."""
    at, header = start, struct.calcsize(layout)
    for _ in range(_MOST_CHUNKS):
        if at + header > size_bytes:
            return
        file.seek(at)
        raw = file.read(header)
        name, stated = struct.unpack(layout, raw)
        yield name, at + header, stated
        at += header + max(stated, 0) + stated % align


def boxes(path: Path) -> set[bytes]:
    """The names of an MP4's outermost boxes (ISO 14496-12 §4.2)."""
    names: set[bytes] = set()
    at, size_bytes = 0, path.stat().st_size
    with path.open("rb") as file:
        while at + _BOX.size <= size_bytes and len(names) < _MOST_CHUNKS:
            file.seek(at)
            size, name = _BOX.unpack(file.read(_BOX.size))
            names.add(name)
            if size == 1:
                size = int.from_bytes(file.read(8), "big")
            if size < _BOX.size:  # 0: to the end of the file
                break
            at += size
    return names
