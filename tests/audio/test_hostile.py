"""Files that want to break, fill or fool the bot are refused with a reason."""

import random
import struct
from array import array
from pathlib import Path

import pytest

from bot.audio import Limits
from bot.relay.errors import Refused
from tests.audio.direct import convert
from tests.audio.samples import by_hand
from tests.audio.sounds import record, speech

ADVICE = r"(Record|Save|Drop|Let) .*\.$"


def _assert_refused(content: bytes, folder: Path, cause: str) -> None:
    path = folder / "clip.bin"
    path.write_bytes(content)
    with pytest.raises(Refused, match=f"{cause}.* {ADVICE}"):
        convert(path)


def _recorded(folder: Path, container: str, codec: str, **how: object) -> bytes:
    return record(folder / "made", container, codec, **how).read_bytes()  # type: ignore[arg-type]


def test_empty_file_is_refused(tmp_path: Path) -> None:
    _assert_refused(b"", tmp_path, r"The file is empty \(0 bytes\)")


@pytest.mark.parametrize("size", [1, 10, 1_000, 100_000])
def test_garbage_is_refused(size: int, tmp_path: Path) -> None:
    _assert_refused(random.Random(size).randbytes(size), tmp_path, "The file ")


def test_playlist_that_names_other_files_is_text(tmp_path: Path) -> None:
    _assert_refused(b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", tmp_path, "The file holds text, not sound")
    _assert_refused(b"ffconcat version 1.0\nfile /etc/hostname\n", tmp_path, "The file holds text, not sound")


@pytest.mark.parametrize("tag", [b"drms", b"enca"])
def test_protected_m4a_is_refused(tag: bytes, tmp_path: Path) -> None:
    content = _recorded(tmp_path, "ipod", "aac")
    assert content.count(b"mp4a") == 1
    _assert_refused(content.replace(b"mp4a", tag), tmp_path, r"copy-protected \(DRM\)")


@pytest.mark.parametrize("front", [b"", b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)])
def test_protected_wma_is_refused(front: bytes, tmp_path: Path) -> None:
    codec_list = bytes.fromhex("4052d1861d31d011a3a400a0c90348f6")
    encryption = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    content = _recorded(tmp_path, "asf", "wmav2", rate=44_100, bit_rate=64_000)
    assert codec_list in content
    _assert_refused(front + content.replace(codec_list, encryption), tmp_path, r"copy-protected \(DRM\)")


def test_no_channels_are_refused(tmp_path: Path) -> None:
    _assert_refused(by_hand.wav(bytes(8_000), channels=0), tmp_path, "The")


def test_more_channels_than_anybody_has_are_refused(tmp_path: Path) -> None:
    _assert_refused(by_hand.wav(bytes(1_000 * 800), channels=1_000, block=2_000), tmp_path, "The")


@pytest.mark.parametrize("rate", [1, 999, 4_000_000, 0x7FFFFFFF])
def test_rate_that_no_recorder_has_is_refused(rate: int, tmp_path: Path) -> None:
    _assert_refused(by_hand.wav(bytes(8_000), rate=rate), tmp_path, "samples a second, which no recorder makes")


def test_rate_of_zero_is_refused(tmp_path: Path) -> None:
    _assert_refused(by_hand.wav(bytes(8_000), rate=0), tmp_path, "The")


def test_small_file_with_hours_of_sound_is_not_decoded_to_its_end(tmp_path: Path) -> None:
    hour = array("h", bytes(2 * 3600 * 8_000))
    bomb = _recorded(tmp_path, "flac", "flac", sound=hour, source_rate=8_000)
    assert len(bomb) < len(hour) * 2 / 80
    path = tmp_path / "clip.bin"
    path.write_bytes(bomb)
    with pytest.raises(Refused, match="is longer than 0:59"):
        convert(path, Limits(size_bytes=400_000))


def test_wav_that_claims_to_be_huge_is_cut_short(tmp_path: Path) -> None:
    content = bytearray(by_hand.wav(bytes(16_000)))
    content[40:44] = struct.pack("<I", 0x7000_0000)
    _assert_refused(bytes(content), tmp_path, "cut short: 1% of its sound is there")


def test_tag_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    tag = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(1_000)
    _assert_refused(tag, tmp_path, "begins like MP3 but cannot be read")


def test_track_that_claims_to_begin_tomorrow_is_heard_now(tmp_path: Path) -> None:
    """A break in a transport stream's clock, and no silence of a day."""
    path = record(tmp_path / "clip", "mpegts", "aac", options={"output_ts_offset": "86400"})
    assert convert(path).info.duration_s == pytest.approx(2.0, abs=0.1)


def test_file_name_that_looks_like_an_address_is_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "http:" / "ünïcode 100%d,,start,5"
    folder.mkdir(parents=True)
    made = record(tmp_path / "made.flac", "flac", "flac", sound=speech(0.5))
    for number, front in enumerate((b"", bytes(50))):
        path = folder / f"{number} concat:a|b?,,:.flac"
        path.write_bytes(front + made.read_bytes())
        assert convert(path).info.duration_s == pytest.approx(0.5, abs=0.05)


def test_mostly_broken_sound_is_refused(tmp_path: Path) -> None:
    content = bytearray(_recorded(tmp_path, "flac", "flac", sound=speech(10.0)))
    dice = random.Random(1)
    for _ in range(len(content) // 4_000):
        content[dice.randrange(2_000, len(content))] ^= 0x55
    _assert_refused(bytes(content), tmp_path, r"The file is damaged: \d+% of its sound cannot be decoded")
