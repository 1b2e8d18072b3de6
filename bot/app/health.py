"""Health checks: one for each dependency, "" when all is well, else why not."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.relay.errors import RelayError
from bot.slack.ids import is_room, parse_room
from bot.store.database import Database

LATE_S = 60.0
REMEMBERED_FOR_S = 60.0
SKEW_MAX_S = 60.0
MARK_MAX_S = 3600.0
"""A thousand links, which are two thousand rooms, are read once in half an hour at a call a second."""

HealthCheck = Callable[[], Awaitable[str]]


@dataclass
class Checks:
    """All checks of a process. ``problems`` and ``warnings`` go to readiness by their names; ``slack`` and ``linq``
    hold what is asked of each of these, and grow as parts are started."""

    problems: dict[str, HealthCheck] = field(default_factory=dict)
    warnings: dict[str, HealthCheck] = field(default_factory=dict)
    slack: list[HealthCheck] = field(default_factory=list)
    linq: list[HealthCheck] = field(default_factory=list)


def reason_of(act: Callable[[], Awaitable[object]]) -> HealthCheck:
    """A call that raises, as a check that says why."""

    async def check() -> str:
        try:
            await act()
        except RelayError as error:
            return error.reason
        return ""

    return check


def first_problem(checks: Sequence[HealthCheck]) -> HealthCheck:
    """One check for several. The list may still grow."""

    async def check() -> str:
        for each in checks:
            if reason := await each():
                return reason
        return ""

    return check


def remembered(check: HealthCheck, clock: Callable[[], float] = time.monotonic) -> HealthCheck:
    """Readiness may be asked every second; what has rate limits is not."""
    asked_at, answer = float("-inf"), ""

    async def ask() -> str:
        nonlocal asked_at, answer
        if clock() - asked_at >= REMEMBERED_FOR_S:
            answer = await check()
            asked_at = clock()
        return answer

    return ask


def until_fine(check: HealthCheck, answer: str) -> HealthCheck:
    """What needs no further proof once it was fine. ``answer`` is the one of the time before."""

    async def ask() -> str:
        nonlocal answer
        if answer:
            answer = await check()
        return answer

    return ask


def database(database: Database) -> HealthCheck:
    """Red when it does not answer, takes no writes (a full disk, a standby), or has another time than we have."""

    async def check() -> str:
        try:
            skew_s = await database.check_writable()
        except RelayError as error:
            return error.reason
        if abs(skew_s) > SKEW_MAX_S:
            return f"our clock is {skew_s:+.0f} s off the database's: set the time of this machine"
        return ""

    return check


def worker(
    database: Database, search_timeout: timedelta, is_running: Callable[[], bool], show: Callable[[float], object]
) -> HealthCheck:
    """Red when the worker stopped, or when it runs and what is due is not done. ``show`` gets how late it is, in s. A
    send without an answer is searched for as long as ``search_timeout``."""

    async def check() -> str:
        if not is_running():
            return "the worker has stopped"
        try:
            late_s = await database.deliveries.oldest_due(search_timeout)
        except RelayError as error:
            return error.reason
        show(late_s)
        return f"a delivery has been due for {late_s:.0f} s" if late_s > LATE_S else ""

    return check


def marks(database: Database, show: Callable[[float], object]) -> HealthCheck:
    """Red when some linked room's history has not been read for so long that what was said there may be missing."""

    async def check() -> str:
        try:
            age_s = await database.marks.oldest_age()
        except RelayError as error:
            return error.reason
        show(age_s)
        return f"a linked room was last read {age_s / 60:.0f} min ago" if age_s > MARK_MAX_S else ""

    return check


def rooms(database: Database) -> HealthCheck:
    """Names the channels that were archived, or that the bot was removed from, while messages wait for them."""

    async def check() -> str:
        try:
            waiting = await database.deliveries.waiting_for_rooms()
        except RelayError as error:
            return error.reason
        counts: Counter[tuple[str, str]] = Counter()
        for room, number, reason in waiting:
            counts[_channel(room), reason] += number
        said = (f"{number} messages wait for {channel}. {reason}" for (channel, reason), number in counts.items())
        return " ".join(said)

    return check


def _channel(room: str) -> str:
    return parse_room(room).channel if is_room(room) else room
