"""Quiet hours by the clocks of their place, also on the two nights when these are changed."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.errors import InvalidInput
from bot.relay.quiet_hours import QuietHours, parse_quiet_hours

NIGHT = QuietHours(time(22), time(8), "Europe/Berlin")
NOON = QuietHours(time(12), time(13, 30), "America/New_York")


def utc(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        (NIGHT, "2026-11-27T21:00", "2026-11-28T07:00"),  # 22:00 in Berlin
        (NIGHT, "2026-11-27T20:59", None),
        (NIGHT, "2026-11-28T06:59", "2026-11-28T07:00"),
        (NIGHT, "2026-11-28T07:00", None),
        (NIGHT, "2026-07-01T20:00", "2026-07-02T06:00"),  # in summer
        (NOON, "2026-11-27T17:00", "2026-11-27T18:30"),
        (NOON, "2026-11-27T18:30", None),
        (NIGHT, "2026-03-28T22:00", "2026-03-29T06:00"),  # the night with an hour less
        (NIGHT, "2026-10-24T21:00", "2026-10-25T07:00"),  # the night with an hour more
    ],
)
def test_quiet_ends_by_the_clocks_of_the_place(hours: QuietHours, at: str, until: str | None) -> None:
    assert hours.until(utc(at)) == (utc(until) if until else None)


def test_end_within_the_skipped_hour_is_as_much_later() -> None:
    skipped = QuietHours(time(22), time(2, 30), "Europe/Berlin")
    assert skipped.until(utc("2026-03-28T23:00")) == utc("2026-03-29T01:30")


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(begins=TIMES, ends=TIMES, zone=ZONES, at=MOMENTS)
def test_quiet_ends_later_and_within_a_day(begins: time, ends: time, zone: str, at: datetime) -> None:
    until = QuietHours(begins, ends, zone).until(at)
    assert until is None or timedelta() < until - at <= timedelta(hours=25)


@pytest.mark.parametrize("written", ["22:00-08:00 Europe/Berlin", " 9:00 - 17:30  UTC"])
def test_what_is_parsed_is_shown_in_one_way(written: str) -> None:
    parsed = parse_quiet_hours(written)
    assert parse_quiet_hours(str(parsed)) == parsed


@pytest.mark.parametrize(
    "written",
    ["", "off", "22-8 UTC", "24:00-08:00 UTC", "22:00-08:60 UTC", "08:00-08:00 UTC", "22:00-08:00", "22:00-08:00 Mars",
     "22:00-08:00 ../etc/passwd", "22:00-08:00 /etc/localtime"],
)  # fmt: skip
def test_what_cannot_be_parsed_says_how_to_write_it(written: str) -> None:
    with pytest.raises(InvalidInput):
        parse_quiet_hours(written)
