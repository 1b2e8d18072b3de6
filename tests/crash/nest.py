"""``python -m tests.crash.nest FD``: has done the bot's imports and hatches a bot each time it is asked over ``FD``.

Hundreds of bots are started in one run, and without this most of that time would go into the same imports. What is
hatched is a process of its own that opens its own database, ports and sockets. A cold start is measured beside it.

Each request is a JSON object, the environment, with one descriptor for the bot's stderr. Answers are JSON too: the
``pid`` of who was hatched, and later its ``code``.
"""

import json
import os
import select
import signal
import socket
import sys
from importlib import import_module
from typing import NoReturn

REQUEST_BYTES = 65536


def main() -> None:
    """Until the other end of the socket is closed."""
    bot = import_module("tests.crash.dying_bot")  # here, because the bot's own workers import this module
    asked = socket.socket(fileno=int(sys.argv[1]))
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([asked, woken], [], [])
        if woken in ready:
            woken.recv(REQUEST_BYTES)
            _bury(asked)
        if asked in ready and not _hatch(asked, bot.live):
            return


def _hatch(asked: socket.socket, live: object) -> bool:
    """False when nobody will ask any more."""
    said, descriptors, _, _ = socket.recv_fds(asked, REQUEST_BYTES, 1)
    if not said:
        return False
    pid = os.fork()
    if pid == 0:
        _become(json.loads(said), descriptors[0], live)
    os.close(descriptors[0])
    asked.send(json.dumps({"pid": pid}).encode())
    return True


def _become(environ: dict[str, str], stderr: int, live: object) -> NoReturn:
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
        assert callable(live)
        live()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(code)


def _bury(asked: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        asked.send(json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}).encode())


if __name__ == "__main__":
    main()
