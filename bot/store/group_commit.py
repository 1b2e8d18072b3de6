"""Group commit: entries that arrive while a commit is under way are committed together by the next one.

A commit costs the disk the same for one entry as for hundreds. The callers wait for it, so each learns of its own entry
whether it is stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.relay.errors import RetryLater

Entry = TypeVar("Entry")
Outcome = TypeVar("Outcome")


class GroupCommitter(Generic[Entry, Outcome]):
    """``commit`` stores entries and gives their outcomes in the same order. To store one twice changes nothing."""

    def __init__(
        self,
        commit: Callable[[Sequence[Entry]], Awaitable[Sequence[Outcome]]],
        *,
        max_entries: int = 500,
        max_wait: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """``max_wait``: what each group waits for, so that more may join it."""
        self._commit = commit
        self._max_entries = max_entries
        self._max_wait = max_wait
        self._waiting: list[tuple[Entry, asyncio.Future[Outcome]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, entry: Entry) -> Outcome:
        """Gives the outcome once the entry is committed. A caller that goes away leaves its entry to be stored."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="group commit")
        return await future

    async def close(self) -> None:
        """Wait until all that was handed in is answered."""
        if self._writing is not None:
            await self._writing

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                if self._max_wait:
                    await self._max_wait()
                group, self._waiting = self._waiting[: self._max_entries], self._waiting[self._max_entries :]
                await self._write_group(group)
        finally:
            self._writing = None

    async def _write_group(self, group: Sequence[tuple[Entry, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._commit([entry for entry, _ in group])
        except Exception as error:
            await self._fail(group, error)
            return
        for (_, future), outcome in zip(group, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

    async def _fail(self, group: Sequence[tuple[Entry, asyncio.Future[Outcome]]], error: Exception) -> None:
        """One bad entry must not fail the others. When the database is out of reach, they all fail alike, and those
        that wait fail with them: Slack waits 3 s for an answer, and each attempt takes 2 s."""
        if isinstance(error, RetryLater):
            group, self._waiting = [*group, *self._waiting], []
        elif len(group) > 1:
            for member in group:
                await self._write_group([member])
            return
        for _, future in group:
            if not future.done():
                future.set_exception(error)
