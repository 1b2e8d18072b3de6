"""Reading what a client sent: JSON bodies, UUIDs and page parameters, refused the way Linq refuses them."""

import json
import uuid
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.linq.errors import ApiError


async def read_object(request: web.Request) -> Json:
    """Read the body as a JSON object, or raise 400/1003."""
    try:
        found = json.loads(await request.read())
    except ValueError:
        raise ApiError(1003, "Request body is not valid JSON") from None
    if not isinstance(found, dict):
        raise ApiError(1003, "Request body must be a JSON object")
    return found


def refuse_unknown(found: Json, known: Iterable[str]) -> None:
    if unknown := sorted(set(found) - set(known)):
        raise ApiError(1003, f"Unknown field: {', '.join(unknown)}")


def required(found: Json, name: str) -> Any:
    """Return the field, or raise 400/1001 when it is absent, null or empty."""
    value = found.get(name)
    if value is None or value in ("", [], {}):
        raise ApiError(1001, f"Missing required field: {name}")
    return value


def required_uuid(text: Any, name: str) -> str:
    """Return the canonical form of a UUID, or raise 400/1005."""
    try:
        return str(uuid.UUID(text))
    except (ValueError, TypeError, AttributeError):
        raise ApiError(1005, f"{name} must be a UUID") from None


def page_bounds(request: web.Request, default: int) -> tuple[int, int]:
    """Return (offset, limit) of a list call; the limit is 1 to 100."""
    limit = _number(request.query.get("limit", str(default)), "limit")
    if not 1 <= limit <= 100:
        raise ApiError(1005, "limit must be between 1 and 100")
    return _number(request.query.get("cursor", "0"), "cursor"), limit


def _number(text: str, name: str) -> int:
    if not text.isdecimal():
        raise ApiError(1005, f"{name} is invalid")
    return int(text)


def page_of(items: list[Any], offset: int, limit: int) -> tuple[list[Any], str | None]:
    """Return the page and the cursor of the next one; Linq's cursors look like offsets, and so do these."""
    end = offset + limit
    return items[offset:end], str(end) if end < len(items) else None
