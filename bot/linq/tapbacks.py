"""Linq's reactions and the emoji they show as. Six are Apple's classic tapbacks, any other emoji is "custom".

Source: the docstring of ``messages.add_reaction`` in linq-python 0.65.0.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["love", "like", "dislike", "laugh", "emphasize", "question", "custom"]

CLASSIC: dict[str, Kind] = {
    "❤️": "love",
    "👍": "like",
    "👎": "dislike",
    "😂": "laugh",
    "‼️": "emphasize",
    "❓": "question",
}
_EMOJI: dict[str, str] = {kind: emoji for emoji, kind in CLASSIC.items()}

_VARIATIONS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")  # text or emoji style, skin tones


@dataclass(frozen=True)
class Tapback:
    """What the API takes. ``custom_emoji`` is "" unless ``kind`` is custom."""

    kind: Kind
    custom_emoji: str = ""


_BY_BASE = {_VARIATIONS.sub("", emoji): Tapback(kind) for emoji, kind in CLASSIC.items()}


def emoji_of(reaction_type: str, custom_emoji: str) -> str:
    """The emoji that people see; "" for a sticker and for types that nobody knows yet."""
    return custom_emoji if reaction_type == "custom" else _EMOJI.get(reaction_type, "")


def tapback_of(emoji: str) -> Tapback | None:
    """The tapback for an emoji, its skin tone aside where it is a classic one. None for ``:name:``, which stands for
    what has no Unicode."""
    if not emoji or emoji.startswith(":"):
        return None
    return _BY_BASE.get(_VARIATIONS.sub("", emoji)) or Tapback("custom", emoji)
