"""Audio for tests, made on the spot: tones that rise, fall and pause like speech, in any format FFmpeg writes.

Run as a script, it makes the sandbox's sample clip: ``python -m tests.audio.sounds bot/sandbox/sample.m4a``.
"""

import functools
import itertools
import math
import operator
import random
import sys
from array import array
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

_PERIOD = 512
_STEP = 960
_NOISE_SAMPLES = 7_919
_VOWELS = (
    (1.0, 0.9, 0.5, 0.3, 0.1),
    (1.0, 0.3, 0.1, 0.3, 0.4),
    (0.7, 1.0, 0.7, 0.1, 0.05),
    (1.0, 0.6, 0.05, 0.02, 0.2),
)


@functools.lru_cache(maxsize=8)
def speech(seconds: float, rate: int = 24_000, seed: int = 1) -> "array[int]":
    """Mono 16-bit samples, not to be changed: four syllables a second, a falling melody, pauses, noise."""
    dice = random.Random(seed)
    sound: array[int] = array("h")
    wanted = round(seconds * rate)
    while len(sound) < wanted:
        for _ in range(dice.randint(4, 9)):
            sound.extend(_syllable(dice, rate))
        sound.extend(array("h", bytes(2 * int(rate * dice.uniform(0.12, 0.3)))))
    return array("h", map(operator.add, sound[:wanted], itertools.cycle(_background_noise())))


@functools.cache
def _background_noise() -> "array[int]":
    """Soft noise, darker than white, as every microphone hears it."""
    dice, level, noise = random.Random(0), 0.0, array("h")
    for _ in range(_NOISE_SAMPLES):
        level = 0.8 * level + dice.uniform(-200, 200)
        noise.append(int(level))
    return noise


def _syllable(dice: random.Random, rate: int) -> "array[int]":
    wave, length = _vowel(dice.randrange(len(_VOWELS))), int(rate * dice.uniform(0.12, 0.28))
    pitch, fall, loud = dice.uniform(110, 190), dice.uniform(0.8, 1.05), dice.uniform(5_000, 14_000)
    sound, phase = array("h"), 0.0
    for number in range(length):
        part = number / length
        phase += pitch * (1 + (fall - 1) * part) * _PERIOD / rate
        sound.append(int(wave[int(phase) % _PERIOD] * loud * math.sin(math.pi * part) ** 0.7))
    return sound


@functools.cache
def _vowel(kind: int) -> list[float]:
    turns = [2 * math.pi * place / _PERIOD for place in range(_PERIOD)]
    shape = [sum(w * math.sin(k * turn) for k, w in enumerate(_VOWELS[kind], 1)) for turn in turns]
    peak = max(map(abs, shape))
    return [value / peak for value in shape]


def record(
    path: Path,
    container: str,
    codec: str,
    *,
    sound: "array[int] | None" = None,
    source_rate: int = 24_000,
    rate: int | None = None,
    layout: str = "mono",
    bit_rate: int | None = None,
    options: Mapping[str, str] | None = None,
    codec_options: Mapping[str, str] | None = None,
) -> Path:
    """Write mono samples (2 s of speech if none are given) with FFmpeg's muxer and encoder of these names."""
    with av.open(str(path), "w", format=container, options=dict(options or {})) as raw:
        stream = raw.add_stream(codec, rate=rate or source_rate, options=dict(codec_options or {}))
        assert isinstance(stream, AudioStream)
        stream.layout = layout
        if bit_rate:
            stream.bit_rate = bit_rate
        encode(raw, stream, sound if sound is not None else speech(2.0, source_rate), source_rate)
    return path


def encode(raw: OutputContainer, stream: AudioStream, sound: "array[int]", rate: int, *, start: int = 0) -> None:
    """Write all of one track; ``start``: at which of its samples it begins."""
    for at in range(0, len(sound), _STEP):
        part = sound[at : at + _STEP]
        frame = AudioFrame(format="s16", layout="mono", samples=len(part))
        frame.planes[0].update(part.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = rate, start + at, Fraction(1, rate)
        raw.mux(stream.encode(frame))
    raw.mux(stream.encode(None))


def record_tracks(path: Path, container: str, codecs: Sequence[str], sounds: "Sequence[array[int]]") -> Path:
    """Write several mono tracks of 24 kHz side by side."""
    with av.open(str(path), "w", format=container) as raw:
        tracks = [raw.add_stream(codec, rate=24_000, layout="mono") for codec in codecs]
        for track, sound in zip(tracks, sounds, strict=True):
            assert isinstance(track, AudioStream)
            encode(raw, track, sound, 24_000)
    return path


def record_chain(path: Path, *links: Mapping[str, Any], seconds: float = 1.0) -> Path:
    """Write one Ogg behind another; a link is what ``record`` takes, ``seconds`` of speech where it has no sound."""
    content = b""
    for link in links:
        sound = speech(seconds, link.get("source_rate", 24_000))
        content += record(path, **{"container": "ogg", "sound": sound, **link}).read_bytes()
    path.write_bytes(content)
    return path


def record_video(path: Path, container: str, video: str, audio: str | None, *, seconds: float = 2.0) -> Path:
    """A small moving picture, with speech unless ``audio`` is None."""
    with av.open(str(path), "w", format=container) as raw:
        picture = raw.add_stream(video, rate=10)
        assert isinstance(picture, VideoStream)
        picture.width, picture.height, picture.pix_fmt = 160, 120, "yuv420p"
        track = raw.add_stream(audio, rate=48_000) if audio else None
        for number in range(round(seconds * 10)):
            frame = VideoFrame(160, 120, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([16 + number * 7 % 200]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            raw.mux(picture.encode(frame))
        raw.mux(picture.encode(None))
        if isinstance(track, AudioStream):
            encode(raw, track, speech(seconds, 48_000), 48_000)
    return path


def browser_clip(path: Path, seconds: float = 3.0) -> Path:
    """What a browser's MediaRecorder leaves: WebM/Opus without a duration, its clusters of unknown size."""
    sound = speech(seconds, 48_000)
    return record(path, "webm", "libopus", sound=sound, source_rate=48_000, bit_rate=32_000, options={"live": "1"})


def sample_clip(path: Path) -> Path:
    """The clip of the demo: a few seconds as M4A, moov first."""
    sound = speech(6.5, 24_000, seed=7)
    return record(path, "ipod", "aac", sound=sound, bit_rate=40_000, options={"movflags": "+faststart"})


if __name__ == "__main__":
    made = sample_clip(Path(sys.argv[1]))
    print(f"{made}: {made.stat().st_size} bytes")
