import math
import struct
from array import array
from pathlib import Path

import av
import pytest

from bot.audio import Limits
from bot.relay.errors import Refused
from tests.audio import by_hand
from tests.audio.direct import fitted
from tests.audio.judge import heard_seconds
from tests.audio.sounds import browser_clip, record, speech


def _boxes(path: Path) -> list[bytes]:
    content, at, names = path.read_bytes(), 0, []
    while at < len(content):
        names.append(content[at + 4 : at + 8])
        at += int.from_bytes(content[at : at + 4], "big")
    return names


def test_a_memo_is_mono_aac_with_its_table_first(tmp_path: Path) -> None:
    fit = fitted(browser_clip(tmp_path / "clip.webm"))
    names = _boxes(fit.path)
    assert names.index(b"moov") < names.index(b"mdat")
    with av.open(str(fit.path)) as raw:
        stream = raw.streams.audio[0]
        assert (stream.codec_context.codec.canonical_name, stream.codec_context.layout.name) == ("aac", "mono")
        assert stream.codec_context.sample_rate == 24_000


def test_a_memo_states_the_length_it_has(tmp_path: Path) -> None:
    fit = fitted(browser_clip(tmp_path / "clip.webm", seconds=2.34))
    with av.open(str(fit.path)) as raw:
        assert raw.duration is not None
        assert raw.duration / av.time_base == pytest.approx(2.34, abs=0.05)
    assert fit.info.duration_s == pytest.approx(2.34, abs=0.02)


def test_the_encoders_run_up_does_not_delay_the_sound(tmp_path: Path) -> None:
    silence = array("h", bytes(2 * 24_000))
    burst = speech(0.5)
    fit = fitted(record(tmp_path / "clip.flac", "flac", "flac", sound=silence + burst + silence))
    loud = [number for number, sample in enumerate(_samples(fit.path)) if abs(sample) > 500]
    assert loud[0] / 24_000 == pytest.approx(1.0, abs=0.03)
    assert loud[-1] / 24_000 == pytest.approx(1.5, abs=0.03)


def _samples(path: Path) -> "array[int]":
    samples: array[int] = array("h")
    mixer = av.AudioResampler(format="s16", layout="mono", rate=24_000)
    with av.open(str(path)) as raw:
        for frame in raw.decode(audio=0):
            for part in mixer.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: part.samples * 2])
    return samples


def test_loud_stereo_does_not_clip_when_mixed_down(tmp_path: Path) -> None:
    loud = array("h", [round(30_000 * math.sin(number // 2 / 30)) for number in range(48_000)])
    path = tmp_path / "clip.wav"
    path.write_bytes(by_hand.wav(loud.tobytes(), code=1, channels=2, rate=24_000, block=4))
    fit = fitted(path, Limits(size_bytes=50_000))
    middle = _samples(fit.path)[6_000:18_000]
    assert math.sqrt(2 * sum(sample * sample for sample in middle) / len(middle)) == pytest.approx(30_000, rel=0.03)


@pytest.mark.parametrize("rate", [1_000, 4_000, 11_025, 96_000, 384_000])
def test_odd_rates_are_resampled(rate: int, tmp_path: Path) -> None:
    path = tmp_path / "clip.au"
    fit = fitted(record(path, "au", "pcm_s16be", sound=speech(1.0, rate), source_rate=rate))
    assert fit.info.duration_s == pytest.approx(1.0, abs=0.05)


def test_a_single_sample_makes_a_memo(tmp_path: Path) -> None:
    fit = fitted(record(tmp_path / "clip.flac", "flac", "flac", sound=array("h", [1_000])))
    assert heard_seconds(fit.path) == pytest.approx(fit.info.duration_s, abs=0.1)


def test_a_memo_tells_its_shape(tmp_path: Path) -> None:
    quiet = array("h", bytes(2 * 24_000))
    fit = fitted(record(tmp_path / "clip.flac", "flac", "flac", sound=quiet + speech(1.0) + quiet))
    shape = fit.info.waveform
    assert len(shape) == 24
    assert max(shape) == 7
    assert max(shape[:7] + shape[17:]) == 0


def test_sound_that_changes_its_rate_on_the_way_is_one_even_memo(tmp_path: Path) -> None:
    slow = record(tmp_path / "slow", "adts", "aac", sound=speech(1.0, 16_000), source_rate=16_000)
    fast = record(tmp_path / "fast", "adts", "aac", sound=speech(1.0, 48_000), source_rate=48_000)
    path = tmp_path / "clip"
    path.write_bytes(slow.read_bytes() + fast.read_bytes())
    fit = fitted(path)
    assert fit.info.duration_s == pytest.approx(2.0, abs=0.2)
    assert heard_seconds(fit.path) == pytest.approx(fit.info.duration_s, abs=0.1)


def test_a_wav_too_large_for_linq_goes_out_as_a_smaller_memo(tmp_path: Path) -> None:
    path = record(tmp_path / "clip.wav", "wav", "pcm_s16le", sound=speech(4.0))
    fit = fitted(path, Limits(size_bytes=100_000))
    assert (fit.info.converted_from, fit.content_type) == ("WAV/PCM", "audio/x-m4a")
    assert fit.size_bytes < 100_000


def test_a_clip_too_long_for_linq_is_refused_with_both_sizes_and_how_long_it_may_be(tmp_path: Path) -> None:
    path = record(tmp_path / "clip.flac", "flac", "flac", sound=speech(70.0, 8_000), source_rate=8_000)
    with pytest.raises(
        Refused, match=r"The clip \(.* MiB\) sounds longer than 0:59, .* fits into the 0.4 MiB that Linq"
    ):
        fitted(path, Limits(size_bytes=400_000))


def test_gsm_and_speex_decode_to_their_length(tmp_path: Path) -> None:
    for number, content in enumerate((by_hand.gsm_wav(1.0), by_hand.speex(1.0))):
        path = tmp_path / str(number)
        path.write_bytes(content)
        assert fitted(path).info.duration_s == pytest.approx(1.0, abs=0.05)


def _everywhere(sound: "array[int]", channels: int) -> bytes:
    return array("h", [sample for sample in sound for _ in range(channels)]).tobytes()


@pytest.mark.parametrize("channels", [9, 32, 200])
def test_of_channels_that_nobody_can_mix_the_first_is_heard(channels: int, tmp_path: Path) -> None:
    first = array("h", _everywhere(speech(1.0, 8_000), channels))
    first[1::channels] = array("h", bytes(2 * 8_000))
    path = tmp_path / "clip"
    path.write_bytes(by_hand.wav(first.tobytes(), channels=channels, block=2 * channels))
    fit = fitted(path)
    assert fit.info.duration_s == pytest.approx(1.0, abs=0.05)
    assert max(map(abs, _samples(fit.path))) == pytest.approx(max(speech(1.0, 8_000)), rel=0.1)


@pytest.mark.parametrize("speakers", [0x600, 0x30])
def test_a_pair_that_is_not_in_front_is_stereo(speakers: int, tmp_path: Path) -> None:
    """WAVE_FORMAT_EXTENSIBLE says where each channel's speaker stands."""
    left = array("h", _everywhere(speech(1.0), 2))
    left[1::2] = array("h", bytes(2 * 24_000))
    where = struct.pack("<HHI", 22, 16, speakers) + bytes.fromhex("0100000000001000800000aa00389b71")
    path = tmp_path / "clip"
    path.write_bytes(by_hand.wav(left.tobytes(), code=0xFFFE, channels=2, rate=24_000, block=4, extra=where))
    fit = fitted(path, Limits(size_bytes=50_000))
    assert fit.info.duration_s == pytest.approx(1.0, abs=0.05)
    assert max(map(abs, _samples(fit.path))) == pytest.approx(max(speech(1.0)) / 2, rel=0.1)


def test_of_ambisonics_the_sound_from_everywhere_is_heard(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "ogg", "libopus", layout="4.0", rate=48_000, codec_options={"mapping_family": "2"})
    assert fitted(path).info.duration_s == pytest.approx(2.0, abs=0.05)
