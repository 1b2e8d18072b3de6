"""The laws of the group writer: one commit for many, and each caller learns of its own entry."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.relay.errors import RetryLater
from bot.store.group_commit import GroupCommitter


class Book:
    """Commits numbers and gives them doubled. It refuses 13, and while ``is_away`` it cannot be reached."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.asked = 0
        self.is_away = False
        self.is_free = asyncio.Event()
        self.is_free.set()

    async def commit(self, entries: Sequence[int]) -> Sequence[int]:
        self.asked += 1
        await self.is_free.wait()
        if self.is_away:
            raise RetryLater("away")
        if 13 in entries:
            raise ValueError("13")
        self.groups.append(list(entries))
        return [2 * entry for entry in entries]


async def test_what_arrives_during_a_commit_is_committed_together_by_the_next() -> None:
    book = Book()
    writer = GroupCommitter(book.commit)
    book.is_free.clear()
    first = asyncio.ensure_future(writer.write(1))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(writer.write(n)) for n in (2, 3, 4)]
    await asyncio.sleep(0)
    book.is_free.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert book.groups == [[1], [2, 3, 4]]


async def test_a_group_that_lingers_takes_in_who_comes_meanwhile() -> None:
    book, lingered = Book(), asyncio.Event()
    writer = GroupCommitter(book.commit, linger=lingered.wait)
    first = asyncio.ensure_future(writer.write(1))
    for _ in range(5):
        await asyncio.sleep(0)
    second = asyncio.ensure_future(writer.write(2))
    await asyncio.sleep(0)
    lingered.set()
    assert (await first, await second) == (2, 4)
    assert book.groups == [[1, 2]]


async def test_one_bad_entry_fails_alone() -> None:
    writer = GroupCommitter(Book().commit)
    answers = await asyncio.gather(*(writer.write(n) for n in (1, 13, 2)), return_exceptions=True)
    assert answers[0] == 2
    assert isinstance(answers[1], ValueError)
    assert answers[2] == 4


async def test_all_fail_at_once_when_the_database_is_out_of_reach() -> None:
    book = Book()
    book.is_away = True
    writer = GroupCommitter(book.commit)
    answers = await asyncio.gather(*(writer.write(n) for n in range(5)), return_exceptions=True)
    assert all(isinstance(answer, RetryLater) for answer in answers)
    assert book.asked == 1  # each by itself would wait for the database in vain
    book.is_away = False
    assert await writer.write(1) == 2


async def test_a_group_has_a_limit() -> None:
    book = Book()
    writer = GroupCommitter(book.commit, most=2)
    await asyncio.gather(*(writer.write(n) for n in range(5)))
    assert book.groups == [[0, 1], [2, 3], [4]]


async def test_a_caller_that_goes_away_leaves_its_entry_to_be_stored() -> None:
    book = Book()
    book.is_free.clear()
    writer = GroupCommitter(book.commit)
    caller = asyncio.ensure_future(writer.write(1))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    book.is_free.set()
    await writer.close()
    assert book.groups == [[1]]
