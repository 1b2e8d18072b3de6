"""Quiet hours: when nothing leaves a room of the team by itself. Pure; by the clock of the place they are meant for."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.relay.errors import InvalidInput

_WRITTEN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s+(\S+)", re.ASCII)
HOW_TO_WRITE = "Write it like 22:00-08:00 Europe/Berlin, or off."


@dataclass(frozen=True)
class QuietHours:
    """From ``begins`` until ``ends``, over midnight where that is earlier. ``zone`` is an IANA name."""

    begins: time
    ends: time
    zone: str

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M} {self.zone}"

    def until(self, at: datetime) -> datetime | None:
        """When the quiet that holds at this moment ends; None where it is not quiet. Both in UTC.

        An hour that the clocks skip in spring ends as much later; of one that comes twice in autumn the first counts.
        """
        zone = ZoneInfo(self.zone)
        local = at.astimezone(zone)
        today = local.date()
        for day in (today - timedelta(days=1), today):
            last = day if self.begins < self.ends else day + timedelta(days=1)
            begins = datetime.combine(day, self.begins, zone).astimezone(UTC)
            ends = datetime.combine(last, self.ends, zone).astimezone(UTC)
            if begins <= at.astimezone(UTC) < ends:
                return ends
        return None


def parse_quiet_hours(written: str) -> QuietHours:
    """InvalidInput says how to write them."""
    match = _WRITTEN.fullmatch(written.strip())
    if match is None:
        raise InvalidInput(f"Those are no quiet hours. {HOW_TO_WRITE}")
    *numbers, zone = match.groups()
    try:
        begins, ends = time(int(numbers[0]), int(numbers[1])), time(int(numbers[2]), int(numbers[3]))
    except ValueError:
        raise InvalidInput(f"There is no such time of day. {HOW_TO_WRITE}") from None
    if begins == ends:
        raise InvalidInput("Quiet hours need a beginning and another end.")
    return QuietHours(begins, ends, _known_zone(zone))


def _known_zone(name: str) -> str:
    """As it is spelt, whatever the case in which people write it: files of zones tell one case from the other."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        spelt = next((zone for zone in available_timezones() if zone.casefold() == name.casefold()), None)
        if spelt is None:
            raise InvalidInput(f"There is no time zone {name}. {HOW_TO_WRITE}") from None
        return spelt
