"""The first bytes of a file tell its format; the stronger proof goes first."""

import random
from pathlib import Path

import pytest

from bot.audio import SNIFF_BYTES, sniff
from bot.audio.inspect.sniff import find_container
from bot.relay.media.formats import FORMATS
from tests.audio.samples.by_hand import amr_wb, speex
from tests.audio.samples.formats import FORMATS as SAMPLES
from tests.audio.samples.formats import REFUSED, Format
from tests.audio.sounds import record, speech

NOT_AUDIO = {"image", "document", "archive", "midi", "html", "text", "unknown", "adif", ""}


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"", ""),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "rf64"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "avi"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image"),
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
        (b"\x00\x00\x00\x18ftypmp42" + b"hdlr" + bytes(8) + b"vide", "mp4"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "matroska"),
        (speex(0.1), "ogg"),
        (amr_wb(0.1), "amr-wb"),
        (b"fLaC\x00\x00\x00\x22", "flac"),
        (b".snd\x00\x00\x00\x18\xff\xff\xff\xff\x00\x00\x00\x03", "au"),
        (b"\r\n <!DOCTYPE HTML><title>Sign in", "html"),
        (b'{"ok":false}', "text"),
        (b"#EXTM3U\nhttp://127.0.0.1/a.ts", "text"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image"),
        (b"GIF89a\x01\x00\x01\x00", "image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image"),
        (b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36", "image"),
        (b"PK\x03\x04\x14\x00", "archive"),
        (b"MThd\x00\x00\x00\x06", "midi"),
        (b"\x01\x02\x03\x04" * 64, "unknown"),
    ],
)
def test_first_bytes_tell_the_format(head: bytes, container: str) -> None:
    assert sniff(head) == container


@pytest.mark.parametrize(
    "sentence",
    [
        b"Get free stuff here, it says, and much more of that.",
        b"MAC addresses of our printers",
        b"MP+ is an old name of Musepack",
        b"DSD and other formats compared",
        b"BM is a company",
        b"ID3 tags, explained to everybody",
    ],
)
def test_sentence_that_begins_like_a_signature_is_text(sentence: bytes) -> None:
    assert sniff(sentence) == "text"


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.becomes != REFUSED], ids=lambda sample: sample.name)
def test_every_sample_is_recognised_by_its_first_bytes(sample: Format, tmp_path: Path) -> None:
    sample.make(tmp_path / "clip")
    assert sniff((tmp_path / "clip").read_bytes()[:SNIFF_BYTES]) in FORMATS


MP3_FRAME = b"\xff\xfb\x50\xc4" + bytes(204)
ADTS_FRAME = bytes.fromhex("fff15c400c9ffc") + bytes(93)


def test_frames_in_a_row_are_mp3() -> None:
    assert sniff(MP3_FRAME * 5) == "mp3"


def test_frames_in_a_row_are_adts() -> None:
    assert sniff(ADTS_FRAME * 5) == "aac"


def test_junk_before_the_first_frame_is_skipped() -> None:
    assert find_container(b"\x00" * 300 + MP3_FRAME * 5) == ("mp3", 300)


def test_one_frame_that_fills_the_file_is_enough() -> None:
    assert sniff(MP3_FRAME) == "mp3"


def test_one_lucky_header_in_noise_is_not_enough() -> None:
    assert sniff(b"\x02" * 50 + MP3_FRAME + b"\x02" * 4000) == "unknown"


def test_tag_in_front_is_skipped() -> None:
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    assert sniff(tag + ADTS_FRAME * 5) == "aac"


def test_tag_longer_than_the_bytes_at_hand_is_taken_for_an_mp3s() -> None:
    assert sniff(b"ID3\x04\x00\x00\x00\x7f\x7f\x7f" + bytes(100)) == "mp3"


@pytest.mark.parametrize(("packet_bytes", "lead"), [(188, 0), (192, 4), (204, 0)])
@pytest.mark.parametrize("cut", [0, 1, 100, 187])
def test_transport_stream_is_recognised_from_any_byte(packet_bytes: int, lead: int, cut: int) -> None:
    packet = bytes(lead) + b"\x47" + bytes(packet_bytes - lead - 1)
    assert sniff((packet * 20)[cut:]) == "mpeg-ts"


def test_transport_stream_of_small_frames_is_no_bare_aac(tmp_path: Path) -> None:
    """At a low bit rate each packet of 188 bytes holds several whole ADTS frames."""
    path = record(tmp_path / "clip", "mpegts", "aac", sound=speech(5.0, 8_000), source_rate=8_000, bit_rate=6_000)
    head = path.read_bytes()[:SNIFF_BYTES]
    assert sniff(head) == "mpeg-ts"
    assert sniff(head[564:]) == "mpeg-ts"


@pytest.mark.parametrize("seed", range(50))
def test_no_bytes_raise(seed: int) -> None:
    dice = random.Random(seed)
    for start in (b"", b"\xff", b"ID3", b"APETAGEX", b"RIFF", b"\x00\x00\x00\x18ftyp", b"\x1a\x45\xdf\xa3", b"\x47"):
        head = start + dice.randbytes(dice.choice((0, 1, 7, 64, SNIFF_BYTES)))
        assert sniff(head) in NOT_AUDIO | set(FORMATS)
