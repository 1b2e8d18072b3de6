"""What encloses every payload: its signature and its shape. Pure; nonsense is told from sense before Bolt sees it."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Literal

from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.parse import ParseError

SKEW_S = 300
_KINDS = frozenset({"type", "command", "ssl_check"})


def is_signed(raw: bytes, headers: Mapping[str, str], secret: str, now: float) -> bool:
    """Whether Slack signed these bytes within the last five minutes. ``now``: seconds since 1970."""
    at, given = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
    if not (at.isascii() and at.isdigit() and len(at) < 15 and abs(now - int(at)) <= SKEW_S):
        return False
    digest = hmac.new(secret.encode(), b"v0:%b:%b" % (at.encode(), raw), hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={digest}".encode(), given.encode("utf-8", "replace"))


def to_request(
    body: str | dict[str, Any], headers: Mapping[str, str], mode: Literal["http", "socket_mode"]
) -> AsyncBoltRequest:
    """The payload as Bolt takes it. Raises ParseError when it is no payload of Slack's."""
    try:
        request = AsyncBoltRequest(body=body, headers=dict(headers), mode=mode)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as odd:
        raise ParseError("no JSON object") from odd  # Bolt trusts the shapes it digs through
    if not isinstance(request.body, dict) or not _KINDS & request.body.keys():
        raise ParseError("neither event, command nor action")
    if request.body.get("type") == "event_callback":
        event = request.body.get("event")
        if not (isinstance(event, dict) and isinstance(event.get("type"), str)):
            raise ParseError("an envelope without an event")
    if request.body.get("type") == "block_actions" and not _has_actions(request.body):
        raise ParseError("a press without an action")
    return request


def _has_actions(body: dict[str, Any]) -> bool:
    """Each with a name: Bolt looks them up without asking."""
    actions = body.get("actions")
    named = [isinstance(each, dict) and isinstance(each.get("action_id"), str) for each in _list(actions)]
    return bool(named) and all(named)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
