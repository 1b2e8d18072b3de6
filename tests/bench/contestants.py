"""Who is measured: the bot as ``memobridge run`` starts it, on an embedded database, and the two it is held against."""

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from bot.cli.child import BotProcess
from tests.bench import history
from tests.bench.sandbox_process import ROOT
from tests.bench.usage import Family

CLOSE_GAPS = "UPDATE marks SET has_gap = false, gap_since = NULL, checked_at = now(), leased_until = '-infinity'"


@dataclass(frozen=True)
class Contestant:
    """One that is up and listens on 127.0.0.1. ``database`` is where the bot keeps its own, if it has one."""

    port: int
    family: Family
    database: Path | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def settle(self) -> None:
        """As if every history had been read since the start. What a room sends waits for that, at Slack's pace: fifty
        channels would keep each measure waiting for a minute and a half."""
        if self.database is not None:
            async with await psycopg.AsyncConnection.connect(history.url(self.database), autocommit=True) as connection:
                await connection.execute(CLOSE_GAPS)


Contest = Callable[[Mapping[str, str]], AbstractAsyncContextManager[Contestant]]


@asynccontextmanager
async def bot(environment: Mapping[str, str]) -> AsyncIterator[Contestant]:
    """In a folder of its own, unless the environment names one."""
    with folder() as place:
        settings = {"DATA_DIR": str(place), **environment}
        async with BotProcess(settings) as process:
            data = Path(settings["DATA_DIR"])
            yield Contestant(process.port, Family(process.pid, data), data)


@asynccontextmanager
async def old_bot(environment: Mapping[str, str]) -> AsyncIterator[Contestant]:
    """The same with a long history in its database: a million deliveries, and a thousand links."""
    data = await asyncio.to_thread(history.clean_folder)
    async with bot({**environment, "DATA_DIR": str(data)}) as contestant:
        yield contestant


@asynccontextmanager
async def _program(module: str, environment: Mapping[str, str]) -> AsyncIterator[Contestant]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        cwd=ROOT,
        env=dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # the sandbox ends before their last edits, which they say at length
    )
    assert process.stdout is not None
    try:
        yield Contestant(json.loads(await process.stdout.readline())["port"], Family(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()


floor = partial(_program, "tests.bench.floor")
script = partial(_program, "tests.bench.script")
CONTESTS: Mapping[str, Contest] = {"bot": bot, "floor": floor, "script": script, "old bot": old_bot}


@contextmanager
def folder() -> Iterator[Path]:
    """A short path, since a socket lives in it; the database's own user must reach it when we are root."""
    place = Path(tempfile.mkdtemp(prefix="memobridge-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
