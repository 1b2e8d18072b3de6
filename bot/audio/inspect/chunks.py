"""Where a chunked file says that its sound ends, against where it does: WAV, AIFF, CAF and MP4 read as plain boxes."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from bot.audio.decode.source import Source

_MOST_CHUNKS = 4096
_UNFINISHED = 0x7FFF_0000
"""Recorders that cannot go back write a size near 2 or 4 GiB, or none."""

_TO_THE_END = -1
"""A CAF may say so of its last chunk, and be complete."""

_LAYOUTS = {"wav": ("<4sI", 12, 2), "aiff": (">4sI", 12, 2), "caf": (">4sq", 8, 1)}
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


def find_sound_chunk(source: Source) -> SoundChunk | None:
    """The chunk that holds the samples; None for containers without one, or when it cannot be found."""
    layout = _LAYOUTS.get(source.container)
    if layout is None:
        return None
    with source.path.open("rb") as file:
        for name, start, stated in _chunks(file, source, *layout):
            if name in _SOUND_CHUNKS:
                return SoundChunk(_finished(source.container, stated), source.end - start)
    return None


def _finished(container: str, stated: int) -> int | None:
    if container == "caf" and stated == _TO_THE_END:
        return 0
    return stated if 0 < stated < _UNFINISHED else None


def _chunks(file: BinaryIO, source: Source, layout: str, first: int, align: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, offset of the content, stated size) of each chunk, as long as they follow each other."""
    at, header = source.start + first, struct.calcsize(layout)
    for _ in range(_MOST_CHUNKS):
        if at + header > source.end:
            return
        file.seek(at)
        name, stated = struct.unpack(layout, file.read(header))
        yield name, at + header, stated
        at += header + max(stated, 0) + stated % align


def box_names(source: Source) -> set[bytes]:
    """The names of an MP4's outermost boxes (ISO 14496-12 §4.2)."""
    names: set[bytes] = set()
    at = source.start
    with source.path.open("rb") as file:
        while at + _BOX.size <= source.end and len(names) < _MOST_CHUNKS:
            file.seek(at)
            size, name = _BOX.unpack(file.read(_BOX.size))
            names.add(name)
            if size == 1:
                size = int.from_bytes(file.read(8), "big")
            if size < _BOX.size:  # 0: to the end of the file
                break
            at += size
    return names
