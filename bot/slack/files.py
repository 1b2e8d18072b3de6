"""Slack's file objects: is it audio, and how is it fetched? Pure.

The declared type, name and size are claims about the file as it was uploaded; the bytes decide after the download.
"""

from enum import Enum, auto
from pathlib import PurePosixPath

from bot.relay.model import Clip
from bot.slack.fields import Body, identifier, shown, text, whole

AUDIO = frozenset(["m4a", "mp3", "wav", "aif", "aiff", "caf", "amr", "ogg", "oga", "opus", "flac", "aac"])
VIDEO = frozenset(["mp4", "mov", "m4v", "webm", "mkv"])
UNSEEN_NAME = "a file that Slack does not show"
NAME_MOST = 200

_NOT_FILES = frozenset(["tombstone", "hidden_by_limit", "quip", "canvas", "list", "post", "space", "snippet"])
_ASK = frozenset({"check_file_info", "access_denied"})


class Judgement(Enum):
    AUDIO = auto()
    VIDEO = auto()
    OTHER = auto()
    UNKNOWN = auto()  # only files.info can tell


def judge(file: Body) -> Judgement:
    """What a file claims to be. A clip recorded in Slack is audio whatever its type says: those labels have lied."""
    if text(file, "mode") in _NOT_FILES or text(file, "file_access") == "file_not_found":
        return Judgement.OTHER
    if text(file, "file_access") in _ASK:
        return Judgement.UNKNOWN
    kinds = _extensions(file)
    recorded = text(file, "subtype") in ("slack_audio", "slack_video")
    if recorded or text(file, "media_display_type") == "audio" or _type(file) == "audio" or kinds & AUDIO:
        return Judgement.AUDIO
    if not text(file, "mimetype") and not text(file, "filetype") and kinds <= VIDEO:
        return Judgement.UNKNOWN
    if text(file, "media_display_type") == "video" or _type(file) == "video" or kinds & VIDEO:
        return Judgement.VIDEO
    return Judgement.OTHER


def clip_of(file: Body) -> Clip:
    """The clip as Slack labels it. The AAC copy is preferred: the other addresses may lead to it or to the original."""
    name = shown(text(file, "name") or text(file, "title"), NAME_MOST)
    urls = (text(file, key) for key in ("aac", "url_private_download", "url_private"))
    return Clip(
        file_id=identifier(file, "id"),
        name=name or _fallback_name(file),
        url=next((url for url in urls if _is_url(url)), ""),
        size_bytes=whole(file, "size"),
        mimetype=shown(text(file, "mimetype"), 100),
    )


def _extensions(file: Body) -> set[str]:
    named = PurePosixPath(text(file, "name")).suffix.lstrip(".").lower()
    return {kind for kind in (named, text(file, "filetype").lower()) if kind}


def _type(file: Body) -> str:
    return text(file, "mimetype").partition("/")[0].lower()


def _is_url(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= 2000 and url.isascii() and url.isprintable()


def _fallback_name(file: Body) -> str:
    if text(file, "file_access") in _ASK:
        return UNSEEN_NAME
    kind = text(file, "filetype").lower()
    return f"audio.{kind}" if kind in AUDIO | VIDEO else "audio"
