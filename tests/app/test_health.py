"""Readiness of each neighbour, and of the work itself."""

from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from bot.app import health
from bot.relay.errors import RetryLater
from bot.store.database import Database


class Deliveries:
    """A store in which the oldest due delivery has waited ``late_s``."""

    def __init__(self) -> None:
        self.late_s = 0.0
        self.trouble: RetryLater | None = None
        self.deliveries = self

    async def oldest_due(self, now: datetime, find_for: timedelta) -> float:
        assert now.tzinfo is not None
        if self.trouble:
            raise self.trouble
        return self.late_s


@pytest.fixture
def store() -> Deliveries:
    return Deliveries()


def worker(store: Deliveries, *, is_running: bool = True, shown: list[float] | None = None) -> health.Ping:
    show: Any = ([] if shown is None else shown).append
    return health.worker(cast(Database, store), timedelta(minutes=2), lambda: is_running, show)


async def test_a_check_that_fails_says_why() -> None:
    async def check() -> None:
        raise RetryLater("The database cannot be reached.")

    assert await health.reason(check)() == "The database cannot be reached."


async def test_a_worker_that_stopped_is_red(store: Deliveries) -> None:
    assert await worker(store, is_running=False)() == "the worker has stopped"


async def test_work_that_is_late_is_red_and_how_late_is_shown(store: Deliveries) -> None:
    shown: list[float] = []
    store.late_s = 59
    assert await worker(store, shown=shown)() == ""
    store.late_s = 61
    assert await worker(store, shown=shown)() == "a delivery has been due for 61 s"
    assert shown == [59, 61]


async def test_a_store_that_cannot_be_asked_is_red(store: Deliveries) -> None:
    store.trouble = RetryLater("The database cannot be reached.")
    assert await worker(store)() == "The database cannot be reached."


async def test_the_first_trouble_of_several_is_told_also_of_one_added_later() -> None:
    async def well() -> str:
        return ""

    async def ill() -> str:
        return "deaf"

    pings = [well]
    both = health.first_trouble(pings)
    assert await both() == ""
    pings.append(ill)
    assert await both() == "deaf"


async def test_a_neighbour_with_limits_is_asked_now_and_then() -> None:
    asked, now = 0, 0.0

    async def ping() -> str:
        nonlocal asked
        asked += 1
        return "shut"

    remembered = health.now_and_then(ping, clock=lambda: now)
    assert [await remembered() for _ in range(3)] == ["shut"] * 3
    assert asked == 1
    now = 61.0
    await remembered()
    assert asked == 2
