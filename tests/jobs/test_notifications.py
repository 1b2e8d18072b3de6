"""What is laid over procrastinate's tables: a job that waits for the lock of another is notified when that ends.

Procrastinate alone would leave it waiting for the next poll. No worker runs here: one that fetches just then forgets
the notification, and polls.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from bot.jobs.listener import ListeningConnector
from bot.jobs.runner import AT_ONCE
from bot.store.database import Database
from tests.jobs.workers import TIMEOUT_S, A, enqueue, until_listening


async def first_of_two(database: Database, task: str) -> tuple[JobManager, int]:
    """Two jobs of one lock, of which the first is under way; who looks after jobs, and its id."""
    connector = ListeningConnector()
    await connector.open_async(cast(Any, database.pool))
    manager = JobManager(connector)
    await enqueue(database, A, A, task=task)
    job = await manager.fetch_job(queues=[task], worker_id=await manager.register_worker())
    assert job is not None
    assert job.id is not None
    return manager, job.id


@asynccontextmanager
async def notified(database: Database, manager: JobManager, task: str) -> AsyncIterator[None]:
    """Ends when a notification of the task's queue has come since it began."""
    heard = asyncio.Event()

    async def notify(**_: object) -> None:
        heard.set()

    listening = asyncio.create_task(manager.listen_for_jobs(on_notification=cast(Any, notify), queues=[task]))
    await until_listening(str(database.pool.conninfo), connections=1)
    yield
    async with asyncio.timeout(TIMEOUT_S):
        await heard.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.parametrize("task", ["send_next", "refresh_notice"])
async def test_next_job_of_a_lock_is_notified_when_the_first_ends(database: Database, task: str) -> None:
    manager, first = await first_of_two(database, task)
    async with notified(database, manager, task):
        await manager.finish_job_by_id_async(first, Status.SUCCEEDED, delete_job=True)


async def test_next_job_of_a_lock_is_notified_when_the_first_comes_again(database: Database) -> None:
    manager, first = await first_of_two(database, "send_next")
    async with notified(database, manager, "send_next"):
        await manager.retry_job_by_id_async(first, AT_ONCE)
