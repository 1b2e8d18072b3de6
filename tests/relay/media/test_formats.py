"""The table of formats: what extensions and content types claim."""

import pytest

from bot.relay.media.formats import FORMATS, formats_of_content_type, formats_of_extension

AUDIO_EXTENSIONS = (
    ".qta .3ga .3gp .awb .amr .wma .weba .webm .m4b .m4a .mp4 .mov .aifc .aiff .aif .spx .opus .oga .ogg .mka .mkv "
    ".caf .wav .flac .mp3 .mp2 .aac .au .wv .tta .ac3 .ts .avi"
)

CONTENT_TYPES = (
    "audio/mpeg audio/mp3 audio/mp4 audio/x-m4a audio/m4a audio/aac audio/x-aac audio/x-caf audio/caf audio/wav "
    "audio/x-wav audio/wave audio/vnd.wave audio/aiff audio/x-aiff audio/amr audio/amr-wb audio/3gpp video/3gpp "
    "audio/ogg application/ogg audio/opus audio/webm video/webm audio/flac audio/x-flac audio/x-ms-wma audio/basic "
    "audio/x-matroska video/x-matroska video/quicktime video/mp4 video/mp2t video/x-msvideo audio/ac3 audio/x-tta "
    "audio/x-wavpack"
)


@pytest.mark.parametrize("extension", AUDIO_EXTENSIONS.split())
def test_every_usual_extension_is_known(extension: str) -> None:
    assert formats_of_extension(f"a recording{extension}")


@pytest.mark.parametrize("content_type", CONTENT_TYPES.split())
def test_every_usual_content_type_is_known(content_type: str) -> None:
    assert formats_of_content_type(content_type)


@pytest.mark.parametrize(
    ("filename", "names"),
    [
        ("memo.M4A", ["m4a"]),
        ("clip.mp4", ["m4a", "mp4"]),
        ("New Recording.qta", ["mov"]),
        ("voice.awb", ["amr-wb"]),
        ("archive.tar.OPUS", ["ogg"]),
        ("notes.txt", []),
        ("mp3", []),
        ("", []),
        (".", []),
    ],
)
def test_extension_decides_regardless_of_case(filename: str, names: list[str]) -> None:
    assert [known.name for known in formats_of_extension(filename)] == names


@pytest.mark.parametrize(
    ("content_type", "names"),
    [
        ("audio/webm;codecs=opus", ["webm"]),
        (" Audio/X-CAF ", ["caf"]),
        ("application/octet-stream", []),
        ("", []),
    ],
)
def test_content_type_ignores_case_and_parameters(content_type: str, names: list[str]) -> None:
    assert [known.name for known in formats_of_content_type(content_type)] == names


def test_table_is_lower_case_and_names_match_keys() -> None:
    for name, known in FORMATS.items():
        words = (*known.extensions, *known.content_types)
        assert known.name == name
        assert [word.lower() for word in words] == list(words)
        assert known.label


def test_sound_only_formats_are_told_from_those_that_may_hold_video() -> None:
    assert {name for name in ("webm", "mp4", "mov", "3gp", "ogg", "avi") if not FORMATS[name].holds_video} == set()
    assert {name for name in ("m4a", "mp3", "wav", "caf", "amr", "flac") if FORMATS[name].holds_video} == set()
