"""Decodes all sound of a file and encodes it as M4A."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from av.audio.frame import AudioFrame

from bot.audio import errors
from bot.audio.convert.m4a_writer import open_m4a
from bot.audio.convert.tracks import mix_tracks, open_tracks
from bot.audio.decode.codecs import label
from bot.audio.decode.demux import Track
from bot.audio.decode.frames import Damage
from bot.audio.decode.ogg import split_chain
from bot.audio.decode.source import Source
from bot.audio.inspect.locate import locate
from bot.audio.inspect.passthrough import require_whole
from bot.audio.limits import Limits
from bot.audio.results import Conversion
from bot.relay.errors import Refused
from bot.relay.model import AudioInfo

_MOST_UNREADABLE = 0.1
"""A part of a chained file that cannot be opened is left out, as a broken packet is, while it is small."""


def convert_file(path: Path, target: Path, limits: Limits) -> Conversion:
    """Write all sound of the file to ``target``, overwriting what is there.

    Raises Refused for what cannot be decoded, holds too little or too much sound, or is still too large afterwards.
    """
    source = locate(path)
    contents = _Contents(source.container)
    with open_m4a(target) as writer:
        for frame in _all_frames(split_chain(source), contents):
            writer.add(frame)
            if writer.seconds > limits.longest_s:
                raise errors.too_long(source.size_bytes, limits.size_bytes, limits.longest_s)
        waveform = writer.finish()
    if not writer.seconds:
        raise errors.no_sound(contents.label)
    size_bytes = target.stat().st_size
    if size_bytes > limits.size_bytes:
        raise errors.too_large(size_bytes, limits.size_bytes, limits.longest_s)
    info = AudioInfo(round(writer.seconds, 3), contents.label, contents.has_video, waveform)
    return Conversion(size_bytes, info)


def _all_frames(parts: Sequence[Source], contents: "_Contents") -> Iterator[AudioFrame]:
    """Yield mono frames of all parts, one after another."""
    damage, size_bytes, unreadable_bytes = Damage(), sum(part.size_bytes for part in parts), 0
    for part in parts:
        with ExitStack() as stack:
            try:
                tracks = open_tracks(part, stack)
                require_whole(tracks[0])
            except Refused:
                unreadable_bytes += part.size_bytes
                if unreadable_bytes > _MOST_UNREADABLE * size_bytes:
                    raise
                continue
            contents.add(tracks)
            yield from mix_tracks(tracks, damage)


@dataclass
class _Contents:
    """What a file turned out to hold, for the sentence that people read."""

    container: str
    has_video: bool = False
    codecs: list[str] = field(default_factory=list)
    heard: int = 0  # most tracks that sounded at once
    all_tracks: int = 0

    def add(self, tracks: Sequence[Track]) -> None:
        self.container = tracks[0].container
        self.has_video = self.has_video or tracks[0].has_video
        self.codecs += [track.codec for track in tracks]
        self.heard, self.all_tracks = max(
            (self.heard, self.all_tracks), (len(tracks), tracks[0].all_tracks), key=lambda counts: counts[1]
        )

    @property
    def label(self) -> str:
        """Names every codec, and says so where a track could not be decoded."""
        name = label(self.container, self.codecs, has_video=self.has_video)
        return name if self.heard == self.all_tracks else f"{name} ({self.heard} of {self.all_tracks} tracks)"
