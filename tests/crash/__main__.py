"""``python -m tests.crash``: kills the bot everywhere, again and again, and prints what was found as a table.

Every campaign has a process, two networks and a database of its own, and a seed that replays it alone:
``python -m tests.crash one NAME --seed SEED --kills N``, or with ``--at BOUNDARY ...`` at chosen boundaries.
``python -m tests.crash soak`` lives through an hour of production, at ``--speed`` times the pace of life.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tests.crash.boundaries import BY_NAME, Subject, kill_at
from tests.crash.campaigns import CAMPAIGNS, run
from tests.crash.report import Named, Result, soak_report, table
from tests.crash.soak import soak

SHARES: dict[Subject, dict[str, int]] = {
    "links": {
        "embedded": 40,
        "shared": 24,
        "socket": 16,
        "pair": 12,
        "database": 6,
        "revived": 4,
        "frozen": 4,
        "drained": 4,
    },
    "inbox": {"inbox": 45, "inbox_pair": 10},
    "holds": {"holds": 25, "holds_pair": 10},
}
KILLS_A_CAMPAIGN = {"frozen": 5}
MOST_KILLS_A_CAMPAIGN = 20  # so that a failure is quickly replayed


def main() -> int:
    asked = _arguments()
    if asked.what == "one":
        chosen = [kill_at(BY_NAME[name]) for name in asked.at] if asked.at else None
        result = asyncio.run(run(asked.name, asked.seed, asked.kills, chosen, asked.evidence))
        print(json.dumps(result.to_json()))
        return 0 if result.is_clean else 1
    if asked.what == "soak":
        result = asyncio.run(soak(asked.seed, minutes=asked.minutes, speed=asked.speed, evidence=asked.evidence))
        command = f"python -m tests.crash soak --seed {asked.seed} --minutes {asked.minutes:g} --speed {asked.speed:g}"
        print(soak_report(result, command))
        return 0 if result.is_clean else 1
    return asyncio.run(_all(asked))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["all", "one", "soak"])
    parser.add_argument("name", nargs="?", choices=list(CAMPAIGNS))
    parser.add_argument("--seed", default="1", help="of all that is left to chance (%(default)s)")
    parser.add_argument("--kills", type=int, default=520, help="how many (%(default)s)")
    parser.add_argument("--of", nargs="+", choices=list(SHARES), default=list(SHARES), help="what it is about (all)")
    parser.add_argument("--at-once", type=int, default=2, help="campaigns side by side (%(default)s)")
    parser.add_argument("--at", nargs="+", choices=list(BY_NAME), metavar="BOUNDARY", help="kill there, in this order")
    parser.add_argument(
        "--evidence",
        type=Path,
        help="a file for what was seen, if anything is found (of several campaigns: with their seeds)",
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="of the soak, in the networks' time (%(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="of the networks' time in the soak (%(default)s)")
    return parser.parse_args()


async def _all(asked: argparse.Namespace) -> int:
    slots = asyncio.Semaphore(asked.at_once)
    planned = plan(asked.seed, asked.kills, asked.of)
    results = await asyncio.gather(*(_one(*each, asked.evidence, slots) for each in planned))
    print(table(results, f"python -m tests.crash --of {' '.join(asked.of)} --seed {asked.seed} --kills {asked.kills}"))
    return 0 if all(each.result.is_clean for each in results) else 1


def plan(seed: str, kills: int, subjects: Sequence[Subject]) -> Sequence[tuple[str, str, int]]:
    """(campaign, its own seed, its share of the kills), the modes mixed, so that a short run has met them all."""
    made = []
    shares = {name: share for subject in subjects for name, share in SHARES[subject].items()}
    for name, share in shares.items():
        left, number = max(1, round(kills * share / sum(shares.values()))), 0
        while left > 0:
            count = min(left, KILLS_A_CAMPAIGN.get(name, MOST_KILLS_A_CAMPAIGN))
            made.append((name, f"{seed}.{name}.{number}", count))
            left, number = left - count, number + 1
    return sorted(made, key=lambda each: each[1].rpartition(".")[2])


async def _one(name: str, seed: str, count: int, evidence: Path | None, slots: asyncio.Semaphore) -> Named:
    async with slots:
        command = ["-m", "tests.crash", "one", name, "--seed", seed, "--kills", str(count)]
        if evidence is not None:
            command += ["--evidence", f"{evidence}.{seed}"]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:  # pipes end with the last grandchild
            process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=out, stderr=err)
            await process.wait()
            result = _read(_all_of(out), _all_of(err))
        said = "clean" if result.is_clean else result.faults()
        print(f"{name} {seed}: {result.kills.total()} kills, {said}", file=sys.stderr, flush=True)
        return Named(name, seed, result)


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _read(said: bytes, complaint: bytes) -> Result:
    try:
        return Result.from_json(json.loads(said.splitlines()[-1]))
    except (IndexError, ValueError):
        return Result(trouble=[complaint.decode(errors="replace")[-2000:]])


if __name__ == "__main__":
    sys.exit(main())
