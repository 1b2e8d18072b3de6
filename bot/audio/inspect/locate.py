"""Where in a file its sound begins, and in which container: like ``sniff``, with the whole file at hand."""

from pathlib import Path
from typing import BinaryIO

from bot.audio.decode.source import Source
from bot.audio.inspect.sniff import SNIFF_BYTES, TAG_HEAD_BYTES, find_container, tag_length

_MOST_TAGS = 100
_TELLS_NOTHING = ("", "text", "unknown")
"""What the sniffer makes of the padding behind a tag. Hardly anything but an MP3 has such a tag."""


def locate(path: Path) -> Source:
    """The container "" means an empty file; one that is not in ``relay.media.formats`` is no audio."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        start = _skip_tags(file)
        file.seek(start)
        container, offset = find_container(file.read(SNIFF_BYTES))
    if start and container in _TELLS_NOTHING:
        container, offset = "mp3", 0
    return Source(path, container, start + offset, size_bytes)


def _skip_tags(file: BinaryIO) -> int:
    """The length of the tags at the front, each of any length."""
    start = 0
    for _ in range(_MOST_TAGS):
        file.seek(start)
        length = tag_length(file.read(TAG_HEAD_BYTES))
        if not length:
            break
        start += length
    return start
