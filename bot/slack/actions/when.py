"""A time as people type it. Pure; in the zone of whoever typed it."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MORNING = time(9)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"m": "minutes", "min": "minutes", "minute": "minutes", "h": "hours", "hour": "hours", "day": "days"}
_WAIT = re.compile(r"in\s+(\d{1,4})\s*(minute|min|m|hour|h|day)s?\b", re.IGNORECASE)
_DAY = re.compile(rf"(today|tomorrow|{'|'.join(_WEEKDAYS)}|\d{{4}}-\d\d-\d\d)\b(?:\s+at\b)?\s*", re.IGNORECASE)
_TIME = re.compile(r"(?:at\s+)?(\d{1,2})(?::(\d\d))?\s*(am|pm)?(?=\s|$)", re.IGNORECASE)


def tomorrow_morning(now: datetime, zone: str) -> datetime:
    """At nine, where that person is."""
    place = zone_of(zone)
    return datetime.combine(now.astimezone(place).date() + timedelta(days=1), MORNING, place)


def parse_when(written: str, now: datetime, zone: str) -> tuple[datetime | None, str]:
    """The time at the beginning of what was written, and the rest of it; None where it begins with none.

    ``9:30``, ``tomorrow``, ``friday at 14:00``, ``2026-12-01 9am``, ``in 2 hours``. A time of day without a day is the
    next one; a day without a time is its morning.
    """
    written, local = written.strip(), now.astimezone(zone_of(zone))
    if wait := _WAIT.match(written):
        unit = _UNITS[wait[2].lower()]
        return now + timedelta(**{unit: int(wait[1])}), written[wait.end() :].strip()
    day = _DAY.match(written)
    rest = written[day.end() :] if day else written
    clock = _TIME.match(rest)
    hour = _time_of(clock) if clock and (clock[2] or clock[3] or day) else None
    try:
        meant = _date_of(day[1].lower(), local) if day else local.date()
    except ValueError:  # there is no such day
        return None, written
    if hour is None:
        return (None, written) if day is None else (datetime.combine(meant, MORNING, local.tzinfo), rest.strip())
    at = datetime.combine(meant, hour, local.tzinfo)
    assert clock is not None, "without it there is no hour"
    is_past = at <= local and (day is None or day[1].lower() in _WEEKDAYS)
    return (at + timedelta(days=7 if day else 1) if is_past else at), rest[clock.end() :].strip()


def zone_of(name: str) -> ZoneInfo:
    """UTC where Slack names no zone, or one that is not known here."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _date_of(day: str, local: datetime) -> date:
    if day in ("today", "tomorrow"):
        return local.date() + timedelta(days=day == "tomorrow")
    if day in _WEEKDAYS:
        return local.date() + timedelta(days=(_WEEKDAYS.index(day) - local.weekday()) % 7)
    return datetime.fromisoformat(day).date()


def _time_of(clock: "re.Match[str]") -> time | None:
    hour, minute, half = int(clock[1]), int(clock[2] or 0), (clock[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half == "pm")
    return time(hour, minute) if hour < 24 and minute < 60 else None
