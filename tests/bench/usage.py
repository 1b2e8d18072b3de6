"""What a family of processes costs: the bot with its workers and its database, or the floor alone. Linux only."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MIB = 1024 * 1024
LOOK_EVERY_S = 0.02


class Family:
    """A process and all its descendants, and those of the database that keeps its files in ``folder``, if one does."""

    def __init__(self, pid: int, folder: Path | None = None) -> None:
        self._own = psutil.Process(pid)
        self._database = psutil.Process(_postmaster(folder)) if folder is not None else None

    def members(self, *, with_database: bool = True) -> Sequence[psutil.Process]:
        heads = [self._own, *([self._database] if self._database and with_database else [])]
        found = {each.pid: each for head in heads for each in [head, *head.children(recursive=True)]}
        if self._database and not with_database:  # the bot may have started it
            for each in [self._database, *self._database.children(recursive=True)]:
                found.pop(each.pid, None)
        return list(found.values())

    def cpu_s(self) -> float:
        """Seconds of CPU so far, user and system, of the living and of those children that were waited for."""
        total = 0.0
        for process in self.members():
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])
        return total

    def memory_mib(self, *, with_database: bool = True) -> float:
        """What they hold together; a page that several share counts once (PSS)."""
        total = 0
        for process in self.members(with_database=with_database):
            with suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        return total / MIB


def _postmaster(folder: Path) -> int:
    (found,) = folder.rglob("postmaster.pid")
    return int(found.read_text().split()[0])


@dataclass
class Looks:
    """Memory seen in a stretch of time, in MiB."""

    seen: list[float] = field(default_factory=list)

    @property
    def usual(self) -> float:
        return statistics.median(self.seen)

    @property
    def most(self) -> float:
        return max(self.seen)


@asynccontextmanager
async def looking_at_memory(family: Family) -> AsyncIterator[Looks]:
    """Look every 20 ms while the block runs, and once more at its end."""
    looks = Looks()

    async def look() -> None:
        while True:
            looks.seen.append(await asyncio.to_thread(family.memory_mib))
            await asyncio.sleep(LOOK_EVERY_S)

    looking = asyncio.create_task(look())
    try:
        yield looks
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        looks.seen.append(family.memory_mib())
