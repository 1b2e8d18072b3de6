"""Slack's file objects: what a file claims to be, and where its bytes are. Pure.

The declared type, name and size are claims about the file as it was uploaded; the bytes decide after the download.
"""

from collections.abc import Iterator
from enum import Enum, auto
from mimetypes import guess_type
from pathlib import PurePosixPath

from bot.relay.media.formats import FORMATS, formats_of_extension
from bot.relay.parts import Media, Voice
from bot.slack.fields import Body, identifier, integer, one_line, text
from bot.slack.ids import media_ref

NOT_SHOWN = "a file that Slack does not show"
NAME_MOST = 200
TYPE_MOST = 100
ADDRESS_MOST = 2000

# Not files with bytes of their own: what is left of a deleted one, what the plan hides, Slack's own documents.
_WITHOUT_BYTES = frozenset(["tombstone", "hidden_by_limit", "quip", "canvas", "list", "post", "space"])
_STUBS = frozenset({"check_file_info", "access_denied"})
_GENERIC_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/binary"})
# Of the formats that may hold pictures, the extensions that promise some. The rest of theirs are for sound.
_VIDEO_EXTENSIONS = frozenset(["mp4", "m4v", "mpg4", "f4v", "mov", "qt", "3gp", "3gpp", "3g2", "3gp2", "webm", "mkv"])
_VIDEO_EXTENSIONS |= {"mk3d", "ogv", "ogx", "wmv", "asf", "avi", "flv", "mts", "m2ts", "m2t", "mpg", "mpeg", "vob"}
_OTHER_MEANINGS = frozenset({"ts", "mpp"})  # TypeScript and Microsoft Project, more often than not
_SOUND_CONTAINERS = frozenset({"ogg"})  # may hold pictures, but hardly ever do


class FileClaim(Enum):
    VOICE = auto()
    VIDEO = auto()
    OTHER = auto()
    UNKNOWN = auto()  # neither label nor name decides
    NONE = auto()  # no file that could be fetched


def claim_of(file: Body) -> FileClaim:
    """What a file claims to be. A clip recorded in Slack is a voice clip whatever its type says: those labels have
    lied."""
    if text(file, "mode") in _WITHOUT_BYTES or text(file, "file_access") == "file_not_found":
        return FileClaim.NONE
    if text(file, "file_access") in _STUBS:
        return FileClaim.UNKNOWN
    is_recorded = text(file, "subtype") in ("slack_audio", "slack_video")
    kind = text(file, "mimetype").partition("/")[0].lower()
    if is_recorded or text(file, "media_display_type") == "audio" or kind == "audio":
        return FileClaim.VOICE
    by_name = {_claim_of_extension(extension) for extension in _extensions(file)}
    if FileClaim.VOICE in by_name:
        return FileClaim.VOICE
    if text(file, "media_display_type") == "video" or kind == "video":
        return FileClaim.VIDEO
    return _claim_of_unlabelled(file, is_video=FileClaim.VIDEO in by_name)


def claim_of_bytes(container: str) -> FileClaim:
    """What the first bytes say: the name of a container, as the sniffer gives it, or its word for something else."""
    known = FORMATS.get(container)
    if known is None:
        return FileClaim.UNKNOWN if container in ("", "unknown") else FileClaim.OTHER
    return FileClaim.VOICE if not known.holds_video or container in _SOUND_CONTAINERS else FileClaim.VIDEO


def is_stub(file: Body) -> bool:
    """Whether only files.info tells what it is, as in channels shared with another organisation."""
    return text(file, "file_access") in _STUBS


def addresses(file: Body) -> tuple[str, ...]:
    """Where its bytes are, the best address first: the AAC copy, then the original."""
    found = (text(file, key) for key in ("aac", "url_private_download", "url_private"))
    return tuple(dict.fromkeys(url for url in found if _is_address(url)))


def hint_of(urls: tuple[str, ...]) -> str:
    """The addresses as the relay keeps them beside the media."""
    return "\n".join(urls)


def addresses_in(hint: str) -> Iterator[str]:
    return (url for url in hint.split("\n") if url)


def voice_of(file: Body, team: str) -> Voice:
    """The file as a voice part."""
    file_id = identifier(file, "id")
    return Voice(
        key=file_id,
        name=_name(file, "audio"),
        media=media_ref(team, file_id),
        media_hint=hint_of(addresses(file)),
        size_bytes=integer(file, "size"),
        content_type=one_line(text(file, "mimetype"), TYPE_MOST),
    )


def media_of(file: Body, team: str) -> Media:
    """The file as it is."""
    voice = voice_of(file, team)
    name = _name(file, "file")
    return Media(voice.key, name, voice.media, voice.media_hint, voice.size_bytes, voice.content_type)


def _claim_of_extension(extension: str) -> FileClaim:
    if extension in _VIDEO_EXTENSIONS:
        return FileClaim.VIDEO
    is_known = bool(formats_of_extension(f"x.{extension}")) and extension not in _OTHER_MEANINGS
    return FileClaim.VOICE if is_known else FileClaim.OTHER


def _claim_of_unlabelled(file: Body, *, is_video: bool) -> FileClaim:
    """Neither a label nor a name for sound. Slack leaves the label empty while it has not looked at the file yet."""
    if text(file, "mimetype").lower() not in _GENERIC_TYPES or text(file, "filetype") not in ("", "binary"):
        return FileClaim.VIDEO if is_video else FileClaim.OTHER
    name = text(file, "name")
    has_other_meaning = PurePosixPath(name).suffix.lstrip(".").lower() in _OTHER_MEANINGS
    if guess_type(name)[0] is not None and not is_video and not has_other_meaning:
        return FileClaim.OTHER
    return FileClaim.UNKNOWN


def _extensions(file: Body) -> set[str]:
    named = PurePosixPath(text(file, "name")).suffix.lstrip(".").lower()
    return {extension for extension in (named, text(file, "filetype").lower()) if extension}


def _is_address(url: str) -> bool:
    """What looks odd is an address all the same: only the request for it will tell."""
    return url.startswith(("https://", "http://")) and len(url) <= ADDRESS_MOST and url.isprintable()


def _name(file: Body, fallback: str) -> str:
    name = one_line(text(file, "name") or text(file, "title"), NAME_MOST)
    if name:
        return name
    if is_stub(file):
        return NOT_SHOWN
    extension = text(file, "filetype").lower()
    return f"{fallback}.{extension}" if _claim_of_extension(extension) is not FileClaim.OTHER else fallback
