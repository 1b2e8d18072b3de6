"""Tasks that behave as hostile files make decoders behave. They run inside worker processes."""

import ctypes
import os
import signal
import threading
import time
from pathlib import Path

from bot.relay.errors import Refused, RetryLater


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def be_killed() -> None:
    """As the kernel does to a process when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash_the_first_time(marker: Path) -> str:
    if marker.exists():
        return "done"
    marker.touch()
    ctypes.string_at(0)
    return "unreachable"


def hang(started: Path) -> None:
    """Write the pid to the file, which is there only once it is whole, and wait for ever."""
    note = started.with_suffix(".new")
    note.write_text(str(os.getpid()))
    note.rename(started)
    threading.Event().wait()


def spin(started: Path) -> None:
    """Like ``hang``, but hard at work."""
    note = started.with_suffix(".new")
    note.write_text(str(os.getpid()))
    note.rename(started)
    while True:
        time.process_time()


def devour_memory() -> int:
    return len(bytearray(1 << 30))


def stumble(secret: str) -> None:
    raise LookupError(f"an exception that no table knows, with {secret} in its words")


def fill_the_disk() -> None:
    raise OSError(28, "No space left on device")


def refuse() -> None:
    raise Refused("The file is odd. Record it again.", code="odd")


def postpone() -> None:
    raise RetryLater("The bot is busy.", code="busy")


def write_bytes(path: Path, size: int) -> str:
    try:
        path.write_bytes(bytes(size))
    except OSError as error:
        return os.strerror(error.errno or 0)
    return "written"


def open_many_files(count: int) -> str:
    files = []
    try:
        files += [os.open("/dev/null", os.O_RDONLY) for _ in range(count)]
    except OSError as error:
        return os.strerror(error.errno or 0)
    return f"{len(files)} opened"


def print_to_standard_output() -> str:
    os.write(1, b'{"result": "a line that is no answer"}\n')
    print("another")
    return "the answer"


def answer_an_endless_line() -> None:
    """Past the protocol, straight into the pipe that the answers take."""
    _write_raw(b"x" * 200_000)


def answer_nonsense(raw: str) -> None:
    _write_raw(raw.encode() + b"\n")
    threading.Event().wait()


def _write_raw(content: bytes) -> None:
    for number in range(3, 16):
        try:
            os.write(number, content)
        except OSError:
            continue


def environment() -> dict[str, str]:
    return dict(os.environ)


def environment_at_start() -> str:
    return Path("/proc/self/environ").read_bytes().decode()


def open_descriptors() -> list[str]:
    """What each descriptor leads to; the pipes and the null device have no path of interest."""
    folder = Path("/proc/self/fd")
    found = []
    for number in os.listdir(folder):
        try:
            found.append(os.readlink(folder / number))
        except OSError:
            continue  # the listing's own
    return [target for target in found if not target.startswith(("pipe:", "socket:"))]


def limits() -> dict[str, int]:
    import resource

    names = ("RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_AS")
    return {name: resource.getrlimit(getattr(resource, name))[1] for name in names}


def file_mode(path: Path) -> int:
    path.write_bytes(b"")
    return path.stat().st_mode & 0o777


def ignores_sigterm() -> bool:
    return signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def session_id() -> int:
    return os.getsid(0)


def own_pid() -> int:
    return os.getpid()


def filesystem_encoding() -> str:
    import sys

    return sys.getfilesystemencoding()
