"""Twisting payloads: their JSON, their bytes, the form around them. Everything comes from one die, so that a seed tells
the same story again."""

import copy
import json
import random
from typing import Any

ODDITIES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 1e308, 0.1),
    *("", " ", "0", "null", "\x00", "\ud800", "\udfff\ud800", "a\x00b", "\u202e", "\u2028", "é" * 300, "A" * 20_000),
    *("<!channel>", "<@U0ANN000001>", "<https://evil.example|x>", "&amp;", "../../etc/passwd", "';--", "%s%n", "{0}"),
    *("1790000005.606609", "-1.0", "1e5", "9" * 40, "C0CLIPS0001", "message", "file_share", "xoxb-1", "http://[::1]/"),
    *([], {}, [[]], [None], [{}], {"": None}, [[[[[[[[]]]]]]]], {"a": {"b": {"c": {}}}}, [0] * 3000),
]

CRUMBS = (b'"', b"{", b"}", b"]", b",", b"\x00", b"\\u", b"NaN", b"1e999", b"&", b"%")


def twisted(dice: random.Random, body: Any) -> Any:
    """The body with one to four of its places changed; the body itself stays as it is."""
    changed = json.loads(json.dumps(body))
    for _ in range(dice.randint(1, 4)):
        changed = _twist_somewhere(dice, changed)
    return changed


def _twist_somewhere(dice: random.Random, body: Any) -> Any:
    """Walk down a random way and change what is there."""
    if not isinstance(body, dict | list) or not body or dice.random() < 0.15:
        return copy.deepcopy(dice.choice(ODDITIES))
    key = dice.choice(list(body)) if isinstance(body, dict) else dice.randrange(len(body))
    match dice.randrange(6):
        case 0:
            del body[key]
        case 1:
            body[key] = copy.deepcopy(dice.choice(ODDITIES))
        case 2:
            body[key] = [body[key]] if dice.random() < 0.5 else {str(key): body[key]}
        case 3 if isinstance(body, dict):
            body[dice.choice(list(body)) if dice.random() < 0.5 else "new"] = copy.deepcopy(body[key])
        case _:
            body[key] = _twist_somewhere(dice, body[key])
    return body


def written(dice: random.Random, body: Any) -> bytes:
    """As JSON in one of the ways JSON is written."""
    return json.dumps(body, ensure_ascii=dice.random() < 0.9 or _has_halves(body)).encode()


def _has_halves(body: Any) -> bool:
    """Half a surrogate pair can be written as an escape only."""
    return "\\ud" in json.dumps(body)


def torn(dice: random.Random, raw: bytes) -> bytes:
    """The bytes with a piece flipped, cut, doubled, moved or replaced."""
    if not raw:
        return dice.randbytes(dice.randrange(40))
    first = dice.randrange(len(raw))
    last = min(len(raw), first + dice.randint(1, 40))
    match dice.randrange(6):
        case 0:
            return raw[:first]
        case 1:
            return raw[:first] + dice.randbytes(last - first) + raw[last:]
        case 2:
            return raw[:first] + raw[last:]
        case 3:
            return raw[:last] + raw[first:]
        case 4:
            return dice.choice([b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b" ", b"[", b"{"]) + raw
        case _:
            return (
                raw[:first]
                + dice.choice([b'"', b"{", b"}", b"]", b",", b"\x00", b"\\u", b"NaN", b"1e999"])
                + raw[last:]
            )
