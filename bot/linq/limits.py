"""What Linq takes: formats, sizes, pace. One table, plain values; nothing of the wire may come in.

Sources: Linq's API reference as shipped in linq-python 0.65.0 (``SupportedContentType``, the guides on attachments and
voice memos) and its OpenAPI of 2026-03-24; read in November 2026. Codecs: what iOS plays, as Apple's Core Audio lists
it.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from bot.relay.media.formats import AcceptedFormat

ATTACHMENT_BYTES = 100 * 1024 * 1024
URL_BYTES = 10 * 1024 * 1024
"""What Linq fetches from an address is smaller: "Voice memo file too large - maximum size is 10MB"."""

FILENAME_BYTES = 255
"""Linq counts 1 to 255 characters without saying of what; as many UTF-8 bytes are right under any reading."""

UPLOAD_WITHIN = timedelta(minutes=15)
"""An upload address stops working after this."""

MEMOS_PER_PAIR = 30
PAIR_WINDOW = timedelta(seconds=60)
"""At most so many messages from one line to one recipient in that time, then 429 with Retry-After."""

PAGE = 100
"""Most chats or messages on one page of a list."""

WEBHOOK_VERSION = "2026-02-03"
WEBHOOK_EVENTS = ("message.sent", "message.delivered", "message.read", "message.failed", "message.received")


def _pcm(*shapes: str) -> frozenset[str]:
    return frozenset(f"pcm_{shape}" for shape in shapes)


CONTAINERS: Mapping[str, AcceptedFormat] = {
    "mp3": AcceptedFormat("audio/mpeg", "mp3", frozenset({"mp3"})),
    "m4a": AcceptedFormat("audio/x-m4a", "m4a", frozenset({"aac", "alac"})),
    "aac": AcceptedFormat("audio/aac", "aac", frozenset({"aac"})),
    "caf": AcceptedFormat(
        "audio/x-caf",
        "caf",
        frozenset({"aac", "alac", "opus", "adpcm_ima_qt"}) | _pcm("s16le", "s16be", "s24le", "s24be", "f32le", "f32be"),
    ),
    "wav": AcceptedFormat("audio/x-wav", "wav", _pcm("u8", "s16le", "s24le", "s32le", "f32le", "alaw", "mulaw")),
    "aiff": AcceptedFormat("audio/x-aiff", "aiff", _pcm("s8", "s16be", "s16le", "s24be", "s32be", "f32be")),
    "amr": AcceptedFormat("audio/amr", "amr", frozenset({"amr_nb"})),
}
"""What Linq takes as a voice memo, by the names of ``relay.media.formats``. The content types are the spelling that the
upload accepts today: ``audio/wav`` and ``audio/m4a`` left its list in 2026."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def fitting_name(filename: str) -> str:
    """The file's own name as Linq takes it: no folders, no control characters; a long one loses its middle, never its
    extension."""
    name = _UNFIT.sub("", filename).replace("\\", "/").rpartition("/")[2].strip() or "voice memo"
    if len(name.encode()) <= FILENAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 16:
        stem, dot, extension = name, "", ""
    room = FILENAME_BYTES - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + extension
