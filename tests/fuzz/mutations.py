"""Mutates payloads: their JSON and their bytes. Everything comes from one random generator, so a seed repeats it."""

import copy
import json
import random
from typing import Any

ODDITIES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 1e308, 0.1),
    *("", " ", "0", "null", "\x00", "\ud800", "\udfff\ud800", "a\x00b", "\u202e", "\u2028", "é" * 300, "A" * 20_000),
    *("<!channel>", "<@U0ANN000001>", "<https://evil.example|x>", "&amp;", "../../etc/passwd", "';--", "%s%n", "{0}"),
    *("1790000005.606609", "-1.0", "1e5", "9" * 40, "C0CLIPS0001", "message", "file_share", "xoxb-1", "http://[::1]/"),
    *("text", "media", "link", "custom", "2026-02-30T25:00:00Z", "+12025550123", "STOP", "image/heic", "https://x/%00"),
    *([], {}, [[]], [None], [{}], {"": None}, [[[[[[[[]]]]]]]], {"a": {"b": {"c": {}}}}, [0] * 3000),
]
CRUMBS = (b'"', b"{", b"}", b"]", b",", b"\x00", b"\\u", b"NaN", b"1e999", b"&", b"%")
PREFIXES = (b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b" ", b"[", b"{")


def mutate_json(chance: random.Random, body: Any) -> Any:
    """A copy of the body with one to four of its places changed."""
    changed = copy.deepcopy(body)
    for _ in range(chance.randint(1, 4)):
        changed = _mutate_somewhere(chance, changed)
    return changed


def _mutate_somewhere(chance: random.Random, body: Any) -> Any:
    """Walk down a random way and change what is there."""
    if not isinstance(body, dict | list) or not body or chance.random() < 0.15:
        return copy.deepcopy(chance.choice(ODDITIES))
    key = chance.choice(list(body)) if isinstance(body, dict) else chance.randrange(len(body))
    match chance.randrange(6):
        case 0:
            del body[key]
        case 1:
            body[key] = copy.deepcopy(chance.choice(ODDITIES))
        case 2:
            body[key] = [body[key]] if chance.random() < 0.5 else {str(key): body[key]}
        case 3 if isinstance(body, dict):
            body[chance.choice(list(body)) if chance.random() < 0.5 else "new"] = copy.deepcopy(body[key])
        case _:
            body[key] = _mutate_somewhere(chance, body[key])
    return body


def to_json(chance: random.Random, body: Any) -> bytes:
    """As JSON in one of the ways JSON is written. Half a surrogate pair can be written as an escape only."""
    has_halves = "\\ud" in json.dumps(body)
    return json.dumps(body, ensure_ascii=has_halves or chance.random() < 0.9).encode()


def mutate_bytes(chance: random.Random, raw: bytes) -> bytes:
    """The bytes with a piece cut, replaced, lost, doubled or put in."""
    if not raw:
        return chance.randbytes(chance.randrange(40))
    first = chance.randrange(len(raw))
    last = min(len(raw), first + chance.randint(1, 40))
    match chance.randrange(6):
        case 0:
            return raw[:first]
        case 1:
            return raw[:first] + chance.randbytes(last - first) + raw[last:]
        case 2:
            return raw[:first] + raw[last:]
        case 3:
            return raw[:last] + raw[first:]
        case 4:
            return chance.choice(PREFIXES) + raw
        case _:
            return raw[:first] + chance.choice(CRUMBS) + raw[last:]
