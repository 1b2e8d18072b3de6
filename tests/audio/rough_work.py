"""Work that behaves as hostile files make decoders behave."""

import ctypes
import os
import signal
import threading
from pathlib import Path


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_the_first_time(marker: Path) -> str:
    if marker.exists():
        return "done"
    marker.touch()
    ctypes.string_at(0)
    return "unreachable"


def hang(started: Path) -> None:
    note = started.with_suffix(".new")
    note.write_text(str(os.getpid()))
    note.rename(started)  # whoever sees it, sees it written
    threading.Event().wait()


def devour() -> int:
    return len(bytearray(1 << 30))


def stumble() -> None:
    raise LookupError("not one of the relay's errors")


def fill_the_disk() -> None:
    raise OSError(28, "No space left on device")


def ignores_the_terminal() -> tuple[bool, bool]:
    return tuple(signal.getsignal(kind) is signal.SIG_IGN for kind in (signal.SIGINT, signal.SIGTERM))  # type: ignore[return-value]


def own_pid() -> int:
    return os.getpid()
