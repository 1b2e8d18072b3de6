"""File objects: what Slack makes of a dropped file, in the shapes seen in the wild, wrong labels included."""

import re

from bot.sandbox.json_types import Json
from bot.sandbox.slack.fixtures import DOMAIN, TEAM
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.models import StoredFile, Upload

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


def new_file(upload: Upload, file_id: str, user: str, created: int, origins: Origins) -> StoredFile:
    """Make a stored file with its file object."""
    record = _common(upload, file_id, user, created)
    record |= _urls(upload, file_id, origins)
    record |= _SHAPED.get(upload.shape, _unchanged)(upload)
    return StoredFile(file_id, upload, user, record | dict(upload.declared))


def _common(upload: Upload, file_id: str, user: str, created: int) -> Json:
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


def _urls(upload: Upload, file_id: str, origins: Origins) -> Json:
    if upload.shape == "remote":
        url = f"{origins.foreign}/shared/{file_id}"
        return {"is_external": True, "mode": "external", "external_type": "gdrive", "url_private": url}
    original = f"{origins.slack}/files-pri/{TEAM}-{file_id}"
    copy = f"{origins.slack}/files-tmb/{TEAM}-{file_id}-4be882953e"
    name = re.sub(r"[^a-z0-9._-]", "_", upload.name.lower())  # as Slack writes names into addresses
    stem = name.rpartition(".")[0]
    aac, mp4 = f"{copy}/{stem}_audio.mp4", f"{copy}/file.mp4"
    urls: Json = {"url_private": f"{original}/{name}", "url_private_download": f"{original}/download/{name}"}
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


def _unchanged(upload: Upload) -> Json:
    return {}


def _recorded(upload: Upload) -> Json:
    """What every clip recorded in Slack itself has, while its transcript is being made."""
    return {
        "subtype": "slack_audio",
        "transcription": {"status": "processing"},
        "media_display_type": "audio",
        "duration_ms": upload.duration_ms,
        "audio_wave_samples": _WAVE,
    }


def _typed(mimetype: str, filetype: str, pretty: str) -> Json:
    return {"mimetype": mimetype, "filetype": filetype, "pretty_type": pretty}


def _web(upload: Upload) -> Json:
    return _recorded(upload) | _typed("audio/webm", "webm", "WebM")


def _m4a(upload: Upload) -> Json:
    return _recorded(upload) | _typed("audio/mp4", "m4a", "MPEG 4 Audio")


def _ios(upload: Upload) -> Json:
    said = {"status": "complete", "locale": "en-US", "preview": {"content": "Hello there", "has_more": False}}
    return _m4a(upload) | {"transcription": said}


def _untyped(upload: Upload) -> Json:
    return _recorded(upload) | _typed("", "", "")


def _mislabelled(upload: Upload) -> Json:
    return _recorded(upload) | _typed("video/mp4", "mp4", "MPEG 4 Video")


def _video(upload: Upload) -> Json:
    return _typed("video/mp4", "mp4", "MPEG 4 Video") | {
        "media_display_type": "video",
        "transcription": {"status": "processing"},
        "duration_ms": upload.duration_ms,
    }


def _canvas(upload: Upload) -> Json:
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
