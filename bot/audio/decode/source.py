"""Where in a file the sound lies that FFmpeg is to open."""

from dataclasses import dataclass
from pathlib import Path

PROTOCOLS = "file,subfile"
"""FFmpeg may open nothing else: no address, no list of other files."""


@dataclass(frozen=True)
class Source:
    """The bytes from ``start`` up to ``end`` of a file: one container, by the sniffer's name."""

    path: Path
    container: str
    start: int
    end: int

    @property
    def size_bytes(self) -> int:
        return self.end - self.start

    @property
    def url(self) -> str:
        """FFmpeg's name for these bytes. "file:" keeps a colon in a folder's name from being read as a protocol."""
        whole = f"file:{self.path}"
        if self.start == 0 and self.end == self.path.stat().st_size:
            return whole
        return f"subfile,,start,{self.start},end,{self.end},,:{whole}"
