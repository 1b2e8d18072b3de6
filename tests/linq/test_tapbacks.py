from typing import get_args

import pytest
from linq.types.shared_params import ReactionType

from bot.linq.tapbacks import CLASSIC, Tapback, emoji_of, tapback_of


@pytest.mark.parametrize(("emoji", "kind"), CLASSIC.items())
def test_classic_tapback_goes_both_ways(emoji: str, kind: str) -> None:
    assert emoji_of(kind, "") == emoji
    assert tapback_of(emoji) == Tapback(kind)  # type: ignore[arg-type]  # one of its words
    assert kind in get_args(ReactionType)


@pytest.mark.parametrize(("emoji", "kind"), [("❤", "love"), ("👍🏿", "like"), ("👎🏻", "dislike"), ("‼", "emphasize")])
def test_style_and_skin_tone_do_not_matter_to_a_classic_tapback(emoji: str, kind: str) -> None:
    assert tapback_of(emoji) == Tapback(kind)  # type: ignore[arg-type]  # one of its words


@pytest.mark.parametrize("emoji", ["🎉", "🧑🏽\u200d🚀", "🇨🇭"])
def test_any_other_emoji_is_custom(emoji: str) -> None:
    assert tapback_of(emoji) == Tapback("custom", emoji)
    assert emoji_of("custom", emoji) == emoji


@pytest.mark.parametrize("emoji", ["", ":party_parrot:"])
def test_what_has_no_unicode_has_no_tapback(emoji: str) -> None:
    assert tapback_of(emoji) is None


@pytest.mark.parametrize("reaction_type", ["sticker", "wave", ""])
def test_sticker_and_unknown_types_show_no_emoji(reaction_type: str) -> None:
    assert emoji_of(reaction_type, "🎉") == ""
