"""What people write, fit to be stored, sent and shown; and ranges of it, which Linq counts in UTF-16 code units."""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate

from bot.relay.parts import Span, Style

UnitRange = tuple[int, int, str]
"""Start and end (exclusive) in UTF-16 code units, and Linq's name of the style."""

_OBJECT_REPLACEMENT = "\ufffc"  # stands where an attachment was, in text from some iMessage clients
_STYLES = {style.value: style for style in Style}


def clean(text: str) -> str:
    """The text without control characters (line breaks and tabs stay) and without halves of surrogate pairs."""
    return "".join(_clean_characters(text))


def read_text(value: str, ranges: Iterable[UnitRange]) -> tuple[str, tuple[Span, ...]]:
    """Linq's text and ranges as the relay has them: clean, with spans in code points."""
    kept = _clean_characters(value)
    starts = _running_total(len(each) for each in kept)  # where each code point of the value stands in the clean text
    by_unit = [start for char, start in zip(value, starts, strict=False) for _ in range(utf16_length(char))]
    by_unit.append(starts[-1])
    spans = (
        Span(by_unit[start], by_unit[min(end, len(by_unit) - 1)], _STYLES[style])
        for start, end, style in ranges
        if style in _STYLES and 0 <= start < len(by_unit) and end > start
    )
    return "".join(kept), tuple(span for span in spans if span.start < span.end)


def write_text(text: str, spans: Sequence[Span]) -> tuple[str, list[UnitRange]]:
    """The relay's text and spans as Linq takes them: clean, with ranges in UTF-16 code units."""
    kept = _clean_characters(text)
    offsets = _running_total(utf16_length(each) for each in kept)
    ranges = [
        (offsets[max(span.start, 0)], offsets[min(span.end, len(text))], span.style.value)
        for span in spans
        if span.start < len(text) and span.end > 0
    ]
    return "".join(kept), [each for each in ranges if each[0] < each[1]]


def utf16_length(text: str) -> int:
    """Its length in UTF-16 code units: 2 for most emoji, 1 for most of everything else."""
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)


def _clean_characters(text: str) -> list[str]:
    """What is left of each code point: itself, "" or a replacement."""
    return [
        "" if char == "\r" and text[place + 1 : place + 2] == "\n" else _clean_character(char)
        for place, char in enumerate(text)
    ]


def _clean_character(char: str) -> str:
    """By category, as no list of examples is ever whole. Format characters stay: emoji are joined by them."""
    if char in "\n\t":
        return char
    if char == "\r":
        return "\n"
    category = unicodedata.category(char)
    if category == "Cc" or char == _OBJECT_REPLACEMENT:
        return ""
    return "\ufffd" if category == "Cs" else char


def _running_total(lengths: Iterable[int]) -> list[int]:
    return list(accumulate(lengths, initial=0))
