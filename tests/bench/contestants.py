"""Who is measured: the bot as ``memobridge run`` starts it, on an embedded database, and the wire floor."""

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.cli.child import BotProcess
from tests.bench.sandbox_process import ROOT
from tests.bench.usage import Family


@dataclass(frozen=True)
class Contestant:
    """One that is up and listens on 127.0.0.1."""

    port: int
    family: Family

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


Contest = Callable[[Mapping[str, str]], AbstractAsyncContextManager[Contestant]]


@asynccontextmanager
async def bot(environment: Mapping[str, str]) -> AsyncIterator[Contestant]:
    with folder() as place:
        async with BotProcess({**environment, "DATA_DIR": str(place)}) as process:
            yield Contestant(process.port, Family(process.pid, place))


@asynccontextmanager
async def floor(environment: Mapping[str, str]) -> AsyncIterator[Contestant]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.floor"), cwd=ROOT, env=dict(environment), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        yield Contestant(json.loads(await process.stderr.readline())["port"], Family(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()


@contextmanager
def folder() -> Iterator[Path]:
    """A short path, since a socket lives in it; the database's own user must reach it when we are root."""
    place = Path(tempfile.mkdtemp(prefix="memobridge-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
