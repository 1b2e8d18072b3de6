"""``python -m tests.crash``: kills the bot everywhere, again and again, and prints what was found as a table.

Every campaign has a process, a sandbox and a database of its own, and a seed that replays it alone:
``python -m tests.crash one NAME --seed SEED --kills N``, or with ``--at BOUNDARY ...`` at chosen places.
``python -m tests.crash soak`` lives through one hour of production in accelerated time.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from typing import IO

from tests.crash.blows import Blow
from tests.crash.boundaries import BY_NAME
from tests.crash.campaigns import CAMPAIGNS, run
from tests.crash.soak import soak
from tests.crash.table import Result, hour, table
from tests.crash.tally import Tally

SHARE = {
    "embedded": 24,
    "shared": 16,
    "pair": 20,
    "socket": 12,
    "database": 8,
    "revived": 6,
    "frozen": 6,
    "drain": 6,
    "cold": 4,
}
PER_CAMPAIGN = {
    "embedded": 30,
    "shared": 30,
    "pair": 20,
    "socket": 30,
    "database": 20,
    "revived": 15,
    "frozen": 5,
    "drain": 15,
    "cold": 10,
}


def main() -> int:
    asked = _arguments()
    if asked.what == "one":
        chosen = [Blow(at=BY_NAME[name]) for name in asked.at] if asked.at else None
        tally = asyncio.run(run(asked.name, f"{asked.seed}", asked.kills, chosen))
        print(json.dumps(tally.shown()))
        return 0 if tally.holds else 1
    if asked.what == "soak":
        lived = asyncio.run(soak(asked.seed))
        print(hour(lived, asked.seed))
        return 0 if lived.holds else 1
    return asyncio.run(_all(asked.seed, asked.kills, asked.at_once))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["all", "one", "soak"])
    parser.add_argument("name", nargs="?", choices=list(CAMPAIGNS))
    parser.add_argument("--seed", default="1", help="of all that is left to chance (%(default)s)")
    parser.add_argument("--kills", type=int, default=520, help="how many blows (%(default)s)")
    parser.add_argument("--at-once", type=int, default=3, help="campaigns side by side (%(default)s)")
    parser.add_argument("--at", nargs="+", choices=list(BY_NAME), metavar="BOUNDARY", help="kill there, in this order")
    return parser.parse_args()


async def _all(seed: str, kills: int, at_once: int) -> int:
    turn = asyncio.Semaphore(at_once)
    results = await asyncio.gather(*(_one(name, own, count, turn) for name, own, count in plan(seed, kills)))
    print(table(results, seed, kills))
    return 0 if all(result.tally.holds for result in results) else 1


def plan(seed: str, kills: int) -> Sequence[tuple[str, str, int]]:
    """(campaign, its own seed, its share of the kills), small enough that a failure is quickly replayed."""
    made = []
    for name, share in SHARE.items():
        left, number = max(1, round(kills * share / sum(SHARE.values()))), 0
        while left > 0:
            count = min(left, PER_CAMPAIGN[name])
            made.append((name, f"{seed}.{number}", count))
            left, number = left - count, number + 1
    return made


async def _one(name: str, seed: str, count: int, turn: asyncio.Semaphore) -> Result:
    async with turn:
        command = ("-m", "tests.crash", "one", name, "--seed", seed, "--kills", str(count))
        with (
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):  # pipes end only with the last grandchild
            process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=out, stderr=err)
            await process.wait()
            tally = _read(_all_of(out), _all_of(err))
        print(f"{name} {seed}: {tally.count} kills, {'well' if tally.holds else tally.faults()}", file=sys.stderr)
        return Result(name, seed, tally)


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _read(said: bytes, complaint: bytes) -> Tally:
    try:
        return Tally.read(json.loads(said.splitlines()[-1]))
    except (IndexError, ValueError):
        return Tally(trouble=[complaint.decode(errors="replace")[-2000:]])


if __name__ == "__main__":
    sys.exit(main())
