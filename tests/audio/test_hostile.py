import random
import struct
from array import array
from pathlib import Path

import pytest

from bot.audio import Limits
from bot.relay.errors import Refused
from tests.audio import by_hand
from tests.audio.direct import fitted
from tests.audio.sounds import record, speech

ADVICE = r"(Record|Save|Drop|Let) .*\.$"


def _refused(content: bytes, folder: Path, why: str) -> None:
    path = folder / "clip.bin"
    path.write_bytes(content)
    with pytest.raises(Refused, match=f"{why}.* {ADVICE}"):
        fitted(path)


def _recorded(folder: Path, container: str, codec: str, **how: object) -> bytes:
    return record(folder / "made", container, codec, **how).read_bytes()  # type: ignore[arg-type]


def test_an_empty_file(tmp_path: Path) -> None:
    _refused(b"", tmp_path, r"The file is empty \(0 bytes\)")


@pytest.mark.parametrize("size", [1, 10, 1_000, 100_000])
def test_garbage(size: int, tmp_path: Path) -> None:
    _refused(random.Random(size).randbytes(size), tmp_path, "The file ")


def test_text_that_tells_a_player_to_open_other_files(tmp_path: Path) -> None:
    _refused(b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", tmp_path, "The file holds text, not sound")
    _refused(b"ffconcat version 1.0\nfile /etc/hostname\n", tmp_path, "The file holds text, not sound")


@pytest.mark.parametrize("tag", [b"drms", b"enca"])
def test_a_protected_m4a(tag: bytes, tmp_path: Path) -> None:
    content = _recorded(tmp_path, "ipod", "aac")
    assert content.count(b"mp4a") == 1
    _refused(content.replace(b"mp4a", tag), tmp_path, r"copy-protected \(DRM\)")


def test_a_protected_wma(tmp_path: Path) -> None:
    codec_list = bytes.fromhex("4052d1861d31d011a3a400a0c90348f6")
    encryption = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    content = _recorded(tmp_path, "asf", "wmav2", rate=44_100, bit_rate=64_000)
    assert codec_list in content
    _refused(content.replace(codec_list, encryption), tmp_path, r"copy-protected \(DRM\)")


def test_no_channels(tmp_path: Path) -> None:
    _refused(by_hand.wav(bytes(8_000), channels=0), tmp_path, "The")


def test_more_channels_than_anybody_has(tmp_path: Path) -> None:
    _refused(by_hand.wav(bytes(1_000 * 800), channels=1_000, block=2_000), tmp_path, "The")


@pytest.mark.parametrize("rate", [1, 999, 4_000_000, 0x7FFFFFFF])
def test_rates_that_no_recorder_has(rate: int, tmp_path: Path) -> None:
    _refused(by_hand.wav(bytes(8_000), rate=rate), tmp_path, "samples a second, which no recorder makes")


def test_a_rate_of_nothing(tmp_path: Path) -> None:
    _refused(by_hand.wav(bytes(8_000), rate=0), tmp_path, "The")


def test_an_hour_of_silence_in_little_room_is_decoded_no_further_than_a_memo_may_last(tmp_path: Path) -> None:
    hour = array("h", bytes(2 * 3600 * 8_000))
    bomb = _recorded(tmp_path, "flac", "flac", sound=hour, source_rate=8_000)
    assert len(bomb) < len(hour) * 2 / 80
    path = tmp_path / "clip.bin"
    path.write_bytes(bomb)
    with pytest.raises(Refused, match="sounds longer than 0:59"):
        fitted(path, Limits(size_bytes=400_000))


def test_a_wav_that_claims_to_be_huge_costs_no_more_than_it_holds(tmp_path: Path) -> None:
    content = bytearray(by_hand.wav(bytes(16_000)))
    content[40:44] = struct.pack("<I", 0x7000_0000)
    _refused(bytes(content), tmp_path, "cut short: 1% of its sound is there")


def test_a_tag_that_claims_to_be_huge(tmp_path: Path) -> None:
    _refused(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(1_000), tmp_path, "begins like MP3 but cannot be read")


def test_names_that_look_like_addresses_are_still_files(tmp_path: Path) -> None:
    folder = tmp_path / "http:" / "ünïcode 100%d"
    folder.mkdir(parents=True)
    path = record(tmp_path / "made.flac", "flac", "flac", sound=speech(0.5)).rename(folder / "concat:a|b?.flac")
    assert fitted(path).info.duration_s == pytest.approx(0.5, abs=0.05)


def test_mostly_broken_sound_is_refused_not_sent_in_shreds(tmp_path: Path) -> None:
    content = bytearray(_recorded(tmp_path, "flac", "flac", sound=speech(10.0)))
    dice = random.Random(1)
    for _ in range(len(content) // 4_000):
        content[dice.randrange(2_000, len(content))] ^= 0x55
    _refused(bytes(content), tmp_path, r"The file is damaged: \d+% of its sound cannot be decoded")
