"""Reading what a client sent: JSON bodies, uuids and page parameters, refused the way Linq refuses them."""

import json
import uuid
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from bot.sandbox.linq.api.errors import ApiError


async def json_object(request: web.Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.read())
    except ValueError:
        raise ApiError(1003, "Request body is not valid JSON") from None
    if not isinstance(found, dict):
        raise ApiError(1003, "Request body must be a JSON object")
    return found


def refuse_unknown(found: dict[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise ApiError(1003, f"Unknown field: {', '.join(unknown)}")


def required_uuid(text: Any, name: str) -> str:
    """The canonical form of a uuid, or 400/1005."""
    try:
        return str(uuid.UUID(text))
    except (ValueError, TypeError, AttributeError):
        raise ApiError(1005, f"{name} must be a UUID") from None


def page_bounds(request: web.Request, default: int) -> tuple[int, int]:
    """(offset, limit) of a list call; the limit is 1 to 100."""
    limit = _number(request.query.get("limit", str(default)), "limit")
    if not 1 <= limit <= 100:
        raise ApiError(1005, "limit must be between 1 and 100")
    return _number(request.query.get("cursor", "0"), "cursor"), limit


def _number(text: str, name: str) -> int:
    if not text.isdecimal():
        raise ApiError(1005, f"{name} is invalid")
    return int(text)


def page_of(items: list[Any], offset: int, limit: int) -> tuple[list[Any], str | None]:
    """The page and the cursor of the next one; Linq's cursors look like offsets, and so do these."""
    end = offset + limit
    return items[offset:end], str(end) if end < len(items) else None
