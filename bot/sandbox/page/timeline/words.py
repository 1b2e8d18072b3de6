"""Comparing what was said on both sides, where each writes it in its own way: markup, mentions, emoji, fallbacks."""

import html
import re

_REFERENCE = re.compile(r"<[@#!][^>]*>")
ALIKE = 0.5
"""The share of common words from which two texts are taken for the same one."""


def words(text: str) -> frozenset[str]:
    """Return the words of a text, of either side, without mentions and signs."""
    return frozenset(re.findall(r"\w+", html.unescape(_REFERENCE.sub(" ", text)).casefold()))


def likeness(one: str, other: str) -> float:
    """Return the share of words that two texts have in common, from 0 to 1; two without words are alike."""
    mine, theirs = words(one), words(other)
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0


def begins_alike(said: str, shown: str, compared: int = 500) -> bool:
    """Return whether ``shown`` begins with the letters and digits of ``said``, as far as they are compared."""
    wanted, found = ("".join(re.findall(r"\w", html.unescape(text).casefold())) for text in (said, shown))
    return found.startswith(wanted[:compared])


def short(text: str, most: int = 22) -> str:
    """Return the beginning of a text in quotes, on one line."""
    line = " ".join(html.unescape(_REFERENCE.sub("@…", text)).split())
    return f"“{line if len(line) <= most else line[: most - 1].rstrip() + '…'}”"
