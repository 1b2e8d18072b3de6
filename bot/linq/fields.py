"""Lenient field types: how any JSON that Linq sends is read.

A field of the wrong type counts as missing, and unknown fields are left out: a webhook that is answered with 400 never
comes again, so an oddity in one field must not cost the rest.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

LONGEST = 8_000

_TOO_LARGE = 2**63
_IDENTIFIER = re.compile(r"\w[\w.:-]{0,127}", re.ASCII)


class PayloadError(ValueError):
    """What Linq sent cannot be understood. The message names the missing fact and never quotes the payload."""


def to_text(value: object) -> str:
    """Text that a database takes: no NUL, no half of a surrogate pair, not endless. "" for everything else."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST].encode("utf-8", "replace").decode().replace("\0", "")


def to_identifier(value: object) -> str:
    """An id may stand in a path and in an index: "" for what could not be one. Linq's own are UUIDs."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else ""


def _content(value: object) -> str:
    """What people wrote, as it came and at any length; ``bot.linq.text`` makes it fit to be shown."""
    return value if isinstance(value, str) else ""


def _integer(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    return value if type(value) is int and abs(value) < _TOO_LARGE else None


def _timestamp(value: object) -> datetime | None:
    """UTC. Linq writes from three to nine digits of a second, with "Z" or an offset; one without either is UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at and at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _object(value: object) -> object:
    return value if isinstance(value, dict | BaseModel) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [to_text(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _integers(value: object) -> list[int]:
    return [item for item in value if type(item) is int] if isinstance(value, list) else []


def _headers(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {
        to_text(name): item if isinstance(item, str) else str(item)
        for name, item in value.items()
        if isinstance(item, str | int)
    }


T = TypeVar("T")
Text = Annotated[str, BeforeValidator(to_text)]
Identifier = Annotated[str, BeforeValidator(to_identifier)]
Content = Annotated[str, BeforeValidator(_content)]
Integer = Annotated[int | None, BeforeValidator(_integer)]
Timestamp = Annotated[datetime | None, BeforeValidator(_timestamp)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Integers = Annotated[tuple[int, ...], BeforeValidator(_integers)]
Headers = Annotated[dict[str, str], BeforeValidator(_headers)]
Object = Annotated[dict[str, Any], BeforeValidator(_object)]
Nested = Annotated[T, BeforeValidator(_object)]
Many = Annotated[tuple[T, ...], BeforeValidator(_objects)]


class Schema(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


S = TypeVar("S", bound=Schema)


def read(schema: type[S], body: object) -> S:
    """Raises PayloadError for anything but a JSON object."""
    if not isinstance(body, Mapping):
        raise PayloadError("not a JSON object")
    try:
        return schema.model_validate(body)
    except ValidationError as error:
        raise PayloadError(f"{error.error_count()} fields cannot be read") from None
