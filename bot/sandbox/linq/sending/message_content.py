"""What a message may consist of: the ``message`` object of a send, checked rule by rule.

Sources: linq-python 0.65 (message_content_param, text_part_param) and Linq's OpenAPI of March 2026 for the lengths. The
codes of single rules are not documented; 1001 is used for what is missing and 1004 for content that breaks a rule.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.request_body import refuse_unknown, required, required_uuid
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.media.url_fetcher import check_url
from bot.sandbox.linq.state.models import ReplyTo, Service

MAX_PARTS, MAX_URL_PARTS, MAX_DECORATIONS = 100, 40, 100
MAX_TEXT, MAX_LINK, MAX_KEY = 10_000, 2_048, 255
_FIELDS = ("parts", "effect", "experience", "idempotency_key", "preferred_service", "reply_to")
_PART_FIELDS = {
    "text": ("type", "value", "text_decorations", "mention", "mention_range", "inline_stickers"),
    "link": ("type", "value"),
    "media": ("type", "url", "attachment_id", "sticker"),
}
_STYLES = {"bold", "italic", "strikethrough", "underline"}
_ANIMATIONS = {"big", "small", "shake", "nod", "explode", "ripple", "bloom", "jitter"}
_URL = re.compile(r"(https?://|www\.)\S", re.IGNORECASE)


@dataclass(frozen=True)
class DraftPart:
    """A checked part that is not a message's part yet: its media is still an id or a URL."""

    type: str
    value: str = ""
    decorations: list[Json] = field(default_factory=list)
    mention: str | None = None
    mention_range: tuple[int, int] | None = None
    url: str | None = None
    attachment_id: str | None = None


@dataclass(frozen=True)
class Draft:
    """A checked message, before it is known whether it may be sent."""

    parts: list[DraftPart]
    effect: Json | None
    idempotency_key: str | None
    preferred_service: Service | None
    reply_to: ReplyTo | None


def read_draft(content: Any, *, strict: bool) -> Draft:
    """Check the ``message`` object of a send. ``strict``: unknown fields are refused."""
    if not isinstance(content, dict):
        raise ApiError(1003, "message must be an object")
    if content.get("experience") is not None:
        raise ApiError(2011, "experience is not available for this account")
    if strict:
        refuse_unknown(content, _FIELDS)
    return Draft(
        parts=_read_parts(required(content, "parts"), strict=strict),
        effect=_read_effect(content.get("effect")),
        idempotency_key=_read_key(content.get("idempotency_key")),
        preferred_service=_read_service(content.get("preferred_service")),
        reply_to=_read_reply_to(content.get("reply_to")),
    )


def check_first_message(draft: Draft) -> None:
    """Check what holds for the message that opens a chat: no link, no reply, no effect."""
    if any(part.type == "link" or _URL.search(part.value) for part in draft.parts):
        raise ApiError(1005, "The first message of a new chat must not contain a link")
    if draft.reply_to or draft.effect:
        raise ApiError(1005, "The first message of a new chat takes neither reply_to nor effect")


def utf16_length(text: str) -> int:
    """Count characters as Linq does: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _read_parts(parts: Any, *, strict: bool) -> list[DraftPart]:
    if not isinstance(parts, list) or len(parts) > MAX_PARTS:
        raise ApiError(1004, f"parts must be a list of 1 to {MAX_PARTS} parts")
    drafts = [_read_part(part, strict=strict) for part in parts]
    kinds = [draft.type for draft in drafts]
    if "link" in kinds and len(kinds) > 1:
        raise ApiError(1004, "A link part must be the only part in the message")
    if any(pair == ("text", "text") for pair in pairwise(kinds)):
        raise ApiError(1004, "Consecutive text parts are not allowed")
    if sum(draft.url is not None for draft in drafts) > MAX_URL_PARTS:
        raise ApiError(1004, f"No more than {MAX_URL_PARTS} media parts may use a url")
    return drafts


def _read_part(part: Any, *, strict: bool) -> DraftPart:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("imessage_app", "app_clip"):
        raise ApiError(2011, f"{kind} parts are not available for this account")
    if kind not in _PART_FIELDS:
        raise ApiError(1004, f"Unknown part type: {kind}")
    if strict:
        refuse_unknown(part, _PART_FIELDS[kind])
    if kind == "text":
        return _read_text(part)
    return _read_link(part) if kind == "link" else _read_media(part)


def _read_text(part: Json) -> DraftPart:
    value = part.get("value")
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT:
        raise ApiError(1004, f"text value must have 1 to {MAX_TEXT} characters")
    if part.get("inline_stickers"):
        raise ApiError(2011, "inline_stickers are not available for this account")
    decorations, mention = _read_decorations(part.get("text_decorations"), value), part.get("mention")
    span = part.get("mention_range")
    if span is not None and mention is None:
        raise ApiError(1004, "mention_range requires mention")
    mention_range = None if span is None else _read_range(span, value)
    return DraftPart("text", value, decorations, mention, mention_range)


def _read_link(part: Json) -> DraftPart:
    value = part.get("value")
    if not isinstance(value, str) or urlsplit(value).scheme != "https" or not urlsplit(value).hostname:
        raise ApiError(1004, "link value must be an https URL")
    if len(value) > MAX_LINK:
        raise ApiError(1004, f"link value must have at most {MAX_LINK} characters")
    return DraftPart("link", value)


def _read_media(part: Json) -> DraftPart:
    url, attachment_id = part.get("url"), part.get("attachment_id")
    if (url is None) == (attachment_id is None):
        raise ApiError(1003, "Either url or attachment_id must be provided, but not both")
    if url is not None:
        return DraftPart("media", url=check_url(url, "url"))
    return DraftPart("media", attachment_id=required_uuid(attachment_id, "attachment_id"))


def _read_decorations(decorations: Any, value: str) -> list[Json]:
    if decorations is None:
        return []
    if not isinstance(decorations, list) or len(decorations) > MAX_DECORATIONS:
        raise ApiError(1004, f"text_decorations must be a list of at most {MAX_DECORATIONS}")
    spans: list[tuple[int, int, bool]] = []
    for each in decorations:
        start, end = _read_range(each.get("range") if isinstance(each, dict) else None, value)
        spans.append((start, end, _is_animation(each)))
    for i, (start, end, animated) in enumerate(spans):
        others = spans[:i] + spans[i + 1 :]
        if animated and any(start < other_end and other_start < end for other_start, other_end, _ in others):
            raise ApiError(1004, "Animation ranges must not overlap other decorations")
    return decorations


def _is_animation(decoration: Json) -> bool:
    style, animation = decoration.get("style"), decoration.get("animation")
    if (style is None) == (animation is None):
        raise ApiError(1004, "A text decoration has exactly one of style and animation")
    if style not in _STYLES | {None} or animation not in _ANIMATIONS | {None}:
        raise ApiError(1004, f"Unknown text decoration: {style or animation}")
    return animation is not None


def _read_range(span: Any, value: str) -> tuple[int, int]:
    """Check ``[start, end)`` in UTF-16 code units."""
    is_pair = isinstance(span, list) and len(span) == 2 and all(type(edge) is int for edge in span)
    if not is_pair or not 0 <= span[0] < span[1] <= utf16_length(value):
        raise ApiError(1004, f"Invalid range: {span}")
    return span[0], span[1]


def _read_effect(effect: Any) -> Json | None:
    if effect is None:
        return None
    if not isinstance(effect, dict) or effect.get("type") not in ("screen", "bubble") or not effect.get("name"):
        raise ApiError(1004, "effect must have a name and the type screen or bubble")
    return effect


def _read_key(key: Any) -> str | None:
    if key is None:
        return None
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY:
        raise ApiError(1005, f"idempotency_key must have 1 to {MAX_KEY} characters")
    return key


def _read_service(service: Any) -> Service | None:
    if service not in (None, "iMessage", "SMS", "RCS"):
        raise ApiError(1005, f"Unknown preferred_service: {service}")
    return service  # type: ignore[no-any-return] # one of the words above


def _read_reply_to(reply: Any) -> ReplyTo | None:
    if reply is None:
        return None
    if not isinstance(reply, dict) or not isinstance(reply.get("part_index", 0), int):
        raise ApiError(1003, "reply_to must have a message_id and perhaps a part_index")
    return ReplyTo(required_uuid(reply.get("message_id"), "reply_to.message_id"), reply.get("part_index", 0))
