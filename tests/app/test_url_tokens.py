"""Tokens of temporary urls: unguessable, and known as ours by every process that has the same secret."""

import pytest

from bot.app.url_tokens import UrlTokens


def test_token_is_known_to_every_process_with_the_same_secret() -> None:
    token = UrlTokens("secret").create()
    assert UrlTokens("secret").is_ours(token)
    assert not UrlTokens("another").is_ours(token)


def test_tokens_are_long_and_never_the_same() -> None:
    made = {UrlTokens("secret").create() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(token) for token in made} == {56}


@pytest.mark.parametrize("place", [0, 20, 31, 32, 40, 55])
def test_changed_token_is_not_ours(place: int) -> None:
    tokens = UrlTokens("secret")
    token = tokens.create()
    changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
    assert not tokens.is_ours(changed)


@pytest.mark.parametrize("guess", ["", "A", "A" * 56, "=" * 56, "🎤" * 14, "../" * 18, "A" * 100_000])
def test_guess_is_not_ours(guess: str) -> None:
    assert not UrlTokens("secret").is_ours(guess)
