"""Chained Ogg: several recordings one after another in one file, each free to bring a codec of its own (RFC 3533 §4).

FFmpeg plays such a file to the end only where every link has the codec of the first. So each link is opened by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import BinaryIO

from bot.audio.decode.source import Source

_PAGE_HEADER_BYTES = 27
_BEGINS_STREAM = re.compile(rb"OggS\x00[\x02\x06]")
"""The page that begins a logical stream: version 0, and the flag 2 (RFC 3533 §6)."""

_READ_BYTES = 1024 * 1024


def split_chain(source: Source) -> list[Source]:
    """Return one source for each link, in order. What is no chained Ogg is returned as it is."""
    if source.container != "ogg":
        return [source]
    with source.path.open("rb") as file:
        starts = list(_link_starts(file, source))
    edges = [source.start, *starts[1:], source.end]
    return [replace(source, start=start, end=end) for start, end in pairwise(edges)]


def _link_starts(file: BinaryIO, source: Source) -> Iterator[int]:
    """Yield where each link begins. Streams that play side by side begin with adjacent pages: they are one link."""
    behind_last = -1
    for start in _first_pages(file, source):
        if start != behind_last:
            yield start
        behind_last = start + _page_bytes(file, start)


def _first_pages(file: BinaryIO, source: Source) -> Iterator[int]:
    """Yield the offset of every page that begins a stream."""
    at, kept = source.start, b""
    while at < source.end:
        file.seek(at)
        read = file.read(min(_READ_BYTES, source.end - at))
        if not read:
            return
        for match in _BEGINS_STREAM.finditer(kept + read):
            yield at - len(kept) + match.start()
        at += len(read)
        kept = read[-5:]  # one byte less than the pattern: what it began here is found with the next bytes


def _page_bytes(file: BinaryIO, start: int) -> int:
    file.seek(start)
    header = file.read(_PAGE_HEADER_BYTES)
    segments = file.read(header[-1]) if len(header) == _PAGE_HEADER_BYTES else b""
    return len(header) + len(segments) + sum(segments)
