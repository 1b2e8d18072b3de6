"""What runs inside a worker process. The bot imports this to name the work; FFmpeg comes in only when it is done."""

import errno
import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from bot.audio import refusals
from bot.audio.terms import Limits
from bot.relay.errors import RelayError, RetryLater
from bot.relay.media.formats import AcceptedFormat
from bot.relay.ports import AudioFile

if TYPE_CHECKING:
    from bot.audio.listening import Conversion

Given = TypeVarTuple("Given")
Got = TypeVar("Got")

_GRACE_S = 2.0
_NICE = 5
_OUR_TROUBLE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EMFILE,
    errno.ENFILE,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.ENOENT,
}


def leashed(patience_s: float, memory_bytes: int, work: Callable[[*Given], Got], *given: *Given) -> Got:
    """Do the work within bounds; whatever goes wrong leaves as one of the relay's errors, which survive pickling."""
    _settle(memory_bytes)
    with _deadline(patience_s + _GRACE_S):
        try:
            return work(*given)
        except RelayError:
            raise
        except MemoryError:
            raise refusals.too_greedy() from None
        except Exception as trouble:
            raise _sorted(trouble) from None


def warm() -> None:
    """Nothing but a worker that has FFmpeg loaded."""


def look(path: Path, takes: Mapping[str, AcceptedFormat], limits: Limits) -> "AudioFile | Conversion":
    from bot.audio import listening

    return listening.look(path, takes, limits)


def convert(path: Path, target: Path, container: str, takes: Mapping[str, AcceptedFormat], limits: Limits) -> AudioFile:
    from bot.audio import listening

    _step_back()
    return listening.convert(path, target, container, takes, limits)


@functools.cache
def _settle(memory_bytes: int) -> None:
    """Once in a worker's life. Signals meant for the bot reach its children too (Ctrl-C, systemd): the bot decides."""
    from bot.audio import listening  # noqa: F401 -- FFmpeg is loaded before the memory it takes is measured

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform != "win32":
        _bound_memory(memory_bytes)


@functools.cache
def _step_back() -> None:
    """Once in a worker's life: a conversion may take long, and all else comes first. Looks have other workers."""
    if sys.platform != "win32":
        os.nice(_NICE)


def _bound_memory(memory_bytes: int) -> None:
    """By address space. Without /proc (macOS) there is no telling how much is in use, nor would the kernel mind."""
    import resource  # there is none on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.exists():
        own = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (own + memory_bytes, own + memory_bytes))


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """The bot ends a call that takes too long. Should the bot be gone, the kernel ends this process by itself."""
    if sys.platform == "win32":  # no such clock there
        yield
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _sorted(trouble: Exception) -> RelayError:
    if isinstance(trouble, OSError) and trouble.errno in _OUR_TROUBLE:
        return RetryLater(f"The bot's own disk gave an error: {trouble.strerror}.")
    return refusals.unforeseen(type(trouble).__name__)
