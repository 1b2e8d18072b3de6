"""Sniffer and demuxer begin at the same byte, whatever stands in front of the sound."""

from pathlib import Path

import pytest

from bot.audio.inspect.locate import locate
from tests.audio.direct import convert
from tests.audio.playback import played_seconds
from tests.audio.samples.formats import AS_IT_IS, CONVERTED, Format
from tests.audio.samples.formats import FORMATS as SAMPLES
from tests.audio.sounds import record


def _id3(size: int) -> bytes:
    inside = size - 10
    return b"ID3\x03\x00\x00" + bytes(inside >> shift & 0x7F for shift in (21, 14, 7, 0)) + bytes(inside)


def _ape(size: int) -> bytes:
    items = size - 32
    return b"APETAGEX" + (2000).to_bytes(4, "little") + items.to_bytes(4, "little") + bytes(16) + bytes(items)


IN_FRONT = {
    "a tag": _id3(300),
    "two tags": _id3(40) + _id3(50),
    "a long tag": _id3(300_000),
    "an APE tag": _ape(500),
    "zeros": bytes(100),
    "a line break": b"\r\n",
    "a tag and padding": _id3(200) + bytes(64),
    "an answer of a server": b"HTTP/1.0 200 OK\r\nContent-Type: audio/unknown\r\n\r\n",
}


TAGS = {"a tag", "two tags", "a long tag", "an APE tag"}


def _pairs() -> list[object]:
    """AC-3 is known by two bytes alone: those are not searched for behind junk."""
    return [
        pytest.param(sample, front, id=f"{name} before {sample.name}")
        for sample in SAMPLES
        for name, front in IN_FRONT.items()
        if sample.becomes in (AS_IT_IS, CONVERTED) and (sample.name != "AC-3" or name in TAGS)
    ]


@pytest.mark.parametrize(("sample", "front"), _pairs())
def test_what_stands_in_front_hides_no_sound(sample: Format, front: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    sample.make(path)
    path.write_bytes(front + path.read_bytes())
    made = convert(path)
    assert made.info.duration_s == pytest.approx(sample.seconds, abs=0.15)
    assert played_seconds(made.path) == pytest.approx(made.info.duration_s, abs=0.1)


@pytest.mark.parametrize("size", [20, 8_180, 8_187, 8_190, 8_191, 8_192, 300_000])
def test_tag_of_any_length_hides_no_mp3(size: int, tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "mp3", "libmp3lame", bit_rate=64_000, options={"id3v2_version": "0"})
    path.write_bytes(_id3(size) + path.read_bytes())
    made = convert(path)
    assert made.path == path  # an MP3 may begin with a tag
    assert made.info.duration_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("padding", [b"\x00", b" "])
def test_long_padding_behind_a_tag_hides_no_mp3(padding: bytes, tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "mp3", "libmp3lame", bit_rate=64_000, options={"id3v2_version": "0"})
    path.write_bytes(_id3(20_000) + padding * 9_000 + path.read_bytes())
    assert convert(path).info.duration_s == pytest.approx(2.0, abs=0.1)


def test_source_covers_the_file_from_its_sound_to_its_end(tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "flac", "flac")
    path.write_bytes(_id3(1_000) + path.read_bytes())
    source = locate(path)
    assert (source.container, source.start, source.end) == ("flac", 1_000, path.stat().st_size)


def test_tag_that_claims_more_than_the_file_is_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(1_000))
    assert locate(path).container == "mp3"
