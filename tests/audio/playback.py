"""How long a file sounds to somebody who just plays it: a decoder of its own, sharing nothing with the bot's."""

from array import array
from pathlib import Path

import av


def played_seconds(path: Path) -> float:
    """Seconds of sound that come out of a decoder; damaged packets are skipped, as players do."""
    seconds = 0.0
    with av.open(str(path), metadata_errors="ignore") as raw:
        for packet in raw.demux(raw.streams.audio[0]):
            try:
                seconds += sum(frame.samples / frame.sample_rate for frame in packet.decode())
            except av.FFmpegError:
                continue
    return seconds


def played_samples(path: Path, rate: int = 24_000) -> "array[int]":
    """The sound as mono 16-bit samples."""
    samples: array[int] = array("h")
    mixer = av.AudioResampler(format="s16", layout="mono", rate=rate)
    with av.open(str(path)) as raw:
        for frame in [*raw.decode(audio=0), None]:
            for part in mixer.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: part.samples * 2])
    return samples


def loudness(samples: "array[int]") -> float:
    """Root mean square."""
    return float((sum(sample * sample for sample in samples) / max(len(samples), 1)) ** 0.5)
