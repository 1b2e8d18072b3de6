"""Times as people type them, in their own zone."""

from datetime import UTC, datetime

import pytest

from bot.slack.actions.when import parse_when, tomorrow_morning, zone_of

NOW = datetime(2026, 11, 27, 13, 30, tzinfo=UTC)  # a Friday, 14:30 in Berlin
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("written", "at", "rest"),
    [
        ("9:00 See you", "2026-11-28T09:00", "See you"),  # today's nine is over
        ("15:00", "2026-11-27T15:00", ""),
        ("3pm call me", "2026-11-27T15:00", "call me"),
        ("12am", "2026-11-28T00:00", ""),
        ("tomorrow", "2026-11-28T09:00", ""),
        ("Tomorrow at 10:15 Hello", "2026-11-28T10:15", "Hello"),
        ("today 16:00", "2026-11-27T16:00", ""),
        ("today 9:00", "2026-11-27T09:00", ""),  # it is over, and said to be so when it is submitted
        ("monday", "2026-11-30T09:00", ""),
        ("friday 18:00 Bye", "2026-11-27T18:00", "Bye"),
        ("friday 9:00", "2026-12-04T09:00", ""),
        ("2026-12-24 17 Merry", "2026-12-24T17:00", "Merry"),
        ("in 2 hours Hi", "2026-11-27T16:30", "Hi"),
        ("in 30 min", "2026-11-27T15:00", ""),
        ("in 3 days", "2026-11-30T14:30", ""),
    ],
)
def test_time_stands_before_the_text(written: str, at: str, rest: str) -> None:
    found, left = parse_when(written, NOW, BERLIN)
    assert found is not None
    assert (f"{found.astimezone(zone_of(BERLIN)):%Y-%m-%dT%H:%M}", left) == (at, rest)


@pytest.mark.parametrize(
    "written", ["", "Hello", "9 lives", "25:00", "13pm", "2026-13-40 9:00", "todays news", "in a while"]
)
def test_text_without_a_time_stays_whole(written: str) -> None:
    assert parse_when(written, NOW, BERLIN) == (None, written)


@pytest.mark.parametrize(
    ("zone", "utc"),
    [(BERLIN, "2026-11-28T08:00"), ("America/New_York", "2026-11-28T14:00"), ("", "2026-11-28T09:00"), ("Mars", None)],
)
def test_default_is_tomorrow_at_nine_where_the_person_is(zone: str, utc: str | None) -> None:
    at = tomorrow_morning(NOW, zone)
    assert f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}" == (utc or "2026-11-28T09:00")


def test_nine_stays_nine_when_the_clocks_change() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert tomorrow_morning(before, BERLIN).astimezone(UTC).hour == 8
