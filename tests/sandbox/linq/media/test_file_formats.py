"""What a file is by its first bytes, and what Linq makes of it."""

import pytest

from bot.sandbox.linq.media.file_formats import delivered_as, family_of_bytes, family_of_type


@pytest.mark.parametrize(
    ("head", "family"),
    [
        (b"ID3\x04\x00\x00\x00\x00\x00\x00", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf3\x40\xc4", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\xff\xf9\x50\x80", "aac"),
        (b"\x00\x00\x00\x1cftypM4A ", "mp4"),
        (b"caff\x00\x01\x00\x00", "caf"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
        (b"FORM\x00\x00\x00\x2eAIFFCOMM", "aiff"),
        (b"FORM\x00\x00\x00\x2eAIFCFVER", "aiff"),
        (b"#!AMR\n", "amr"),
        (b"#!AMR-WB\n", "amr"),
    ],
)
def test_memo_formats_are_sniffed(head: bytes, family: str) -> None:
    assert family_of_bytes(head) == family


@pytest.mark.parametrize(
    "head", [b"", b"\xff", b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"MThd", b"RIFF\x24\x00\x00\x00AVI "]
)
def test_other_files_are_no_memo_format(head: bytes) -> None:
    assert family_of_bytes(head) is None


@pytest.mark.parametrize("content_type", ["audio/ogg", "audio/midi", "video/mp4", "application/octet-stream"])
def test_other_types_are_no_memo_format(content_type: str) -> None:
    assert family_of_type(content_type) is None


@pytest.mark.parametrize(
    ("declared", "delivered"),
    [
        ("audio/mp3", "audio/mpeg"),
        ("audio/mp4", "audio/x-m4a"),
        ("audio/aiff", "audio/x-aiff"),
        ("audio/x-caf", "audio/mp4"),
        ("audio/amr", "audio/amr"),
    ],
)
def test_deprecated_types_are_renamed_on_delivery(declared: str, delivered: str) -> None:
    assert delivered_as(declared) == delivered
