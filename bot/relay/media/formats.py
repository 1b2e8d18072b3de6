"""The one table of audio and video file formats: by what name, extension and content type each is known.

The sniffer in ``bot.audio`` answers with these names. What a network takes, and what a label claims, is said in them
too. A label only ever claims: where the bytes are at hand, they decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType


@dataclass(frozen=True)
class Format:
    """One container. ``extensions`` and ``content_types`` are lower case, the usual one first.

    ``holds_video``: the container may hold moving pictures, so that its label alone does not tell sound from video.
    """

    name: str
    label: str  # for people
    extensions: tuple[str, ...]
    content_types: tuple[str, ...]
    holds_video: bool = False


@dataclass(frozen=True)
class AcceptedFormat:
    """How a receiving side wants one container labelled, and which codecs (FFmpeg's names) it plays inside."""

    content_type: str
    extension: str
    codecs: frozenset[str]


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_TABLE = (
    Format("mp3", "MP3", _split("mp3 mpga"), _split("audio/mpeg audio/mp3 audio/x-mp3 audio/mpeg3 audio/x-mpeg")),
    Format("mp2", "MP2", _split("mp2 mp1 mpa m2a"), _split("audio/mpeg audio/mp2 audio/x-mp2")),
    Format(
        "m4a",
        "M4A",
        _split("m4a m4b m4r m4p mp4a mp4"),
        _split("audio/mp4 audio/x-m4a audio/m4a audio/x-m4b audio/m4b audio/mp4a-latm audio/x-m4r"),
    ),
    Format("mp4", "MP4", _split("mp4 m4v mpg4 f4v"), _split("video/mp4 video/x-m4v application/mp4"), holds_video=True),
    Format("mov", "QuickTime", _split("mov qt qta"), _split("video/quicktime audio/quicktime"), holds_video=True),
    Format(
        "3gp",
        "3GP",
        _split("3gp 3gpp 3ga 3g2 3gp2"),
        _split("video/3gpp audio/3gpp video/3gpp2 audio/3gpp2"),
        holds_video=True,
    ),
    Format("aac", "AAC", _split("aac adts"), _split("audio/aac audio/x-aac audio/aacp audio/x-hx-aac-adts")),
    Format("caf", "CAF", _split("caf"), _split("audio/x-caf audio/caf")),
    Format(
        "wav",
        "WAV",
        _split("wav wave bwf"),
        _split("audio/wav audio/x-wav audio/wave audio/vnd.wave audio/x-pn-wav"),
    ),
    Format("rf64", "RF64", _split("rf64 wav"), ()),
    Format("wave64", "Wave64", _split("w64"), _split("audio/x-w64")),
    Format("aiff", "AIFF", _split("aiff aif aifc"), _split("audio/aiff audio/x-aiff")),
    Format("amr", "AMR", _split("amr"), _split("audio/amr audio/x-amr")),
    Format("amr-wb", "AMR-WB", _split("awb"), _split("audio/amr-wb")),
    Format("webm", "WebM", _split("webm weba"), _split("video/webm audio/webm"), holds_video=True),
    Format(
        "matroska",
        "Matroska",
        _split("mkv mka mk3d"),
        _split("video/x-matroska audio/x-matroska video/matroska audio/matroska"),
        holds_video=True,
    ),
    Format(
        "ogg",
        "Ogg",
        _split("ogg oga opus spx ogv ogx"),
        _split(
            "audio/ogg application/ogg video/ogg audio/opus audio/vorbis audio/speex audio/x-speex audio/x-opus+ogg"
        ),
        holds_video=True,
    ),
    Format("flac", "FLAC", _split("flac"), _split("audio/flac audio/x-flac")),
    Format(
        "asf",
        "WMA",
        _split("wma wmv asf"),
        _split("audio/x-ms-wma video/x-ms-wmv video/x-ms-asf audio/wma application/vnd.ms-asf"),
        holds_video=True,
    ),
    Format("avi", "AVI", _split("avi"), _split("video/x-msvideo video/avi video/msvideo"), holds_video=True),
    Format("flv", "FLV", _split("flv"), _split("video/x-flv"), holds_video=True),
    Format("mpeg-ts", "MPEG-TS", _split("ts mts m2ts m2t"), _split("video/mp2t audio/mp2t"), holds_video=True),
    Format(
        "mpeg-ps", "MPEG-PS", _split("mpg mpeg vob m2p"), _split("video/mpeg video/mp2p video/mpeg2"), holds_video=True
    ),
    Format("au", "AU", _split("au snd"), _split("audio/basic audio/x-au audio/au")),
    Format("ac3", "AC-3", _split("ac3 eac3 ec3"), _split("audio/ac3 audio/vnd.dolby.dd-raw audio/eac3")),
    Format("wavpack", "WavPack", _split("wv"), _split("audio/x-wavpack audio/wavpack")),
    Format("ape", "Monkey's Audio", _split("ape"), _split("audio/x-ape audio/ape audio/x-monkeys-audio")),
    Format("tta", "TTA", _split("tta"), _split("audio/x-tta audio/tta")),
    Format("tak", "TAK", _split("tak"), _split("audio/x-tak")),
    Format("musepack", "Musepack", _split("mpc mp+ mpp"), _split("audio/x-musepack audio/musepack")),
    Format("musepack8", "Musepack", _split("mpc"), _split("audio/x-musepack audio/musepack")),
    Format("dsf", "DSD", _split("dsf"), _split("audio/x-dsf audio/dsf")),
)

FORMATS: Mapping[str, Format] = MappingProxyType({known.name: known for known in _TABLE})
"""By the sniffer's name. An MP4 has two: "m4a" with sound only, "mp4" with a picture track."""


def formats_of_extension(filename: str) -> tuple[Format, ...]:
    """The formats that a file of this name may be; none for an extension that is not known."""
    extension = PurePosixPath(filename.lower()).suffix.removeprefix(".")
    return tuple(known for known in _TABLE if extension and extension in known.extensions)


def formats_of_content_type(content_type: str) -> tuple[Format, ...]:
    """The formats that this content type may stand for; its parameters do not matter."""
    essence = content_type.partition(";")[0].strip().lower()
    return tuple(known for known in _TABLE if essence in known.content_types)
