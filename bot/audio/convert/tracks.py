"""All sound of a file as one mono stream: its tracks are mixed, so that none is lost and no silent one wins."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction

import av
from av.audio.frame import AudioFrame

from bot.audio.convert.downmix import Downmix
from bot.audio.convert.graph import MonoGraph
from bot.audio.decode.demux import Track, open_track
from bot.audio.decode.ffmpeg_errors import raise_unless_data_error
from bot.audio.decode.frames import Damage, decode_frames
from bot.audio.decode.source import Source
from bot.audio.limits import OUTPUT_RATE

_MOST_TRACKS = 16
_SILENT_SAMPLES = 4096
_MIX = ("amix", {"normalize": "0"})
_LIMIT = ("alimiter", {"limit": "0.97", "level": "0", "latency": "1"})
"""Plain addition keeps a voice beside a silent track as loud as it was; where two tracks are loud at once, the limiter
rounds the peaks instead of clipping them."""


def open_tracks(source: Source, stack: ExitStack) -> list[Track]:
    """Open every track that can be decoded, at least one, each with a demuxer of its own: so they are read side by side
    in little memory, however the file interleaves them. Raises Refused where there is none."""
    first = stack.enter_context(open_track(source))
    others = range(1, min(first.track_count, _MOST_TRACKS))
    return [first, *(stack.enter_context(open_track(source, number)) for number in others)]


def mix_tracks(tracks: Sequence[Track], damage: Damage) -> Iterator[AudioFrame]:
    """Yield mono frames of OUTPUT_RATE. Raises Refused when too much of the tracks is broken."""
    streams = [_mono_frames(track, damage) for track in tracks]
    yield from streams[0] if len(streams) == 1 else _mix(streams)


def _mono_frames(track: Track, damage: Damage) -> Iterator[AudioFrame]:
    yield from _silence(track.lead_s)
    downmix = Downmix(OUTPUT_RATE)
    for frame in decode_frames(track, damage):
        try:
            yield from downmix.mix(frame)
        except av.FFmpegError as error:
            raise_unless_data_error(error)
            damage.broken += 1
    yield from downmix.flush()
    damage.require_mostly_whole()


def _silence(seconds: float) -> Iterator[AudioFrame]:
    left = round(seconds * OUTPUT_RATE)
    while left > 0:
        frame = AudioFrame("s16", "mono", min(left, _SILENT_SAMPLES))
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate = OUTPUT_RATE
        yield frame
        left -= frame.samples


def _mix(streams: Sequence[Iterator[AudioFrame]]) -> Iterator[AudioFrame]:
    """Yield the sum of the streams, as long as the longest. The stream that is furthest behind always gives next."""
    given = {"sample_rate": str(OUTPUT_RATE), "sample_fmt": "s16", "channel_layout": "mono"}
    name, options = _MIX
    graph = MonoGraph(OUTPUT_RATE, [given] * len(streams), (name, {**options, "inputs": str(len(streams))}), _LIMIT)
    samples = dict.fromkeys(range(len(streams)), 0)
    while samples:
        number = min(samples, key=samples.__getitem__)
        frame = next(streams[number], None)
        if frame is None:
            del samples[number]
        else:
            frame.pts, frame.time_base = samples[number], Fraction(1, OUTPUT_RATE)
            samples[number] += frame.samples
        yield from graph.push(frame, number)
