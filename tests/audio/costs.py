"""What one file costs a worker, measured inside it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.audio import Limits
from bot.audio.worker import tasks
from bot.linq.api.limits import VOICE_FORMATS as CONTAINERS

LIMITS = Limits()


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    peak_mib: float  # the most memory the worker ever held, start and libraries included


def convert(path: Path) -> Cost:
    return _measure(lambda: tasks.convert_file(path, path.with_suffix(".m4a"), LIMITS))


def inspect(path: Path) -> Cost:
    """Once before, so that what is loaded only once does not count."""
    tasks.inspect_file(path, CONTAINERS, LIMITS)
    return _measure(lambda: tasks.inspect_file(path, CONTAINERS, LIMITS))


def _measure(work: Callable[[], object]) -> Cost:
    before = time.process_time()
    work()
    return Cost(time.process_time() - before, _peak_mib())


def _peak_mib() -> float:
    """Not from getrusage: that starts with what the process was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
