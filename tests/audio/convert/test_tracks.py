"""Several sound tracks are mixed: nothing that was said is lost, and no silent track wins."""

import math
from array import array
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream

from tests.audio.direct import convert, inspect
from tests.audio.playback import loudness, played_samples
from tests.audio.sounds import encode, record_tracks, speech

RATE = 24_000


def _tone(hertz: int, seconds: float = 2.0, height: int = 8_000) -> "array[int]":
    return array("h", (round(height * math.sin(n * 2 * math.pi * hertz / RATE)) for n in range(round(seconds * RATE))))


def _silence(seconds: float = 2.0) -> "array[int]":
    return array("h", bytes(2 * round(seconds * RATE)))


def _record_tracks(path: Path, container: str, codec: str, *sounds: "array[int]") -> Path:
    return record_tracks(path, container, [codec] * len(sounds), sounds)


def _strength(samples: "array[int]", hertz: int) -> float:
    """How loud a tone of this frequency is in the samples, as its height (Goertzel)."""
    turn = 2 * math.pi * hertz / RATE
    real = sum(sample * math.cos(turn * n) for n, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(turn * n) for n, sample in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples)


@pytest.mark.parametrize(
    ("container", "codec"), [("ipod", "aac"), ("mov", "pcm_s16le"), ("matroska", "flac"), ("mpegts", "aac")]
)
def test_every_track_is_heard_at_its_own_loudness(container: str, codec: str, tmp_path: Path) -> None:
    made = convert(_record_tracks(tmp_path / "clip", container, codec, _silence(), _tone(440), _tone(1_000)))
    assert made.info.duration_s == pytest.approx(2.0, abs=0.1)
    middle = played_samples(made.path)[12_000:36_000]
    assert _strength(middle, 440) == pytest.approx(8_000, rel=0.1)
    assert _strength(middle, 1_000) == pytest.approx(8_000, rel=0.1)


def test_silent_first_track_does_not_win(tmp_path: Path) -> None:
    made = convert(_record_tracks(tmp_path / "clip", "ipod", "aac", _silence(), speech(2.0)))
    assert max(made.info.waveform) == 7
    assert loudness(played_samples(made.path)) == pytest.approx(loudness(speech(2.0)), rel=0.15)


def test_two_tracks_never_pass_as_they_are(tmp_path: Path) -> None:
    looked = inspect(_record_tracks(tmp_path / "clip", "ipod", "aac", speech(2.0), speech(2.0)))
    assert (looked.info, looked.reason) == (None, "phones play only one of its sound tracks")


def test_mix_is_as_long_as_the_longest_track(tmp_path: Path) -> None:
    made = convert(_record_tracks(tmp_path / "clip", "mov", "pcm_s16le", _tone(440, 1.0), _tone(1_000, 3.0)))
    assert made.info.duration_s == pytest.approx(3.0, abs=0.05)
    end = played_samples(made.path)[50_000:70_000]
    assert _strength(end, 1_000) == pytest.approx(8_000, rel=0.1)
    assert _strength(end, 440) < 200


def test_tracks_loud_at_once_are_limited_not_clipped(tmp_path: Path) -> None:
    loud = _tone(440, height=30_000)
    made = convert(_record_tracks(tmp_path / "clip", "mov", "pcm_s16le", loud, loud))
    middle = played_samples(made.path)[12_000:36_000]
    assert _strength(middle, 440) == pytest.approx(31_700, rel=0.05)
    assert _strength(middle, 3 * 440) < 600


def test_track_that_begins_later_stays_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    with av.open(str(path), "w", format="matroska") as raw:
        tracks = [raw.add_stream("flac", rate=RATE, layout="mono") for _ in range(2)]
        for track, sound, start in zip(tracks, (_tone(440, 3.0), _tone(1_000, 1.0)), (0, 2 * RATE), strict=True):
            assert isinstance(track, AudioStream)
            encode(raw, track, sound, RATE, start=start)
    made = convert(path)
    samples = played_samples(made.path)
    assert made.info.duration_s == pytest.approx(3.0, abs=0.05)
    assert _strength(samples[: 2 * RATE - 2_000], 1_000) < 200
    assert _strength(samples[2 * RATE + 2_000 : 3 * RATE - 2_000], 1_000) == pytest.approx(8_000, rel=0.1)


def test_track_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    path = _record_tracks(tmp_path / "clip", "matroska", "flac", speech(2.0), speech(2.0))
    content = path.read_bytes()
    at = content.rindex(b"A_FLAC")
    path.write_bytes(content[:at] + b"A_WHAT" + content[at + 6 :])
    assert convert(path).info.converted_from == "Matroska/FLAC (1 of 2 tracks)"


def test_most_tracks_are_bounded_and_the_rest_named(tmp_path: Path) -> None:
    made = convert(_record_tracks(tmp_path / "clip", "matroska", "flac", *[_tone(440, 0.2, 500)] * 20))
    assert made.info.converted_from == "Matroska/FLAC (16 of 20 tracks)"
