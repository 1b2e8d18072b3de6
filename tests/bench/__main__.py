"""``python -m tests.bench [NAME ...]``: the bot against the wire floor, and what both took, as a table.

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
from tests.bench.contestants import Contest, bot, floor
from tests.bench.goals import COURSES, Course, Goal, Pair
from tests.bench.trials import Figures

HEAD = "| measure | bot | floor | reached | must | aim | |\n|---|---|---|---|---|---|---|"


def main() -> int:
    names = [course.name for course in COURSES]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures the bot against a wire floor.")
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    parser.add_argument("--pairs", type=int, default=3, help="how often each is measured (%(default)s)")
    parser.add_argument("--floor-only", action="store_true", help="try the trials themselves")
    asked = parser.parse_args()
    courses = [course for course in COURSES if not asked.names or course.name in asked.names]
    try:
        return asyncio.run(_run(courses, asked.pairs, floor if asked.floor_only else bot))
    except* (RuntimeError, TimeoutError, ChildError) as wrong:
        print(f"bench: {wrong.exceptions[0]!r}", file=sys.stderr)
    return 1


async def _run(courses: Sequence[Course], count: int, contest: Contest) -> int:
    print(f"{_machine()}\n\n{HEAD}")
    held = True
    for course in courses:
        pairs = [await _pair(course, contest) for _ in range(count)]
        for goal in course.goals:
            print(_line(goal, pairs), flush=True)
            held &= goal.holds(goal.reached(pairs), goal.must)
    return 0 if held else 1


async def _pair(course: Course, contest: Contest) -> Pair:
    """Neighbours in time, so that both meet the same machine."""
    reference = await course.trial(floor) if course.needs_floor else {}
    reached = await course.trial(contest)
    _note(course.name, reached, reference)
    return reached, reference


def _note(name: str, bot: Figures, floor: Figures) -> None:
    for figure, value in bot.items():
        beside = f" (floor {floor[figure]:.4g})" if figure in floor else ""
        print(f"{name}: {figure} {value:.4g}{beside}", file=sys.stderr, flush=True)


def _line(goal: Goal, pairs: Sequence[Pair]) -> str:
    reached = goal.reached(pairs)
    bot = statistics.median(bot[goal.figure] for bot, _ in pairs)
    floor = f"{statistics.median(floor[goal.figure] for _, floor in pairs):.3g} {goal.unit}" if goal.by_floor else ""
    bound = "≥" if goal.is_at_least else "≤"
    limits = [f"{bound} {limit:g}" if limit is not None else "" for limit in (goal.must, goal.aim)]
    marks = "".join("✓" if goal.holds(reached, limit) else "✗" for limit in (goal.must, goal.aim) if limit is not None)
    shown = f"{reached:.2f} ×" if goal.by_floor else ""
    return f"| {goal.says} | {bot:.3g} {goal.unit} | {floor} | {shown} | {limits[0]} | {limits[1]} | {marks} |"


def _machine() -> str:
    """Processor, cores and versions."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    return f"{len(models)} cores of {model}, Linux {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
