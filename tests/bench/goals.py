"""What must be reached, and what was."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench import trials
from tests.bench.trials import Figures, Trial

Pair = tuple[Figures, Figures]
"""What bot and floor reached in two neighbouring trials."""


@dataclass(frozen=True)
class Goal:
    """One line of the table. ``figure`` is what the trial calls it; limits are times the floor if ``by_floor``."""

    says: str
    figure: str
    unit: str
    must: float
    aim: float | None = None
    by_floor: bool = True
    is_at_least: bool = False

    def reached(self, pairs: Sequence[Pair]) -> float:
        """The median of the pairs' own ratios (or of the bot's figures), so that a slow minute spoils one pair only."""
        bot = [bot[self.figure] for bot, _ in pairs]
        if not self.by_floor:
            return statistics.median(bot)
        return statistics.median(ours[self.figure] / floor[self.figure] for ours, floor in pairs)

    def holds(self, reached: float, limit: float | None) -> bool:
        return limit is None or (reached >= limit if self.is_at_least else reached <= limit)


@dataclass(frozen=True)
class Course:
    """A trial by its name, and the goals its figures are held to."""

    name: str
    trial: Trial
    goals: tuple[Goal, ...]

    @property
    def needs_floor(self) -> bool:
        return any(goal.by_floor for goal in self.goals)


COURSES = (
    Course(
        "single",
        trials.single,
        (Goal("one clip alone, event → voicememo, p50", "p50_ms", "ms", 1.8, 1.4),),
    ),
    Course(
        "far-single",
        trials.far_single,
        (Goal("the same with 80 ms added to every call, p50", "p50_ms", "ms", 0.85, 0.78),),
    ),
    Course(
        "far-burst",
        trials.far_burst,
        (Goal("200 clips, 20 in flight, 80 ms added, p50", "p50_ms", "ms", 1.0, 0.85),),
    ),
    Course(
        "burst",
        trials.burst,
        (
            Goal("200 clips, 20 in flight: clips per second", "clips_per_s", "/s", 0.35, 0.5, is_at_least=True),
            Goal("the same: CPU per clip, database and workers too", "cpu_ms", "ms", 5.0, 4.0),
        ),
    ),
    Course(
        "one-chat",
        trials.one_chat,
        (Goal("20 clips in one chat, first to last memo, in order", "lasted_s", "s", 2.0, by_floor=False),),
    ),
    Course(
        "events",
        trials.events,
        (Goal("1000 events over 20 connections, all 200, p99", "p99_ms", "ms", 2.0, 1.3),),
    ),
    Course(
        "instant",
        trials.instant,
        (Goal("1000 events at one instant, all 200, the slowest", "slowest_s", "s", 3.0, 2.0, by_floor=False),),
    ),
    Course(
        "memory",
        trials.memory,
        (Goal("20 clips of 25 MiB in flight, memory above idle", "above_idle_mib", "MiB", 32, 16, by_floor=False),),
    ),
    Course(
        "rest",
        trials.rest,
        (Goal("at rest: CPU of one core, bot and database", "cpu_percent", "%", 0.5, by_floor=False),),
    ),
)
