"""Starts bots without their imports: ``python -m tests.crash.processes.fork_server FD`` has done them, and forks.

An interpreter with the bot's imports takes 1.9 s of CPU, which five hundred starts would spend sixteen minutes on. What
is forked is a process of its own that opens its own database, ports and sockets.

Each request over ``FD`` is a JSON object, the environment, with one descriptor for the bot's stderr. Answers are JSON,
too: the ``pid`` of what was forked, and later its ``code``.
"""

import asyncio
import json
import os
import select
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import NoReturn, cast

from bot.cli.child import LINE_BYTES, ROOT, BotProcess

REQUEST_BYTES = 65536


# in the server


def serve() -> None:
    """Until the other end of the socket is closed."""
    run = import_module(
        "tests.crash.processes.killed_bot"
    ).run  # here, because the bot's own workers import this module, too
    requests = socket.socket(fileno=int(sys.argv[1]))
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            woken.recv(REQUEST_BYTES)
            _report_ended(requests)
        if requests in ready and not _fork(requests, run):
            return


def _fork(requests: socket.socket, run: Callable[[], None]) -> bool:
    """False when nobody will ask any more."""
    said, descriptors, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 1)
    if not said:
        return False
    pid = os.fork()
    if pid == 0:
        _become_bot(json.loads(said), descriptors[0], run)
    os.close(descriptors[0])
    requests.send(json.dumps({"pid": pid}).encode())
    return True


def _become_bot(environ: dict[str, str], stderr: int, run: Callable[[], None]) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.dup2(stderr, 2)
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)  # a database server that outlives this must not hold our pipes
        os.closerange(3, 64)
        os.environ.clear()
        os.environ.update(environ)
        run()
        code = 0
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(code)


def _report_ended(requests: socket.socket) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            requests.send(json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}).encode())


# in the campaign


class ForkedProcess:
    """As much of an asyncio ``Process`` as is asked of one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.stderr = asyncio.StreamReader(limit=LINE_BYTES)
        self.returncode: int | None = None
        self.ended = asyncio.Event()

    async def wait(self) -> int:
        await self.ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, sign: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, sign)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """Made by ``fork_server``. Every bot that it forked is gone when its block ends."""

    def __init__(self, requests: socket.socket) -> None:
        self.bots: list[BotProcess] = []  # every one that was made, the oldest first
        self._requests = requests
        self._running: dict[int, ForkedProcess] = {}
        self._forked: asyncio.Queue[ForkedProcess] = asyncio.Queue()
        self._one_at_a_time = asyncio.Lock()

    def bot(self, environment: dict[str, str]) -> BotProcess:
        self.bots.append(_ForkedBot(self, environment))
        return self.bots[-1]

    async def fork(self, environ: dict[str, str]) -> ForkedProcess:
        mine, theirs = os.pipe()
        async with self._one_at_a_time:
            socket.send_fds(self._requests, [json.dumps(environ).encode()], [theirs])
            os.close(theirs)
            forked = await self._forked.get()
        make = lambda: asyncio.StreamReaderProtocol(forked.stderr)  # noqa: E731
        await asyncio.get_running_loop().connect_read_pipe(make, os.fdopen(mine, "rb"))
        return forked

    def read_answers(self) -> None:
        with suppress(BlockingIOError):
            while said := self._requests.recv(REQUEST_BYTES):
                self._take(**json.loads(said))

    def _take(self, pid: int, code: int | None = None) -> None:
        if code is None:
            self._running[pid] = ForkedProcess(pid)
            self._forked.put_nowait(self._running[pid])
        else:
            ended = self._running.pop(pid)
            ended.returncode = code
            ended.ended.set()

    async def kill_all(self) -> None:
        left = list(self._running.values())
        for each in left:
            each.kill()
        for each in left:
            await each.wait()


class _ForkedBot(BotProcess):
    def __init__(self, server: ForkServer, environment: dict[str, str]) -> None:
        super().__init__(environment)
        self._server = server

    async def spawn(self, environ: dict[str, str]) -> asyncio.subprocess.Process:
        return cast(asyncio.subprocess.Process, await self._server.fork(environ))


@asynccontextmanager
async def fork_server() -> AsyncIterator[ForkServer]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash.processes.fork_server",
        str(theirs.fileno()),
        cwd=ROOT,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    ours.setblocking(False)
    server, loop = ForkServer(ours), asyncio.get_running_loop()
    loop.add_reader(ours, server.read_answers)
    try:
        yield server
    finally:
        await server.kill_all()
        loop.remove_reader(ours)
        ours.close()
        await process.wait()


if __name__ == "__main__":
    serve()
