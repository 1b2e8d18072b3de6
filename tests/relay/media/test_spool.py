"""A clip's copy on disk: read while it grows, and gone afterwards."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.relay.errors import RetryLater
from bot.relay.media.spool import ABANDONED_AFTER_S, PREFIX, Spool, clear_spools


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with closing(Spool(tmp_path)) as made:
        yield made


class Source:
    """Chunks that come when the test says so; None: the source breaks off."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self.coming.get():
            yield chunk
        if chunk is None:
            raise RetryLater("The download broke off.")


async def test_a_reader_has_each_chunk_before_the_next_one_comes(spool: Spool) -> None:
    source = Source()
    filling = asyncio.create_task(spool.fill(b"head ", aiter(source)))
    reader, read = spool.follow(), b""
    for chunk in (b"one ", b"two ", b"three"):
        source.coming.put_nowait(chunk)
        while not read.endswith(chunk):
            read += await anext(reader)
    source.coming.put_nowait(b"")
    assert [chunk async for chunk in reader] == []
    await filling
    assert read == b"head one two three" == spool.path.read_bytes()


async def test_a_reader_who_comes_late_has_all_of_it(spool: Spool) -> None:
    source = Source()
    source.coming.put_nowait(b"x" * 1_000_000)
    source.coming.put_nowait(b"")
    await spool.fill(b"", aiter(source))
    assert b"".join([chunk async for chunk in spool.follow()]) == b"x" * 1_000_000


async def test_where_the_filling_breaks_off_readers_end_and_the_filler_learns_why(spool: Spool) -> None:
    source = Source()
    filling = asyncio.create_task(spool.fill(b"head", aiter(source)))
    reader = spool.follow()
    assert await anext(reader) == b"head"
    source.coming.put_nowait(None)
    assert [chunk async for chunk in reader] == []
    with pytest.raises(RetryLater, match="broke off"):
        await filling


def test_a_clip_that_a_killed_process_left_on_disk_is_removed_and_one_that_is_being_carried_is_not(
    tmp_path: Path,
) -> None:
    spool, stranger = tmp_path / f"{PREFIX}abc", tmp_path / "memobridge-database"
    for left in (spool, stranger):
        left.write_bytes(b"AUDIO")
    touched = spool.stat().st_mtime
    clear_spools(tmp_path, touched + ABANDONED_AFTER_S - 1)
    assert spool.exists()
    clear_spools(tmp_path, touched + ABANDONED_AFTER_S + 1)
    assert [left.name for left in tmp_path.iterdir()] == ["memobridge-database"]
