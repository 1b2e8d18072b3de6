"""``python -m tests.bench [NAME ...]``: the bot against a wire floor and a script, and what each took, as a table.

Every trial has a sandbox, a contestant and a database of its own, each in its own processes on this machine.
"""

import argparse
import asyncio
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli.child import ChildError
from tests.bench.contestants import CONTESTS
from tests.bench.goals import ALL, COURSES, Course, Goal, Round

HEAD = "| measure | reached by | beside it | comes to | must | aim | |\n|---|---|---|---|---|---|---|"


def main() -> int:
    names = [course.name for course in ALL]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures the bot against others.")
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (%(default)s)")
    asked = parser.parse_args()
    courses = [course for course in ALL if course.name in asked.names] if asked.names else COURSES
    try:
        return asyncio.run(_run(courses, asked.rounds))
    except* (RuntimeError, TimeoutError, ChildError) as wrong:
        print(f"bench: {wrong.exceptions[0]!r}", file=sys.stderr)
    return 1


async def _run(courses: Sequence[Course], count: int) -> int:
    print(f"{_machine()}\n\n{HEAD}")
    held = True
    for course in courses:
        rounds = [await _round(course) for _ in range(count)]
        for goal in course.goals:
            print(_line(goal, rounds), flush=True)
            held &= goal.holds(goal.reached(rounds), goal.must)
    return 0 if held else 1


async def _round(course: Course) -> Round:
    """Neighbours in time, so that all meet the same machine."""
    reached = {name: await course.trial(CONTESTS[name]) for name in course.contestants}
    for name, figures in reached.items():
        shown = ", ".join(f"{figure} {value:.4g}" for figure, value in figures.items())
        print(f"{course.name}: {name}: {shown}", file=sys.stderr, flush=True)
    return reached


def _line(goal: Goal, rounds: Sequence[Round]) -> str:
    reached = goal.reached(rounds)
    sign = " ×" if goal.by == "ratio" else f" {goal.unit} more"
    bound = "≥" if goal.is_at_least else "≤"
    limits = [f"{bound} {limit:g}" if limit is not None else "" for limit in (goal.must, goal.aim)]
    marks = "".join("✓" if goal.holds(reached, limit) else "✗" for limit in (goal.must, goal.aim) if limit is not None)
    beside = _shown(goal, goal.beside, rounds) if goal.beside else ""
    comes_to = f"{reached:.2f}{sign}" if goal.beside else ""
    own = _shown(goal, goal.of, rounds)
    return f"| {goal.says} | {own} | {beside} | {comes_to} | {limits[0]} | {limits[1]} | {marks} |"


def _shown(goal: Goal, name: str, rounds: Sequence[Round]) -> str:
    return f"{name} {statistics.median(each[name][goal.figure] for each in rounds):.3g} {goal.unit}"


def _machine() -> str:
    """Processor, cores and versions."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    return f"{len(models)} cores of {model}, Linux {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
