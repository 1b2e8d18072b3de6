"""What one file costs a worker, measured inside it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.audio import Limits, inside
from tests.audio.terms import TAKES

LIMITS = Limits()


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    peak_mib: float  # the most memory the worker ever held, start and libraries included


def converted(path: Path) -> Cost:
    return _measured(lambda: inside.convert(path, path.with_suffix(".m4a"), "webm", TAKES, LIMITS))


def looked_at(path: Path) -> Cost:
    """Once before, so that what is loaded only once does not count."""
    inside.look(path, TAKES, LIMITS)
    return _measured(lambda: inside.look(path, TAKES, LIMITS))


def _measured(work: Callable[[], object]) -> Cost:
    before = time.process_time()
    work()
    return Cost(time.process_time() - before, _peak_mib())


def _peak_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
