"""What Linq takes: formats, sizes, rates. One table, plain values; nothing of the wire may come in.

Sources: Linq's API reference as shipped in linq-python 0.65.0 (``SupportedContentType``, the guides on attachments and
voice memos) and its OpenAPI of 2026-03-24; read in November 2026. Codecs: what iOS plays, as Apple's Core Audio lists
it.
"""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta

from bot.relay.media.formats import AcceptedFormat

ATTACHMENT_BYTES = 100 * 1024 * 1024
URL_BYTES = 10 * 1024 * 1024
"""What Linq fetches from an address is smaller: "Voice memo file too large - maximum size is 10MB"."""

INBOUND_BYTES = 256 * 1024 * 1024
"""The largest file of a contact's that is fetched. Linq names no limit; iMessage itself carries about 100 MB."""

FILENAME_BYTES = 255
"""Linq counts 1 to 255 characters without saying of what; as many UTF-8 bytes are right under any reading."""

UPLOAD_WITHIN = timedelta(minutes=15)
"""An upload address stops working after this."""

TEXT_UNITS = 10_000
"""Most characters of a text part. Of what is not said; UTF-16 code units are right under any reading."""

PARTS = 100
DECORATIONS = 100

MEMOS_PER_PAIR = 30
PAIR_WINDOW = timedelta(seconds=60)
"""At most so many messages from one line to one recipient in that time, then 429 with Retry-After."""

PAGE = 100
"""Most chats or messages on one page of a list."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far Linq's clock and ours may be apart: what the signature of webhooks allows, and what a search allows for."""

EDIT_WINDOW = timedelta(minutes=15)
"""A text can be edited for so long after it was sent, and five times."""

WEBHOOK_VERSION = "2026-02-03"
WEBHOOK_EVENTS = (
    "message.sent",
    "message.delivered",
    "message.read",
    "message.failed",
    "message.received",
    "message.edited",
    "reaction.added",
    "reaction.removed",
    "participant.added",
    "participant.removed",
    "chat.group_name_updated",
    "contact_card.received",
    "phone_number.status_updated",
    "webhook_subscription.disabled",
    "api_token.expiry_scheduled",
)

CONTENT_TYPES = frozenset(
    {
        *(
            "image/jpeg",
            "image/png",
            "image/gif",
            "image/heic",
            "image/heif",
            "image/tiff",
            "image/bmp",
            "image/x-icon",
        ),
        *("video/mp4", "video/quicktime", "video/mpeg", "video/mpeg2", "video/x-m4v", "video/x-msvideo", "video/3gpp"),
        *("audio/mpeg", "audio/mp3", "audio/x-m4a", "audio/mp4", "audio/x-caf", "audio/x-wav", "audio/x-aiff"),
        *("audio/aiff", "audio/aac", "audio/midi", "audio/amr"),
        *(
            "text/plain",
            "text/markdown",
            "text/vcard",
            "text/rtf",
            "text/csv",
            "text/html",
            "text/calendar",
            "text/xml",
        ),
        *("application/pdf", "application/vnd.apple.pkpass", "application/msword", "application/json"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/x-iwork-pages-sffpages",
        "application/x-iwork-numbers-sffnumbers",
        "application/x-iwork-keynote-sffkey",
        *("application/epub+zip", "application/zip", "application/x-gzip"),
    }
)
"""What an upload may be: a closed list. Its type also names image/webp and image/svg+xml, but one docstring says that
they are rejected; so they are not counted on. ``audio/wav`` and ``audio/m4a`` left the list in 2026."""


SENT_AS: Mapping[str, str] = {"image/webp": "image/png", "image/avif": "image/jpeg"}
"""Pictures that are not on the list go as copies that are."""


def _pcm(*layouts: str) -> frozenset[str]:
    return frozenset(f"pcm_{layout}" for layout in layouts)


VOICE_FORMATS: Mapping[str, AcceptedFormat] = {
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
"""The formats Linq takes as a voice memo, by their names in ``bot.relay.media.formats``, in the spelling of the content
type that its upload accepts today. Codecs: those a phone plays inside."""


def fit_filename(filename: str) -> str:
    """The file's own name as Linq takes it: no folders, no control characters; a long one loses its middle, never its
    extension."""
    printable = "".join(char for char in filename if unicodedata.category(char) not in ("Cc", "Cs"))
    name = printable.replace("\\", "/").rpartition("/")[2].strip() or "voice memo"
    if len(name.encode()) <= FILENAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 16:
        stem, dot, extension = name, "", ""
    left = FILENAME_BYTES - len((dot + extension).encode())
    return stem.encode()[:left].decode(errors="ignore") + dot + extension
