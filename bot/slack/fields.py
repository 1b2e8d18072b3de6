"""Reading Slack's JSON without trusting it: a field of the wrong type counts as absent. Nothing here raises."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]

OBJECT_REPLACEMENT = "\ufffc"  # iMessage writes it where an attachment stands in the text

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, halves of surrogate pairs, line and paragraph breaks
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")  # turn text around


def text(body: Body, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def integer(body: Body, name: str) -> int:
    """A whole number that is not negative and fits a database; else 0."""
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else 0


def child(body: Body, name: str) -> Body:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def children(body: Body, name: str) -> list[Body]:
    """The objects in a list; whatever else stands in it is left out."""
    value = body.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def identifier(body: Body, name: str) -> str:
    value = text(body, name)
    return value if _ID.fullmatch(value) else ""


def timestamp(body: Body, name: str) -> str:
    """A message's ts, which is its id within the channel: digits, a point, digits."""
    value = text(body, name)
    return value if _TS.fullmatch(value) else ""


def one_line(value: str, most: int) -> str:
    """User-made text fit to be stored and shown: on one line, without what controls a screen, cut to ``most``."""
    kept = (c for c in value[: 4 * most] if c not in _BIDI_CONTROLS)
    cleaned = "".join(" " if unicodedata.category(c) in _CONTROLS else c for c in kept)
    return " ".join(cleaned.split())[:most]


def prose(value: str) -> str:
    """What people wrote, fit to be stored and sent, at any length: line breaks stay, halves of surrogate pairs and
    characters that only control something go."""
    kept = (c for c in value.replace("\r\n", "\n") if c in "\n\t" or unicodedata.category(c) != "Cc")
    return "".join(c for c in kept if c != OBJECT_REPLACEMENT).encode("utf-8", "replace").decode()
