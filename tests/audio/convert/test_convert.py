"""Whatever sound a file holds becomes one even M4A of the same length."""

import math
import struct
from array import array
from pathlib import Path

import av
import pytest

from bot.audio import Limits
from bot.relay.errors import Refused
from tests.audio.direct import convert
from tests.audio.playback import loudness, played_samples, played_seconds
from tests.audio.samples import by_hand
from tests.audio.sounds import browser_clip, record, speech


def test_copy_states_the_length_it_has(tmp_path: Path) -> None:
    made = convert(browser_clip(tmp_path / "clip.webm", seconds=2.34))
    with av.open(str(made.path)) as raw:
        assert raw.duration is not None
        assert raw.duration / av.time_base == pytest.approx(2.34, abs=0.05)
    assert made.info.duration_s == pytest.approx(2.34, abs=0.02)


def test_loud_stereo_does_not_clip_when_mixed_down(tmp_path: Path) -> None:
    loud = array("h", [round(30_000 * math.sin(number // 2 / 30)) for number in range(48_000)])
    path = tmp_path / "clip.wav"
    path.write_bytes(by_hand.wav(loud.tobytes(), code=1, channels=2, rate=24_000, block=4))
    made = convert(path, Limits(size_bytes=50_000))
    middle = played_samples(made.path)[6_000:18_000]
    assert math.sqrt(2) * loudness(middle) == pytest.approx(30_000, rel=0.03)


@pytest.mark.parametrize("rate", [1_000, 4_000, 11_025, 96_000, 384_000])
def test_any_rate_is_resampled(rate: int, tmp_path: Path) -> None:
    path = record(tmp_path / "clip.au", "au", "pcm_s16be", sound=speech(1.0, rate), source_rate=rate)
    assert convert(path).info.duration_s == pytest.approx(1.0, abs=0.05)


def test_single_sample_is_converted(tmp_path: Path) -> None:
    made = convert(record(tmp_path / "clip.flac", "flac", "flac", sound=array("h", [1_000])))
    assert played_seconds(made.path) == pytest.approx(made.info.duration_s, abs=0.1)


def test_waveform_of_the_copy_shows_where_it_is_loud(tmp_path: Path) -> None:
    quiet = array("h", bytes(2 * 24_000))
    made = convert(record(tmp_path / "clip.flac", "flac", "flac", sound=quiet + speech(1.0) + quiet))
    levels = made.info.waveform
    assert len(levels) == 24
    assert max(levels) == 7
    assert max(levels[:7] + levels[17:]) == 0


def test_rate_that_changes_on_the_way_makes_one_even_copy(tmp_path: Path) -> None:
    slow = record(tmp_path / "slow", "adts", "aac", sound=speech(1.0, 16_000), source_rate=16_000)
    fast = record(tmp_path / "fast", "adts", "aac", sound=speech(1.0, 48_000), source_rate=48_000)
    path = tmp_path / "clip"
    path.write_bytes(slow.read_bytes() + fast.read_bytes())
    made = convert(path)
    assert made.info.duration_s == pytest.approx(2.0, abs=0.2)
    assert played_seconds(made.path) == pytest.approx(made.info.duration_s, abs=0.1)


def test_file_too_large_to_send_is_converted_to_a_smaller_one(tmp_path: Path) -> None:
    path = record(tmp_path / "clip.wav", "wav", "pcm_s16le", sound=speech(4.0))
    made = convert(path, Limits(size_bytes=100_000))
    assert (made.info.converted_from, made.content_type) == ("WAV/PCM", "audio/x-m4a")
    assert made.size_bytes < 100_000


def test_recording_too_long_to_send_is_refused_with_the_limits(tmp_path: Path) -> None:
    path = record(tmp_path / "clip.flac", "flac", "flac", sound=speech(70.0, 8_000), source_rate=8_000)
    with pytest.raises(
        Refused,
        match=r"^The recording \(.* MiB\) is longer than 0:59, .* fits into the 0\.4 MiB that can be sent\. Drop",
    ):
        convert(path, Limits(size_bytes=400_000))


def test_gsm_and_speex_are_decoded_to_their_length(tmp_path: Path) -> None:
    for number, content in enumerate((by_hand.gsm_wav(1.0), by_hand.speex(1.0))):
        path = tmp_path / str(number)
        path.write_bytes(content)
        assert convert(path).info.duration_s == pytest.approx(1.0, abs=0.05)


def _on_every_channel(sound: "array[int]", channels: int) -> bytes:
    return array("h", [sample for sample in sound for _ in range(channels)]).tobytes()


@pytest.mark.parametrize("channels", [9, 32, 200])
def test_first_of_channels_that_cannot_be_mixed_is_heard(channels: int, tmp_path: Path) -> None:
    first = array("h", _on_every_channel(speech(1.0, 8_000), channels))
    first[1::channels] = array("h", bytes(2 * 8_000))
    path = tmp_path / "clip"
    path.write_bytes(by_hand.wav(first.tobytes(), channels=channels, block=2 * channels))
    made = convert(path)
    assert made.info.duration_s == pytest.approx(1.0, abs=0.05)
    assert max(map(abs, played_samples(made.path))) == pytest.approx(max(speech(1.0, 8_000)), rel=0.1)


@pytest.mark.parametrize("speakers", [0x600, 0x30])
def test_pair_of_speakers_not_in_front_is_stereo(speakers: int, tmp_path: Path) -> None:
    """WAVE_FORMAT_EXTENSIBLE says where each channel's speaker stands."""
    left = array("h", _on_every_channel(speech(1.0), 2))
    left[1::2] = array("h", bytes(2 * 24_000))
    where = struct.pack("<HHI", 22, 16, speakers) + bytes.fromhex("0100000000001000800000aa00389b71")
    path = tmp_path / "clip"
    path.write_bytes(by_hand.wav(left.tobytes(), code=0xFFFE, channels=2, rate=24_000, block=4, extra=where))
    made = convert(path, Limits(size_bytes=50_000))
    assert made.info.duration_s == pytest.approx(1.0, abs=0.05)
    assert max(map(abs, played_samples(made.path))) == pytest.approx(max(speech(1.0)) / 2, rel=0.1)


def test_sound_from_everywhere_of_ambisonics_is_heard(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "ogg", "libopus", layout="4.0", rate=48_000, codec_options={"mapping_family": "2"})
    assert convert(path).info.duration_s == pytest.approx(2.0, abs=0.05)
