"""Group commit: one commit for many entries, and each caller learns of its own."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.relay.errors import RetryLater
from bot.store.group_commit import GroupCommitter


class Book:
    """Commits numbers and gives them doubled. It refuses 13, and while ``is_down`` it cannot be reached."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.asked = 0
        self.is_down = False
        self.is_free = asyncio.Event()
        self.is_free.set()

    async def commit(self, entries: Sequence[int]) -> Sequence[int]:
        self.asked += 1
        await self.is_free.wait()
        if self.is_down:
            raise RetryLater("down")
        if 13 in entries:
            raise ValueError("13")
        self.groups.append(list(entries))
        return [2 * entry for entry in entries]


async def test_entries_that_arrive_during_a_commit_share_the_next() -> None:
    book = Book()
    committer = GroupCommitter(book.commit)
    book.is_free.clear()
    first = asyncio.ensure_future(committer.write(1))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(committer.write(n)) for n in (2, 3, 4)]
    await asyncio.sleep(0)
    book.is_free.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert book.groups == [[1], [2, 3, 4]]


async def test_group_that_waits_takes_in_what_comes_meanwhile() -> None:
    book, waited = Book(), asyncio.Event()
    committer = GroupCommitter(book.commit, max_wait=waited.wait)
    first = asyncio.ensure_future(committer.write(1))
    for _ in range(5):
        await asyncio.sleep(0)
    second = asyncio.ensure_future(committer.write(2))
    await asyncio.sleep(0)
    waited.set()
    assert (await first, await second) == (2, 4)
    assert book.groups == [[1, 2]]


async def test_one_bad_entry_fails_alone() -> None:
    committer = GroupCommitter(Book().commit)
    answers = await asyncio.gather(*(committer.write(n) for n in (1, 13, 2)), return_exceptions=True)
    assert answers[0] == 2
    assert isinstance(answers[1], ValueError)
    assert answers[2] == 4


async def test_all_fail_at_once_when_the_database_is_unreachable() -> None:
    book = Book()
    book.is_down = True
    committer = GroupCommitter(book.commit)
    answers = await asyncio.gather(*(committer.write(n) for n in range(5)), return_exceptions=True)
    assert all(isinstance(answer, RetryLater) for answer in answers)
    assert book.asked == 1  # each by itself would wait for the database in vain
    book.is_down = False
    assert await committer.write(1) == 2


async def test_what_waits_behind_an_unreachable_database_fails_with_it() -> None:
    book = Book()
    book.is_down = True
    book.is_free.clear()
    committer = GroupCommitter(book.commit)
    first = asyncio.ensure_future(committer.write(1))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(committer.write(2))
    await asyncio.sleep(0)
    book.is_free.set()
    answers = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(answer, RetryLater) for answer in answers)
    assert book.asked == 1


async def test_group_has_a_limit() -> None:
    book = Book()
    committer = GroupCommitter(book.commit, max_entries=2)
    await asyncio.gather(*(committer.write(n) for n in range(5)))
    assert book.groups == [[0, 1], [2, 3], [4]]


async def test_caller_that_goes_away_leaves_its_entry_to_be_stored() -> None:
    book = Book()
    book.is_free.clear()
    committer = GroupCommitter(book.commit)
    caller = asyncio.ensure_future(committer.write(1))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    book.is_free.set()
    await committer.close()
    assert book.groups == [[1]]
