"""Readiness of each dependency, and of the work itself."""

from datetime import timedelta
from typing import Any, TypeVar, cast

import psycopg
import pytest

from bot.app import health
from bot.relay.errors import RetryLater
from bot.store.database import Database

Value = TypeVar("Value")


class Store:
    """A database whose oldest due delivery has waited ``late_s``, whose oldest mark is ``mark_s`` old, and beside which
    our clock is ``skew_s`` ahead."""

    def __init__(self) -> None:
        self.late_s = self.mark_s = self.skew_s = 0.0
        self.waiting: list[tuple[str, int, str]] = []
        self.trouble: RetryLater | None = None
        self.deliveries = self.marks = self

    async def oldest_due(self, search_timeout: timedelta) -> float:
        return self._give(self.late_s)

    async def oldest_age(self) -> float:
        return self._give(self.mark_s)

    async def waiting_for_rooms(self) -> list[tuple[str, int, str]]:
        return self._give(self.waiting)

    async def check_writable(self) -> float:
        return self._give(self.skew_s)

    def _give(self, value: Value) -> Value:
        if self.trouble:
            raise self.trouble
        return value


@pytest.fixture
def store() -> Store:
    return Store()


def worker(store: Store, *, is_running: bool = True, shown: list[float] | None = None) -> health.HealthCheck:
    show: Any = ([] if shown is None else shown).append
    return health.worker(cast(Database, store), timedelta(minutes=2), lambda: is_running, show)


async def test_call_that_raises_is_its_reason() -> None:
    async def call() -> None:
        raise RetryLater("The database cannot be reached.")

    assert await health.reason_of(call)() == "The database cannot be reached."


async def test_stopped_worker_is_a_problem(store: Store) -> None:
    assert await worker(store, is_running=False)() == "the worker has stopped"


async def test_late_work_is_a_problem_and_its_age_is_shown(store: Store) -> None:
    shown: list[float] = []
    store.late_s = 59
    assert await worker(store, shown=shown)() == ""
    store.late_s = 61
    assert await worker(store, shown=shown)() == "a delivery has been due for 61 s"
    assert shown == [59, 61]


async def test_history_that_was_not_read_for_an_hour_is_a_problem(store: Store) -> None:
    shown: list[float] = []
    check = health.marks(cast(Database, store), shown.append)
    store.mark_s = 2000
    assert await check() == ""
    store.mark_s = 3900
    assert await check() == "a linked room was last read 65 min ago"
    assert shown == [2000, 3900]


async def test_channels_that_messages_wait_for_are_named_once_each(store: Store) -> None:
    check = health.rooms(cast(Database, store))
    assert await check() == ""
    archived = "The channel is archived."
    store.waiting = [("slack:T1/C1/1.1", 2, archived), ("slack:T1/C1/2.2", 3, archived), ("slack:T1/C2", 1, "No.")]
    assert await check() == f"5 messages wait for C1. {archived} 1 messages wait for C2. No."


@pytest.mark.parametrize(("skew_s", "words"), [(59.0, ""), (3600.0, "+3600 s off"), (-90.0, "-90 s off")])
async def test_clock_that_differs_from_the_database_is_named(store: Store, skew_s: float, words: str) -> None:
    store.skew_s = skew_s
    reason = await health.database(cast(Database, store))()
    assert words in reason
    assert bool(reason) is bool(words)


READ_ONLY = "ALTER DATABASE {} SET default_transaction_read_only = on"
NEW_CONNECTIONS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"


async def test_database_that_takes_no_writes_is_a_problem_with_its_cause(database: Database, database_url: str) -> None:
    assert await health.database(database)() == ""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(READ_ONLY.format(connection.info.dbname).encode())
        connection.execute(NEW_CONNECTIONS, (connection.info.dbname, connection.info.backend_pid))
    reason = await health.database(database)()
    assert "takes no writes" in reason
    assert "read-only" in reason


async def test_database_that_cannot_be_asked_is_a_problem_everywhere(store: Store) -> None:
    store.trouble = RetryLater("The database cannot be reached.")
    asked = cast(Database, store)
    for check in (worker(store), health.database(asked), health.marks(asked, lambda _: None), health.rooms(asked)):
        assert await check() == "The database cannot be reached."


async def fine() -> str:
    return ""


async def deaf() -> str:
    return "deaf"


async def test_first_problem_of_several_is_told_also_of_one_added_later() -> None:
    checks = [fine]
    both = health.first_problem(checks)
    assert await both() == ""
    checks.append(deaf)
    assert await both() == "deaf"


async def test_remembered_answer_is_asked_for_again_after_a_minute() -> None:
    asked, now = 0, 0.0

    async def check() -> str:
        nonlocal asked
        asked += 1
        return "closed"

    remembered = health.remembered(check, clock=lambda: now)
    assert [await remembered() for _ in range(3)] == ["closed"] * 3
    assert asked == 1
    now = 61.0
    await remembered()
    assert asked == 2


async def test_proof_that_succeeded_once_is_not_asked_for_again() -> None:
    answers = ["broken", "", "never asked"]

    async def check() -> str:
        return answers.pop(0)

    proof = health.until_fine(check, "broken at the start")
    assert [await proof() for _ in range(4)] == ["broken", "", "", ""]
