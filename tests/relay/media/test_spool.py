"""A recording's copy on disk: read while it grows, private, and gone afterwards whatever the end."""

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.relay.errors import RetryLater
from bot.relay.media.spool import FOLDER_PREFIX, Spool, SpoolFolder


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


async def test_reader_has_each_chunk_before_the_next_one_comes(spool: Spool) -> None:
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


async def test_reader_who_comes_late_has_all_of_it(spool: Spool) -> None:
    source = Source()
    source.coming.put_nowait(b"x" * 1_000_000)
    source.coming.put_nowait(b"")
    await spool.fill(b"", aiter(source))
    assert b"".join([chunk async for chunk in spool.follow()]) == b"x" * 1_000_000


async def test_readers_end_where_the_filling_breaks_off_and_the_filler_is_told(spool: Spool) -> None:
    source = Source()
    filling = asyncio.create_task(spool.fill(b"head", aiter(source)))
    reader = spool.follow()
    assert await anext(reader) == b"head"
    source.coming.put_nowait(None)
    assert [chunk async for chunk in reader] == []
    with pytest.raises(RetryLater, match="broke off"):
        await filling


def test_close_removes_the_file_and_its_converted_copy(tmp_path: Path) -> None:
    with closing(Spool(tmp_path)) as spool:
        spool.copy_path.write_bytes(b"CONVERTED")
    assert list(tmp_path.iterdir()) == []


def test_folder_lets_nobody_else_look_in(tmp_path: Path) -> None:
    folder = SpoolFolder.create(tmp_path)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    folder.remove()
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from bot.relay.media.spool import Spool, SpoolFolder
Spool(SpoolFolder.create(Path(sys.argv[1])).path).copy_path.write_bytes(b"AUDIO")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_folder_of_a_killed_process_is_removed_by_the_next_one(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    [left] = tmp_path.iterdir()
    folder = SpoolFolder.create(tmp_path)
    assert list(tmp_path.iterdir()) == [folder.path]
    assert left != folder.path
    folder.remove()


def test_folder_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    first, second = SpoolFolder.create(tmp_path), SpoolFolder.create(tmp_path)
    assert first.path.exists()
    for folder in (first, second):
        folder.remove()


def test_folder_leaves_what_is_not_its_own_alone(tmp_path: Path) -> None:
    stranger, unlocked = tmp_path / "memobridge-database", tmp_path / f"{FOLDER_PREFIX}half-made"
    for folder in (stranger, unlocked):
        folder.mkdir()
    made = SpoolFolder.create(tmp_path)
    assert stranger.exists()
    assert unlocked.exists()  # without a lock it may be somebody's who is just making it
    made.remove()
    assert os.listdir(tmp_path) != []
