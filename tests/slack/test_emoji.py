"""Slack's short names and Unicode, either way."""

import pytest

from bot.slack.emoji import from_code_points, to_short_name, to_unicode


@pytest.mark.parametrize(
    ("name", "emoji"),
    [
        ("heart", "❤️"),
        ("+1", "👍"),
        ("thumbsup", "👍"),
        ("-1", "👎"),
        ("joy", "😂"),
        ("bangbang", "‼️"),
        ("question", "❓"),
        ("flag-de", "🇩🇪"),
        ("+1::skin-tone-4", "👍🏽"),
        ("v::skin-tone-2", "✌🏻"),
        ("man-shrugging::skin-tone-4", "🤷🏽\u200d♂️"),
        ("partyparrot", ":partyparrot:"),
        ("partyparrot::skin-tone-2", ":partyparrot:"),
    ],
)
def test_a_name_becomes_its_emoji(name: str, emoji: str) -> None:
    assert to_unicode(name) == emoji


@pytest.mark.parametrize(
    ("emoji", "name"),
    [
        ("❤️", "heart"),
        ("❤", "heart"),
        ("👍", "+1"),
        ("👍🏽", "+1::skin-tone-4"),
        ("‼", "bangbang"),
        ("🤷🏽‍♂️", "man-shrugging::skin-tone-4"),
        (":partyparrot:", "partyparrot"),
        (":No Name:", ""),
        ("::", ""),
        ("🂡", ""),
        ("", ""),
        ("hello", ""),
    ],
)
def test_an_emoji_becomes_its_name_or_none(emoji: str, name: str) -> None:
    assert to_short_name(emoji) == name


@pytest.mark.parametrize(
    ("points", "tone", "emoji"),
    [
        ("1f44b", 0, "👋"),
        ("1f44b-1f3fc", 3, "👋🏼"),
        ("1f44b", 3, "👋🏼"),
        ("", 0, ""),
        ("zz", 0, ""),
        ("d800", 0, ""),
        ("110000", 0, ""),
        ("1f44b", 9, "👋"),
    ],
)
def test_code_points_become_their_emoji(points: str, tone: int, emoji: str) -> None:
    assert from_code_points(points, tone) == emoji
