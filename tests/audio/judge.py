"""How long a file sounds to somebody who just plays it: an ear of its own, sharing nothing with the bot's."""

from pathlib import Path

import av


def heard_seconds(path: Path) -> float:
    """Seconds of sound that come out of a decoder; damaged packets are skipped, as players do."""
    seconds = 0.0
    with av.open(str(path), metadata_errors="ignore") as raw:
        for packet in raw.demux(raw.streams.audio[0]):
            try:
                seconds += sum(frame.samples / frame.sample_rate for frame in packet.decode())
            except av.FFmpegError:
                continue
    return seconds
