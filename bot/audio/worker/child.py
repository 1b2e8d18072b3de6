"""The worker process itself: takes pickled calls from its standard input, answers each with one line of JSON.

It starts with nothing in its environment and with limits on files, descriptors and memory, for what it decodes comes
from strangers. When its input ends, the bot has ended, and so does the process, whatever it is doing.
"""

import dataclasses
import json
import os
import pickle
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from bot.audio import errors
from bot.audio.worker.process import OUT_OF_MEMORY
from bot.relay.errors import Refused, RetryLater

Call = tuple[Callable[..., object], tuple[object, ...]]

_OPEN_FILES = 64
_MOST_PLACES = 12


def main(memory_bytes: int, file_bytes: int) -> None:
    """Answer calls until the input ends.

    ``memory_bytes``: on top of what FFmpeg takes to be there; ``file_bytes``: the largest file that may be written.
    """
    answers = _take_standard_output()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent to the whole service: the bot decides when its workers end
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    calls: SimpleQueue[Call] = SimpleQueue()
    threading.Thread(target=_read_calls, args=[calls], daemon=True).start()
    while True:
        function, arguments = calls.get()
        answer = run_limited(memory_bytes, function, *arguments)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def run_limited(memory_bytes: int, function: Callable[..., object], *arguments: object) -> dict[str, Any]:
    """Call the function within the memory limit. Returns its result, or what went wrong, as plain values."""
    try:
        _limit_memory(memory_bytes)
        result = function(*arguments)
        return {"result": dataclasses.asdict(result) if dataclasses.is_dataclass(result) else result}  # type: ignore[arg-type]
    except Refused as refusal:
        return _error("refused", refusal)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception as error:
        return _our_fault(error)


def _take_standard_output() -> BinaryIO:
    """Keep what a library prints out of the answers: it goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _read_calls(calls: "SimpleQueue[Call]") -> None:
    """Runs in a thread of its own, so that a busy worker notices that the bot was killed: FFmpeg decodes without the
    GIL."""
    try:
        while True:
            calls.put(pickle.load(sys.stdin.buffer))
    except EOFError:
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(os.EX_SOFTWARE)


@cache
def _limit_memory(memory_bytes: int) -> None:
    """Limit the address space, once FFmpeg is loaded. Without /proc (macOS) the present size is not known, and the
    kernel would not enforce the limit."""
    from bot.audio.convert import convert  # noqa: F401 -- loads FFmpeg
    from bot.audio.inspect import inspect  # noqa: F401

    statm = Path("/proc/self/statm")
    if statm.exists():
        limit = int(statm.read_text().split()[0]) * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _our_fault(error: Exception) -> dict[str, Any]:
    """Describe a full disk, a missing right, or an exception that nobody foresaw. The exception's message may quote the
    file: only its type and places leave the process."""
    if isinstance(error, OSError) and error.errno in errors.MACHINE_ERRORS:
        return _error("later", errors.disk_error(error.strerror))
    if isinstance(error, RetryLater):
        return _error("later", error)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"fault": type(error).__name__, "places": places[-_MOST_PLACES:]}


def _error(kind: str, error: Refused | RetryLater) -> dict[str, Any]:
    return {kind: error.reason, "code": error.code}
