"""The harness's side of the nest: bots that are up in a fraction of a second."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

from bot.cli.child import LINE_BYTES, ROOT, BotProcess
from tests.crash.nest import REQUEST_BYTES


class Hatched:
    """As much of an asyncio ``Process`` as is asked of one."""

    def __init__(self, pid: int, stderr: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stderr = stderr
        self.returncode: int | None = None
        self.gone = asyncio.Event()

    async def wait(self) -> int:
        await self.gone.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, sign: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, sign)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nest:
    """Made by ``nest``. Every bot it hatched is gone when its block ends."""

    def __init__(self, asking: socket.socket) -> None:
        self._asking = asking
        self._hatched: dict[int, Hatched] = {}
        self._next: asyncio.Queue[int] = asyncio.Queue()
        self._turn = asyncio.Lock()

    def bot(self, environment: dict[str, str]) -> BotProcess:
        return NestBot(self, environment)

    async def hatch(self, environ: dict[str, str]) -> Hatched:
        mine, theirs = os.pipe()
        stderr = asyncio.StreamReader(limit=LINE_BYTES)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stderr), os.fdopen(mine, "rb")
        )
        async with self._turn:
            socket.send_fds(self._asking, [json.dumps(environ).encode()], [theirs])
            os.close(theirs)
            pid = await self._next.get()
        hatched = self._hatched[pid]
        hatched.stderr = stderr
        return hatched

    def hear(self) -> None:
        with suppress(BlockingIOError):
            while said := self._asking.recv(REQUEST_BYTES):
                self._take(**json.loads(said))

    def _take(self, pid: int, code: int | None = None) -> None:
        if code is None:
            self._hatched[pid] = Hatched(pid, asyncio.StreamReader())
            self._next.put_nowait(pid)
        else:
            gone = self._hatched.pop(pid)
            gone.returncode = code
            gone.gone.set()

    async def clear(self) -> None:
        left = list(self._hatched.values())
        for each in left:
            each.kill()
        for each in left:
            await each.wait()


class NestBot(BotProcess):
    """A bot out of the nest."""

    def __init__(self, nest: Nest, environment: dict[str, str]) -> None:
        super().__init__(environment)
        self._nest = nest

    async def spawn(self, environ: dict[str, str]) -> asyncio.subprocess.Process:
        return cast(asyncio.subprocess.Process, await self._nest.hatch(environ))


@asynccontextmanager
async def nest() -> AsyncIterator[Nest]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.nest", str(theirs.fileno()), cwd=ROOT, pass_fds=[theirs.fileno()]
    )
    theirs.close()
    ours.setblocking(False)
    made, loop = Nest(ours), asyncio.get_running_loop()
    loop.add_reader(ours, made.hear)
    try:
        yield made
    finally:
        await made.clear()
        loop.remove_reader(ours)
        ours.close()
        await process.wait()
