import struct
from pathlib import Path

import pytest

from bot.audio.listening import Conversion
from bot.relay.errors import Refused
from bot.relay.ports import AudioFile
from tests.audio import by_hand
from tests.audio.direct import fitted, look
from tests.audio.judge import heard_seconds
from tests.audio.sounds import record, record_video, speech

LONG_S = 18.0
"""At 128 kbit/s more than what is listened to in full."""


def _long(path: Path, container: str, codec: str) -> Path:
    return record(path, container, codec, sound=speech(LONG_S), bit_rate=128_000)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("ipod", "aac"), ("ipod", "alac"), ("mp3", "libmp3lame"), ("adts", "aac"), ("wav", "pcm_s16le")],
)
def test_a_large_clip_is_counted_to_the_same_length_as_a_decoder_hears(
    container: str, codec: str, tmp_path: Path
) -> None:
    path = _long(tmp_path / "clip", container, codec)
    looked = look(path)
    assert isinstance(looked, AudioFile)
    assert looked.info.duration_s == pytest.approx(heard_seconds(path), abs=0.1)


@pytest.mark.parametrize("frames", range(8))
def test_padding_at_the_end_of_a_large_clip_raises_no_doubt(frames: int, tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "mp3", "libmp3lame", sound=speech(LONG_S + frames * 0.024), bit_rate=128_000)
    looked = look(path)
    assert isinstance(looked, AudioFile)
    assert looked.info.duration_s == pytest.approx(heard_seconds(path), abs=0.1)


def test_a_small_clip_shows_its_shape(tmp_path: Path) -> None:
    looked = look(record(tmp_path / "clip", "ipod", "aac"))
    assert isinstance(looked, AudioFile)
    assert max(looked.info.waveform) == 7


def test_a_header_that_lies_about_the_length_is_put_right_by_converting(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "mp3", "libmp3lame", sound=speech(20.0))
    frames = path.read_bytes()
    path.write_bytes(frames[: len(frames) // 20])
    looked = look(path)
    assert isinstance(looked, Conversion)
    assert looked.why.startswith("its header states 20.0 s")
    assert fitted(path).info.duration_s == pytest.approx(1.0, abs=0.1)


def _damage(path: Path, start: int, length: int) -> None:
    content = bytearray(path.read_bytes())
    content[start : start + length] = b"\x5a" * length
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("container", "codec"), [("ipod", "aac"), ("ipod", "alac"), ("mp3", "libmp3lame"), ("adts", "aac")]
)
def test_damage_far_inside_a_large_clip_is_found(container: str, codec: str, tmp_path: Path) -> None:
    path = _long(tmp_path / "clip", container, codec)
    _damage(path, path.stat().st_size // 2, 8_000)
    assert isinstance(look(path), Conversion)


def test_a_clip_with_a_cover_picture_is_sound_not_video(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "flac", "flac")
    assert not fitted(path).info.is_sound_of_video


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_whose_recorder_never_came_back_to_its_header_is_finished_for_it(size: int, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    content = bytearray(by_hand.wav(speech(1.0, 8_000).tobytes()))
    content[40:44] = struct.pack("<I", size)
    path.write_bytes(content)
    fit = fitted(path)
    assert fit.info.converted_from == "WAV/PCM"
    assert fit.info.duration_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("ipod", "aac", {"movflags": "+faststart"}),
        ("wav", "pcm_s16le", {}),
        ("aiff", "pcm_s16be", {}),
        ("caf", "pcm_s16le", {}),
    ],
)
def test_a_clip_cut_short_is_refused(container: str, codec: str, options: dict[str, str], tmp_path: Path) -> None:
    path = record(tmp_path / "clip", container, codec, options=options)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(Refused, match=r"is cut short: 6\d% of its sound is there\. Let it finish uploading"):
        fitted(path)


def test_an_m4a_that_lost_its_table_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "ipod", "aac")
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(Refused, match="begins like M4A but cannot be read"):
        fitted(path)


def test_a_video_keeps_only_its_sound_and_says_so(tmp_path: Path) -> None:
    fit = fitted(record_video(tmp_path / "clip", "mp4", "libx264", "aac"))
    assert (fit.info.converted_from, fit.info.is_sound_of_video) == ("MP4 video", True)


def _refused_by_linq(folder: Path, name: str) -> bytes:
    """Files that phones play and Linq, which looks at the first bytes, takes for something else."""
    mp3 = record(
        folder / "mp3", "mp3", "libmp3lame", bit_rate=64_000, options={"id3v2_version": "0", "write_xing": "0"}
    ).read_bytes()
    aac = record(folder / "adts", "adts", "aac").read_bytes()
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)
    return {
        "an MP3 cut within a frame": mp3[50:],
        "zeros and an MP3": bytes(100) + mp3,
        "an MP3 as a radio station sends it": b"ICY 200 OK\r\nicy-name:x\r\n\r\n" + mp3,
        "an AAC cut within a frame": aac[200:],
        "a segment of a stream": tag + aac,
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "an MP3 cut within a frame",
        "zeros and an MP3",
        "an MP3 as a radio station sends it",
        "an AAC cut within a frame",
        "a segment of a stream",
    ],
)
def test_what_does_not_begin_with_its_sound_is_converted(name: str, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(_refused_by_linq(tmp_path, name))
    fit = fitted(path)
    assert (fit.content_type, fit.info.converted_from != "") == ("audio/x-m4a", True)
    assert fit.info.duration_s == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("too_many", [1, 8, 36, 44])
def test_a_wav_whose_header_counts_itself_as_sound_is_converted(too_many: int, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    content = bytearray(by_hand.wav(speech(2.0, 8_000).tobytes()))
    content[40:44] = struct.pack("<I", len(content) - 44 + too_many)
    path.write_bytes(content)
    fit = fitted(path)
    assert fit.info.converted_from == "WAV/PCM"
    assert fit.info.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("aiff", "pcm_s16be"), ("caf", "pcm_s16le")])
def test_a_clip_that_lacks_a_few_samples_is_converted(container: str, codec: str, tmp_path: Path) -> None:
    path = record(tmp_path / "clip", container, codec)
    path.write_bytes(path.read_bytes()[:-6])
    assert fitted(path).info.duration_s == pytest.approx(2.0, abs=0.05)


def test_a_long_clip_that_lacks_a_word_is_refused_however_small_the_share(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "wav", "pcm_s16le", sound=speech(60.0, 8_000), source_rate=8_000)
    path.write_bytes(path.read_bytes()[:-4_000])
    with pytest.raises(Refused, match=r"is cut short: 99% of its sound is there"):
        fitted(path)
