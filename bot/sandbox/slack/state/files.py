"""Files as people drop them, and the objects Slack makes of them: the shapes seen in the wild, lies included."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.sandbox.slack.state.workspace import DOMAIN, TEAM, Body
from bot.sandbox.slack.switches import Download

Shape = Literal[
    "plain",  # a file dropped from a computer: declared honestly
    "web_clip_transcoded",  # 2023: declared webm, both URLs lead to the AAC copy
    "web_clip",  # 2022: URLs lead to the webm, `aac` to the copy
    "m4a_clip",  # 2022: no `aac`, a transcript
    "ios_clip",  # transcript complete
    "untyped_clip",  # mimetype and filetype are empty
    "mislabelled_clip",  # an audio clip declared video/mp4
    "video",  # url_private is the copy, url_private_download the original
    "connect_stub",  # Slack Connect: ask files.info
    "tombstone",
    "hidden_by_limit",
    "remote",  # lives on a foreign host
    "canvas",
]

_TYPES: dict[str, tuple[str, str, str]] = {
    "aac": ("audio/aac", "aac", "AAC"),
    "aif": ("audio/aiff", "aiff", "AIFF"),
    "aiff": ("audio/aiff", "aiff", "AIFF"),
    "amr": ("audio/amr", "amr", "AMR"),
    "caf": ("application/octet-stream", "binary", "Binary"),
    "flac": ("audio/flac", "flac", "FLAC"),
    "gif": ("image/gif", "gif", "GIF"),
    "jpg": ("image/jpeg", "jpg", "JPEG"),
    "m4a": ("audio/mp4", "m4a", "MPEG 4 Audio"),
    "mov": ("video/quicktime", "mov", "QuickTime Movie"),
    "mp3": ("audio/mpeg", "mp3", "MP3"),
    "mp4": ("video/mp4", "mp4", "MPEG 4 Video"),
    "oga": ("audio/ogg", "ogg", "OGG"),
    "ogg": ("audio/ogg", "ogg", "OGG"),
    "opus": ("audio/ogg", "ogg", "OGG"),
    "pdf": ("application/pdf", "pdf", "PDF"),
    "png": ("image/png", "png", "PNG"),
    "txt": ("text/plain", "text", "Plain Text"),
    "wav": ("audio/x-wav", "wav", "WAV"),
    "webm": ("audio/webm", "webm", "WebM"),
}
_UNKNOWN = ("application/octet-stream", "binary", "Binary")
_WAVE = [(i * 37) % 101 for i in range(100)]


@dataclass(frozen=True)
class Upload:
    """What a person drops: a name and bytes, the shape Slack gives it, and fields declared otherwise than true.

    ``copy`` is Slack's transcoded AAC copy (``files-tmb``), by default the content itself. ``info_error`` is what
    files.info answers instead of the file. ``download`` makes this one file's download go wrong.
    """

    name: str
    content: bytes
    shape: Shape = "plain"
    declared: Mapping[str, Any] = field(default_factory=dict)
    copy: bytes | None = None
    duration_ms: int = 3177
    info_error: str = ""
    download: Download | None = None


@dataclass(frozen=True)
class Share:
    channel: str
    ts: str
    thread_ts: str | None
    by: str


@dataclass(slots=True)
class StoredFile:
    """A file as the workspace keeps it; ``record`` is the full file object, without its shares."""

    id: str
    upload: Upload
    user: str
    record: Body
    shares: list[Share] = field(default_factory=list)
    gone: bool = False
    downloads: int = 0

    def unshare(self, channel: str, ts: str) -> None:
        """One message less shows it; without any it is deleted."""
        self.shares = [share for share in self.shares if (share.channel, share.ts) != (channel, ts)]
        self.gone = self.gone or not self.shares

    def move(self, old: str, new: str) -> None:
        """A channel has a new id."""
        self.shares = [replace(share, channel=new) if share.channel == old else share for share in self.shares]

    def in_message(self) -> Body:
        """The object inside ``files[]`` of a message: full, or the little that is left of it."""
        if self.gone or self.upload.shape == "tombstone":
            return {"id": self.id, "mode": "tombstone"}
        if self.upload.shape == "connect_stub":
            stub: Body = {"mode": "file_access", "file_access": "check_file_info", "created": 0}
            return {"id": self.id, **stub, "timestamp": 0, "user": ""}
        if self.upload.shape == "hidden_by_limit":
            return {"id": self.id, "mode": "hidden_by_limit"}
        return self.record


def keep(upload: Upload, file_id: str, user: str, created: int, origin: str, foreign: str) -> StoredFile:
    """A dropped file with its file object. ``origin`` serves downloads, ``foreign`` is a host that is not Slack's."""
    record = _common(upload, file_id, user, created)
    record |= _urls(upload, file_id, origin, foreign)
    record |= _SHAPED.get(upload.shape, _nothing)(upload)
    return StoredFile(file_id, upload, user, record | dict(upload.declared))


def _common(upload: Upload, file_id: str, user: str, created: int) -> Body:
    mimetype, filetype, pretty = _TYPES.get(upload.name.rpartition(".")[2].lower(), _UNKNOWN)
    return {
        "id": file_id,
        "created": created,
        "timestamp": created,
        "name": upload.name,
        "title": upload.name,
        "mimetype": mimetype,
        "filetype": filetype,
        "pretty_type": pretty,
        "user": user,
        "user_team": TEAM,
        "editable": False,
        "size": len(upload.content),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": True,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "media_display_type": mimetype.partition("/")[0] if mimetype[:5] in ("audio", "video") else "unknown",
        "permalink": f"https://{DOMAIN}.slack.com/files/{user}/{file_id}/{upload.name}",
        "permalink_public": f"https://slack-files.com/{TEAM}-{file_id}-7bd65ed9f0",
        "is_starred": False,
        "has_rich_preview": False,
        "file_access": "visible",
    }


def _urls(upload: Upload, file_id: str, origin: str, foreign: str) -> Body:
    if upload.shape == "remote":
        url = f"{foreign}/shared/{file_id}"
        return {"is_external": True, "mode": "external", "external_type": "gdrive", "url_private": url}
    original = f"{origin}/files-pri/{TEAM}-{file_id}"
    copy = f"{origin}/files-tmb/{TEAM}-{file_id}-4be882953e"
    name = re.sub(r"[^a-z0-9._-]", "_", upload.name.lower())  # so Slack writes names into addresses
    stem = name.rpartition(".")[0]
    aac, mp4 = f"{copy}/{stem}_audio.mp4", f"{copy}/file.mp4"
    urls: Body = {"url_private": f"{original}/{name}", "url_private_download": f"{original}/download/{name}"}
    match upload.shape:
        case "web_clip_transcoded":
            return {"url_private": aac, "url_private_download": f"{copy}/download/{stem}_audio.mp4", "aac": aac}
        case "web_clip" | "untyped_clip" | "mislabelled_clip":
            return urls | {"aac": aac}
        case "m4a_clip" | "ios_clip":
            return urls | {"vtt": f"{copy}/file.vtt?_xcb=0c2db"}
        case "video":
            return urls | {"url_private": mp4, "mp4": mp4, "mp4_low": f"{copy}/file_trans.mp4"}
    return urls


def _nothing(upload: Upload) -> Body:
    return {}


def _recorded(upload: Upload) -> Body:
    """What every clip recorded in Slack itself has, while the transcript is being made."""
    return {
        "subtype": "slack_audio",
        "transcription": {"status": "processing"},
        "media_display_type": "audio",
        "duration_ms": upload.duration_ms,
        "audio_wave_samples": _WAVE,
    }


def _typed(mimetype: str, filetype: str, pretty: str) -> Body:
    return {"mimetype": mimetype, "filetype": filetype, "pretty_type": pretty}


def _web(upload: Upload) -> Body:
    return _recorded(upload) | _typed("audio/webm", "webm", "WebM")


def _m4a(upload: Upload) -> Body:
    return _recorded(upload) | _typed("audio/mp4", "m4a", "MPEG 4 Audio")


def _ios(upload: Upload) -> Body:
    said = {"status": "complete", "locale": "en-US", "preview": {"content": "Hello there", "has_more": False}}
    return _m4a(upload) | {"transcription": said}


def _untyped(upload: Upload) -> Body:
    return _recorded(upload) | _typed("", "", "")


def _mislabelled(upload: Upload) -> Body:
    return _recorded(upload) | _typed("video/mp4", "mp4", "MPEG 4 Video")


def _video(upload: Upload) -> Body:
    return _typed("video/mp4", "mp4", "MPEG 4 Video") | {
        "media_display_type": "video",
        "transcription": {"status": "processing"},
        "duration_ms": upload.duration_ms,
    }


def _canvas(upload: Upload) -> Body:
    return _typed("application/vnd.slack-docs", "quip", "Canvas") | {"mode": "quip", "media_display_type": "unknown"}


_SHAPED = {
    "web_clip_transcoded": _web,
    "web_clip": _web,
    "m4a_clip": _m4a,
    "ios_clip": _ios,
    "untyped_clip": _untyped,
    "mislabelled_clip": _mislabelled,
    "video": _video,
    "canvas": _canvas,
}
