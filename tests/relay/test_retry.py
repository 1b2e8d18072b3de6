from datetime import timedelta

import pytest

from bot.relay.retry import parse_retry_after

HOUR = timedelta(hours=1)
NOON = "Sun, 22 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("7.5", 7.5),
        ("0", 0),
        ("-5", 0),
        ("1e300", 3600),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:00:00 GMT", 3600),
    ],
)
def test_retry_is_seconds_or_a_date_within_bounds(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOON, at_most=HOUR) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "inf", "nan", "9" * 400, "Sun, 22 Nov 2026 12:00:00 -0000"])
def test_unreadable_retry_after_is_none(value: str) -> None:
    assert parse_retry_after(value, NOON, at_most=HOUR) is None


def test_date_without_the_answers_date_is_none() -> None:
    """Our own clock may be wrong by hours."""
    assert parse_retry_after(NOON, "", at_most=HOUR) is None
