"""Linq's payloads as they come over the wire. Nothing of the relay may come in here.

Unknown fields are left out, and a field of the wrong type counts as missing: a webhook that is answered with 400 never
comes again, so an oddity in one field must not cost the rest. Source: Linq's OpenAPI of 2026-03-24 and the docstrings
of linq-python 0.65.0.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

LONGEST = 8_000


class ParseError(ValueError):
    """What Linq said makes no sense. The message names the missing fact and never quotes the payload."""


def clean(value: object) -> str:
    """Text that a database takes: no NUL, no half of a surrogate pair, not endless. "" for everything else."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST].encode("utf-8", "replace").decode().replace("\0", "")


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    """UTC. Linq writes from three to nine digits of a second, with "Z" or an offset; one without either is UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at and at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [clean(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _headers(value: object) -> dict[str, str]:
    return {clean(k): v if isinstance(v, str) else str(v) for k, v in _table(value).items() if isinstance(v, str | int)}


T = TypeVar("T")
Text = Annotated[str, BeforeValidator(clean)]
Whole = Annotated[int | None, BeforeValidator(_whole)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Headers = Annotated[dict[str, str], BeforeValidator(_headers)]
Table = Annotated[dict[str, Any], BeforeValidator(_table)]
Many = Annotated[tuple[T, ...], BeforeValidator(_tables)]


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Page(Shape):
    """One page of a list; an empty cursor is the end."""

    next_cursor: Text = ""


class Part(Shape):
    type: Text = ""
    id: Text = ""
    filename: Text = ""


class Handle(Shape):
    handle: Text = ""
    service: Text = ""
    is_me: Flag = None
    status: Text = ""


class Chat(Shape):
    id: Text = ""
    display_name: Text = ""
    handles: Many[Handle] = ()
    is_group: Flag = None
    service: Text = ""
    updated_at: Moment = None


class ChatPage(Page):
    chats: Many[Chat] = ()


class Message(Shape):
    """A message as GET shows it. It has no trace id."""

    id: Text = ""
    delivery_status: Text = ""
    is_from_me: Flag = None
    parts: Many[Part] = ()
    service: Text = ""
    created_at: Moment = None
    updated_at: Moment = None
    sent_at: Moment = None
    delivered_at: Moment = None
    read_at: Moment = None


class MessagePage(Page):
    messages: Many[Message] = ()


class Audio(Shape):
    id: Text = ""


class VoiceMemo(Shape):
    id: Text = ""
    status: Text = ""
    service: Text = ""
    created_at: Moment = None
    voice_memo: Annotated[Audio, BeforeValidator(_table)] = Audio()
    chat: Annotated[Chat, BeforeValidator(_table)] = Chat()


class SendAnswer(Shape):
    voice_memo: Annotated[VoiceMemo, BeforeValidator(_table)] = VoiceMemo()


class AttachmentAnswer(Shape):
    attachment_id: Text = ""
    upload_url: Text = ""
    required_headers: Headers = Field(default_factory=dict)


class Refusal(Shape):
    """``code`` is Linq's own; ``retry_after`` is in seconds and comes with 429 only."""

    code: Whole = None
    retry_after: Whole = None


class RefusalAnswer(Shape):
    error: Annotated[Refusal, BeforeValidator(_table)] = Refusal()
    trace_id: Text = ""


class Line(Shape):
    phone_number: Text = ""


class LinesAnswer(Shape):
    phone_numbers: Many[Line] = ()


class Subscription(Shape):
    id: Text = ""
    target_url: Text = ""
    subscribed_events: Texts = ()
    phone_numbers: Texts = ()
    is_active: Flag = None
    signing_secret: Text = Field(default="", repr=False)


class SubscriptionsAnswer(Shape):
    subscriptions: Many[Subscription] = ()


class Envelope(Shape):
    event_type: Text = ""
    event_id: Text = ""
    created_at: Moment = None
    trace_id: Text = ""
    data: Table = Field(default_factory=dict)


class EventChat(Shape):
    id: Text = ""
    is_group: Flag = None


class MessageEvent(Shape):
    """The message of an event, in version 2026-02-03 or, with ``message`` laid flat into it, in 2025-01-01."""

    id: Text = ""
    direction: Text = ""
    is_from_me: Flag = None
    chat: Annotated[EventChat, BeforeValidator(_table)] = EventChat()
    is_group: Flag = None
    service: Text = ""
    parts: Many[Part] = ()
    sent_at: Moment = None
    delivered_at: Moment = None
    read_at: Moment = None


class FailedEvent(Shape):
    """Flat in both versions; any of the ids may be missing."""

    message_id: Text = ""
    code: Whole = None
    reason: Text = ""
    service: Text = ""
    failed_at: Moment = None


S = TypeVar("S", bound=Shape)


def shaped(shape: type[S], body: object) -> S:
    """Raises ParseError for anything but a JSON object."""
    if not isinstance(body, Mapping):
        raise ParseError("not a JSON object")
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        raise ParseError(f"{error.error_count()} fields make no sense") from None
