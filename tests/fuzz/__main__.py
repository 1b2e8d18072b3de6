"""``python -m tests.fuzz``: a running bot under 100 000 mutated payloads; prints what became of them and of its memory.

Exits 1 if anything was answered with 5xx, if an unsigned one came in, if an exception of our own was logged, or if the
memory of the bot grew by more than ``GROWTH_MIB`` after the first tenth. The same seed knocks in the same way.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from bot.store.embedded import Embedded
from tests.fuzz.knocking import Count, Knocker, knock_often
from tests.stories.conftest import EXPECTED, Town, town_with

GROWTH_MIB = 16.0
PARTS = 10


async def fuzz(database_url: str, times: int, seed: int) -> bool:
    """Whether all went well."""
    async with town_with(database_url) as town:
        town.sandbox.slack.switches.rate_limits = False
        knocks = Knocker(town.sandbox, seed).knocks()
        counts, memory, started = [], [_resident_mib(town)], time.monotonic()
        for _ in range(PARTS):
            counts.append(await knock_often(town.bot.url, knocks, times // PARTS))
            memory.append(_resident_mib(town))
        return _told(town, counts, memory, time.monotonic() - started)


def _resident_mib(town: Town) -> float:
    return psutil.Process(town.bot.pid).memory_info().rss / 2**20


def _told(town: Town, counts: list[Count], memory: list[float], took_s: float) -> bool:
    answers: Counter[tuple[str, str, bool, int]] = sum((count.answers for count in counts), Counter())
    wrong = [each for count in counts for each in count.wrong]
    broken = Counter(tuple(line["places"][-1:]) for line in town.bot.log if _is_ours(line))
    print(f"{'entrance':<16}{'payload':<10}{'signed':<8}{'answer':>6}{'times':>9}")
    for (entrance, kind, signed, status), times in sorted(answers.items()):
        print(f"{entrance:<16}{kind:<10}{'yes' if signed else 'no':<8}{status:>6}{times:>9}")
    print(f"{answers.total()} in {took_s:.0f} s; {len(wrong)} answered wrongly; exceptions of our own: {dict(broken)}")
    print(f"memory of the bot, MiB: {', '.join(f'{each:.0f}' for each in memory)}")
    for status, knock in wrong[:5]:
        print(status, knock.kind, knock.body[:2000])
    return not wrong and not broken and memory[-1] - memory[1] <= GROWTH_MIB


def _is_ours(line: dict[str, object]) -> bool:
    return "places" in line and line["error"] not in EXPECTED


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--times", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as folder:
        server = Embedded.start(Path(folder))
        try:
            return 0 if asyncio.run(fuzz(server.url, asked.times, asked.seed)) else 1
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
