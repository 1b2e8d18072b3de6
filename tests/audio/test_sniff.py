import random

import pytest

from bot.audio import SNIFF_BYTES, sniff
from tests.audio.by_hand import amr_wb, speex


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"", ""),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "rf64"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "avi"),
        (b"FORM\x00\x00\x10\x00AIFC", "aiff"),
        (b"caff\x00\x01\x00\x00desc", "caf"),
        (b"#!AMR\n\x3c", "amr"),
        (b"#!AMR-WB\n\x3c", "amr-wb"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00", "m4a"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", "m4a"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00", "mov"),
        (b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", "mov"),
        (b"\x00\x00\x00\x18ftyp3gp4", "3gp"),
        (b"\x00\x00\x00\x18ftypheic", "image"),
        (b"\x00\x00\x00\x18ftypmp42" + b"hdlr" + bytes(8) + b"vide", "mp4-video"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "matroska"),
        (speex(0.1), "ogg"),
        (amr_wb(0.1), "amr-wb"),
        (b"fLaC\x00\x00\x00\x22", "flac"),
        (b"\r\n <!DOCTYPE HTML><title>Sign in", "html"),
        (b'{"ok":false}', "text"),
        (b"#EXTM3U\nhttp://127.0.0.1/a.ts", "text"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image"),
        (b"PK\x03\x04\x14\x00", "archive"),
        (b"MThd\x00\x00\x00\x06", "midi"),
        (b"\x01\x02\x03\x04" * 64, "unknown"),
    ],
)
def test_bytes_tell_the_container(head: bytes, container: str) -> None:
    assert sniff(head) == container


MP3_FRAME = b"\xff\xfb\x50\xc4" + bytes(204)
ADTS_FRAME = bytes.fromhex("fff15c40 0c9ffc".replace(" ", "")) + bytes(93)


def test_frames_in_a_row_are_mp3() -> None:
    assert sniff(MP3_FRAME * 5) == "mp3"


def test_frames_in_a_row_are_adts() -> None:
    assert sniff(ADTS_FRAME * 5) == "aac"


def test_junk_before_the_first_frame_is_skipped() -> None:
    assert sniff(b"\x00" * 300 + MP3_FRAME * 5) == "mp3"


def test_one_frame_that_fills_the_file_is_enough() -> None:
    assert sniff(MP3_FRAME) == "mp3"


def test_one_lucky_header_in_noise_is_not() -> None:
    assert sniff(b"\x02" * 50 + MP3_FRAME + b"\x02" * 4000) == "unknown"


def test_a_tag_is_stepped_over() -> None:
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    assert sniff(tag + ADTS_FRAME * 5) == "aac"


def test_a_tag_longer_than_the_bytes_at_hand_is_taken_for_an_mp3s() -> None:
    assert sniff(b"ID3\x04\x00\x00\x00\x7f\x7f\x7f" + bytes(100)) == "mp3"


@pytest.mark.parametrize("seed", range(50))
def test_no_bytes_raise(seed: int) -> None:
    dice = random.Random(seed)
    for start in (b"", b"\xff", b"ID3", b"RIFF", b"\x00\x00\x00\x18ftyp", b"\x1a\x45\xdf\xa3"):
        assert isinstance(sniff(start + dice.randbytes(dice.choice((0, 1, 7, 64, SNIFF_BYTES)))), str)
