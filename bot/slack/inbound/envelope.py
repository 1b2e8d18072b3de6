"""What encloses every payload: its signature and its shape. Pure; invalid ones are told before anything reads them."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from types import NoneType
from typing import Any
from urllib.parse import parse_qsl

from bot.slack.fields import Body, child, identifier
from bot.slack.inbound.parse import ParseError

SKEW_S = 300
FORM = "application/x-www-form-urlencoded"
_OBJECTS = ("user", "team", "channel", "message", "view", "container", "enterprise")
_KINDS = frozenset({"type", "command", "ssl_check"})


def is_signed(raw: bytes, headers: Mapping[str, str], secret: str, now: float) -> bool:
    """Whether Slack signed these bytes within the last five minutes. ``now``: seconds since 1970."""
    at, given = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
    if not (at.isascii() and at.isdigit() and len(at) < 15 and abs(now - int(at)) <= SKEW_S):
        return False
    digest = hmac.new(secret.encode(), b"v0:%b:%b" % (at.encode(), raw), hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={digest}".encode(), given.encode("utf-8", "replace"))


def decode(raw: bytes, content_type: str) -> dict[str, Any]:
    """The payload in an HTTP body: JSON, or a form whose field ``payload`` holds JSON. Raises ParseError."""
    try:
        written = raw.decode()
        if content_type == FORM:
            fields: dict[str, Any] = dict(parse_qsl(written, keep_blank_values=True))
            body = json.loads(fields["payload"]) if "payload" in fields else fields
        else:
            body = json.loads(written)
    except (ValueError, RecursionError) as invalid:
        raise ParseError("no JSON object") from invalid
    return check_shape(body)


def check_shape(body: object) -> dict[str, Any]:
    """The payload, if it has the shape of one of Slack's. Raises ParseError."""
    if not isinstance(body, dict) or not _KINDS & body.keys():
        raise ParseError("neither event, command nor action")
    if body.get("type") == "event_callback" and not isinstance(child(body, "event").get("type"), str):
        raise ParseError("an envelope without an event")
    if body.get("type") == "block_actions" and not _has_actions(body):
        raise ParseError("a button click without an action")
    if body.get("type") != "event_callback" and any(not isinstance(body.get(n, {}), dict | NoneType) for n in _OBJECTS):
        raise ParseError("an object that is none")  # Bolt looks into them without asking
    return body


def team_of(envelope: Body) -> str:
    """The workspace in which the app is installed, "" where the envelope does not say. ``team_id`` alone may be that of
    another organisation, whose message it is."""
    authorizations = envelope.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else {}
    named = identifier(first, "team_id") if isinstance(first, dict) else ""
    return identifier(envelope, "context_team_id") or named


def _has_actions(body: dict[str, Any]) -> bool:
    """Each with a name: Bolt looks them up without asking."""
    actions = body.get("actions")
    if not isinstance(actions, list) or not actions:
        return False
    return all(isinstance(each, dict) and isinstance(each.get("action_id"), str) for each in actions)
