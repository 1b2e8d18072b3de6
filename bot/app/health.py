"""Whether each neighbour is there: one ping for each, "" when all is well, else why not."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from bot.relay.errors import RelayError
from bot.store.database import Database

LATE_S = 60.0
ASKED_AGAIN_AFTER_S = 60.0

Ping = Callable[[], Awaitable[str]]


def reason(check: Callable[[], Awaitable[None]]) -> Ping:
    """A check that raises, as a ping that says why."""

    async def ping() -> str:
        try:
            await check()
        except RelayError as error:
            return error.reason
        return ""

    return ping


def first_trouble(pings: Sequence[Ping]) -> Ping:
    """One ping for several. The list may still grow."""

    async def ping() -> str:
        for each in pings:
            if why := await each():
                return why
        return ""

    return ping


def now_and_then(ping: Ping, clock: Callable[[], float] = time.monotonic) -> Ping:
    """Readiness may be asked every second; a neighbour with rate limits is not."""
    asked_at, answer = float("-inf"), ""

    async def remembered() -> str:
        nonlocal asked_at, answer
        if clock() - asked_at >= ASKED_AGAIN_AFTER_S:
            answer = await ping()
            asked_at = clock()
        return answer

    return remembered


def worker(
    database: Database, find_for: timedelta, is_running: Callable[[], bool], show: Callable[[float], object]
) -> Ping:
    """Red when the worker stopped, or when it runs and what is due is not done. ``show`` gets how late it is, in s. A
    send without an answer is looked for as long as ``find_for``."""

    async def ping() -> str:
        if not is_running():
            return "the worker has stopped"
        try:
            late = await database.deliveries.oldest_due(datetime.now(UTC), find_for)
        except RelayError as error:
            return error.reason
        show(late)
        return f"a delivery has been due for {late:.0f} s" if late > LATE_S else ""

    return ping
