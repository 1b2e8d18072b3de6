"""The tables of formats, demuxers and decoders know each other."""

import av
import pytest
from av.codec.codec import Codec
from av.format import ContainerFormat

from bot.audio.decode.codecs import CODECS, DECODERS, DEMUXERS, label
from bot.linq.api.limits import VOICE_FORMATS as CONTAINERS
from bot.relay.media.formats import FORMATS


def test_every_format_has_one_demuxer() -> None:
    assert set(DEMUXERS) == set(FORMATS)


@pytest.mark.parametrize("demuxer", sorted(set(DEMUXERS.values())))
def test_every_demuxer_exists(demuxer: str) -> None:
    assert ContainerFormat(demuxer, "r").is_input


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_exists_and_makes_sound(decoder: str) -> None:
    try:
        codec = Codec(decoder, "r")
    except av.codec.codec.UnknownCodecError:
        assert decoder in CODECS  # FFmpeg's name of a codec is not always one of a decoder
        return
    assert codec.type == "audio"


def test_what_linq_takes_is_named_as_in_the_tables() -> None:
    assert set(CONTAINERS) <= set(FORMATS)
    assert {codec for accepted in CONTAINERS.values() for codec in accepted.codecs} <= set(CODECS)


@pytest.mark.parametrize(
    ("container", "codecs", "has_video", "shown"),
    [
        ("webm", ["opus"], False, "WebM/Opus"),
        ("flac", ["flac"], False, "FLAC"),
        ("ogg", ["opus", "vorbis", "opus"], False, "Ogg/Opus + Vorbis"),
        ("mp4", ["aac"], True, "MP4 video"),
        ("mov", [""], False, "QuickTime/unknown codec"),
        ("wav", [], False, "WAV"),
    ],
)
def test_label_names_container_and_codecs(container: str, codecs: list[str], has_video: bool, shown: str) -> None:
    assert label(container, codecs, has_video=has_video) == shown
