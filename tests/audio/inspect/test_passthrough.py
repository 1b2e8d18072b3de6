"""What passes as it is: whole, playable on a phone, and as long as it says."""

import struct
from pathlib import Path

import pytest

from bot.audio.results import Inspection
from bot.relay.errors import Refused
from bot.relay.model import AudioInfo
from tests.audio.direct import convert, inspect
from tests.audio.playback import played_seconds
from tests.audio.samples import by_hand
from tests.audio.sounds import record, record_video, speech

LONG_S = 30.0
"""At 128 kbit/s more than what is decoded in full."""


def _long(path: Path, container: str, codec: str) -> Path:
    return record(path, container, codec, sound=speech(LONG_S), bit_rate=128_000)


def _info(inspection: Inspection) -> AudioInfo:
    assert inspection.info, inspection.reason
    return inspection.info


@pytest.mark.parametrize(
    ("container", "codec"),
    [("ipod", "aac"), ("ipod", "alac"), ("mp3", "libmp3lame"), ("adts", "aac"), ("wav", "pcm_s16le"), ("caf", "alac")],
)
def test_large_file_is_counted_to_the_length_that_is_played(container: str, codec: str, tmp_path: Path) -> None:
    path = _long(tmp_path / "clip", container, codec)
    assert _info(inspect(path)).duration_s == pytest.approx(played_seconds(path), abs=0.1)


@pytest.mark.parametrize("frames", range(8))
def test_padding_at_the_end_of_a_large_file_is_no_damage(frames: int, tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "mp3", "libmp3lame", sound=speech(LONG_S + frames * 0.024), bit_rate=128_000)
    assert _info(inspect(path)).duration_s == pytest.approx(played_seconds(path), abs=0.1)


def test_small_file_shows_its_waveform(tmp_path: Path) -> None:
    assert max(_info(inspect(record(tmp_path / "clip", "ipod", "aac"))).waveform) == 7


def test_wrong_length_in_the_header_is_corrected_by_converting(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "mp3", "libmp3lame", sound=speech(20.0))
    frames = path.read_bytes()
    path.write_bytes(frames[: len(frames) // 20])
    assert inspect(path).reason.startswith("its header states 20.0 s")
    assert convert(path).info.duration_s == pytest.approx(1.0, abs=0.1)


def test_length_claimed_for_a_single_frame_is_not_believed(tmp_path: Path) -> None:
    """The table of frame lengths (stts) and the header agree on an hour; the sound lasts half a minute."""
    path = _long(tmp_path / "clip", "ipod", "aac")
    content = bytearray(path.read_bytes())
    table = content.index(b"stts") + 8
    (entries,) = struct.unpack_from(">I", content, table)
    last = table + 4 + 8 * (entries - 1)
    (ticks,) = struct.unpack_from(">I", content, last + 4)
    for box, at in ((b"mdhd", 20), (b"stts", 0)):
        place = content.index(box) + at if at else last + 4
        struct.pack_into(">I", content, place, 3_600 * 24_000 if at else ticks + 3_600 * 24_000)
    path.write_bytes(content)
    assert inspect(path).info is None
    assert convert(path).info.duration_s == pytest.approx(LONG_S, abs=0.1)


def _damage(path: Path, start: int, length: int) -> None:
    content = bytearray(path.read_bytes())
    content[start : start + length] = b"\x5a" * length
    path.write_bytes(content)


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("ipod", "alac"), ("mp3", "libmp3lame")])
def test_damage_far_inside_a_large_file_is_found(container: str, codec: str, tmp_path: Path) -> None:
    path = _long(tmp_path / "clip", container, codec)
    _damage(path, path.stat().st_size // 2, 8_000)
    assert inspect(path).info is None


def test_damaged_adts_is_as_long_as_what_players_find_in_it(tmp_path: Path) -> None:
    """Its frames are searched for again behind the damage: what lies in between was never sound."""
    path = _long(tmp_path / "clip", "adts", "aac")
    _damage(path, path.stat().st_size // 2, 8_000)
    made = convert(path)
    assert made.info.duration_s == pytest.approx(played_seconds(made.path), abs=0.1)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_wav_with_an_unfinished_header_is_converted(size: int, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    content = bytearray(by_hand.wav(speech(1.0, 8_000).tobytes()))
    content[40:44] = struct.pack("<I", size)
    path.write_bytes(content)
    made = convert(path)
    assert made.info.converted_from == "WAV/PCM"
    assert made.info.duration_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("ipod", "aac", {"movflags": "+faststart"}),
        ("wav", "pcm_s16le", {}),
        ("aiff", "pcm_s16be", {}),
        ("caf", "pcm_s16le", {}),
    ],
)
def test_file_cut_short_is_refused(container: str, codec: str, options: dict[str, str], tmp_path: Path) -> None:
    path = record(tmp_path / "clip", container, codec, options=options)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(Refused, match=r"is cut short: 6\d% of its sound is there\. Let it finish uploading"):
        convert(path)


def test_m4a_without_its_index_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "ipod", "aac")
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(Refused, match="begins like M4A but cannot be read"):
        convert(path)


def test_video_is_converted_and_says_so(tmp_path: Path) -> None:
    made = convert(record_video(tmp_path / "clip", "mp4", "libx264", "aac"))
    assert (made.info.converted_from, made.info.is_sound_of_video) == ("MP4 video", True)


def _odd_beginnings(folder: Path) -> dict[str, bytes]:
    """Files that phones play and Linq, which looks at the first bytes, takes for something else."""
    bare = {"id3v2_version": "0", "write_xing": "0"}
    mp3 = record(folder / "mp3", "mp3", "libmp3lame", bit_rate=64_000, options=bare).read_bytes()
    aac = record(folder / "adts", "adts", "aac").read_bytes()
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)
    return {
        "MP3 cut within a frame": mp3[50:],
        "zeros and an MP3": bytes(100) + mp3,
        "MP3 as a radio station sends it": b"ICY 200 OK\r\nicy-name:x\r\n\r\n" + mp3,
        "AAC cut within a frame": aac[200:],
        "segment of a stream": tag + aac,
        "MP3 behind a broken tag": tag.replace(b"\x04", b"\x84") + mp3,
    }


@pytest.mark.parametrize(
    "name",
    [
        "MP3 cut within a frame",
        "zeros and an MP3",
        "MP3 as a radio station sends it",
        "AAC cut within a frame",
        "segment of a stream",
        "MP3 behind a broken tag",
    ],
)
def test_what_does_not_begin_with_its_sound_is_converted(name: str, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(_odd_beginnings(tmp_path)[name])
    made = convert(path)
    assert (made.content_type, made.info.converted_from != "") == ("audio/x-m4a", True)
    assert made.info.duration_s == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("too_many", [1, 8, 36, 44])
def test_wav_whose_header_counts_itself_as_sound_is_converted(too_many: int, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    content = bytearray(by_hand.wav(speech(2.0, 8_000).tobytes()))
    content[40:44] = struct.pack("<I", len(content) - 44 + too_many)
    path.write_bytes(content)
    made = convert(path)
    assert made.info.converted_from == "WAV/PCM"
    assert made.info.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("aiff", "pcm_s16be"), ("caf", "pcm_s16le")])
def test_file_that_lacks_a_few_samples_is_converted(container: str, codec: str, tmp_path: Path) -> None:
    path = record(tmp_path / "clip", container, codec)
    path.write_bytes(path.read_bytes()[:-6])
    assert convert(path).info.duration_s == pytest.approx(2.0, abs=0.05)


def test_long_file_that_lacks_a_word_is_refused(tmp_path: Path) -> None:
    """However small the share is."""
    path = record(tmp_path / "clip", "wav", "pcm_s16le", sound=speech(60.0, 8_000), source_rate=8_000)
    path.write_bytes(path.read_bytes()[:-4_000])
    with pytest.raises(Refused, match=r"is cut short: 99% of its sound is there"):
        convert(path)
