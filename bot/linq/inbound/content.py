"""A message's parts → the relay's parts. Pure, and total: whatever a contact can send becomes something to be shown.

``key`` of a part is its index at Linq: reactions and edits name parts by that.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.linq import schemas
from bot.linq.api.receipts import MEDIA_PARTS
from bot.linq.ids import LinqIds
from bot.linq.text import clean, read_text
from bot.relay.media.formats import formats_of_extension
from bot.relay.parts import Announcement, Happening, Media, Part, Text, Voice

NO_RETENTION = "This line keeps no content, so Linq does not say what was written."
EMPTY = "The message was empty."
UNKNOWN = "It is of a kind that is not known here: {kind}."

_UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/unknown"})


def parts_of(message: schemas.LinqMessage, ids: LinqIds) -> tuple[Part, ...]:
    """Never none: a message that shows nothing is told as such."""
    found = [_part(str(index), part, ids) for index, part in enumerate(message.parts)]
    parts = tuple(part for part in found if part)
    if parts:
        return parts
    why = NO_RETENTION if message.zero_retention else EMPTY
    return (Announcement("0", Happening.NOT_CARRIED, text=why),)


def _part(key: str, part: schemas.LinqPart, ids: LinqIds) -> Part | None:
    """None for a text that shows nothing."""
    if part.type in MEDIA_PARTS:
        return _media(key, part, ids)
    if part.type == "text":
        ranges = ((*each.range, each.style) for each in part.text_decorations if len(each.range) == 2)
        text, spans = read_text(part.value, ranges)
        return Text(key, text, spans) if text.strip() else None
    # A link, an app's card, an App Clip, and what comes next year: what it says, as far as it says anything.
    text = "\n".join(line for line in map(clean, _words(part)) if line.strip())
    if text:
        return Text(key, text)
    return Announcement(key, Happening.NOT_CARRIED, text=UNKNOWN.format(kind=part.type[:40] or "unknown"))


def _media(key: str, part: schemas.LinqPart, ids: LinqIds) -> Voice | Media:
    made = Voice if is_voice(part) else Media
    return made(
        key=key,
        name=part.filename,
        media=ids.media(part.id) if part.id else ids.media_at(part.url),
        media_hint=part.url,
        size_bytes=max(part.size_bytes or 0, 0),
        content_type=part.mime_type,
    )


def is_voice(part: schemas.LinqPart) -> bool:
    """Whether it claims to be sound. Linq does not tell a native voice memo from another audio file, its type has been
    seen missing, and a name without an extension says nothing; where both fail, the bytes decide later."""
    content_type = part.mime_type.partition(";")[0].strip().lower()
    if content_type.startswith("audio/") or part.type == "voice_memo":
        return True
    if content_type not in _UNTYPED:
        return False
    formats = formats_of_extension(part.filename)
    if formats:
        return not any(known.holds_video for known in formats)
    return not PurePosixPath(part.filename).suffix


def _words(part: schemas.LinqPart) -> Iterator[str]:
    yield from dict.fromkeys(
        (part.fallback_text or part.layout.caption, part.layout.subcaption, part.title, part.value, part.url)
    )
