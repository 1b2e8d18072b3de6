"""What must be reached, and what was."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tests.bench import inbound, trials
from tests.bench.trials import Figures, Trial

Round = Mapping[str, Figures]
"""What each contestant reached in trials that were neighbours in time."""


@dataclass(frozen=True)
class Goal:
    """One line of the table. ``figure`` is what the trial calls it, ``of`` whose it is.

    ``beside`` names the contestant that it is held against: by the ``ratio`` to its figure, or by the ``difference``.
    """

    says: str
    figure: str
    unit: str
    must: float
    aim: float | None = None
    beside: str = ""
    by: Literal["ratio", "difference"] = "ratio"
    is_at_least: bool = False
    of: str = "bot"

    def reached(self, rounds: Sequence[Round]) -> float:
        """The median of what each round gives, so that a slow minute spoils one of them only."""
        return statistics.median(self._reached_in(each) for each in rounds)

    def _reached_in(self, round_: Round) -> float:
        own = round_[self.of][self.figure]
        if not self.beside:
            return own
        other = round_[self.beside][self.figure]
        return own / other if self.by == "ratio" else own - other

    def holds(self, reached: float, limit: float | None) -> bool:
        return limit is None or (reached >= limit if self.is_at_least else reached <= limit)


@dataclass(frozen=True)
class Course:
    """A trial by its name, and the goals its figures are held to."""

    name: str
    trial: Trial
    goals: tuple[Goal, ...]

    @property
    def contestants(self) -> Sequence[str]:
        """The references first, so that what they leave in the machine's caches is the same for all."""
        return sorted({name for goal in self.goals for name in (goal.of, goal.beside) if name}, reverse=True)


FAR = "one clip, 80 ms added to every call, p50"
COURSES = (
    Course(
        "far-single",
        trials.far_single,
        (
            Goal(FAR, "p50_ms", "ms", 0.80, 0.76, "floor"),
            Goal(FAR, "p50_ms", "ms", 0.80, 0.76, "script"),
        ),
    ),
    Course(
        "far-burst",
        trials.far_burst,
        (Goal("200 clips, 20 in flight, 80 ms added, p50", "p50_ms", "ms", 0.95, 0.80, "floor"),),
    ),
    Course(
        "burst",
        trials.burst,
        (
            Goal("200 clips, 20 in flight: clips a second", "clips_per_s", "/s", 0.85, 1.0, "script", is_at_least=True),
            Goal("the same: CPU a clip, database and workers too", "cpu_ms", "ms", 1.5, 1.1, "script"),
        ),
    ),
    Course(
        "single",
        trials.single,
        (Goal("one clip alone, event → voicememo, p50", "p50_ms", "ms", 12, 8, "floor", by="difference"),),
    ),
    Course(
        "one-chat",
        trials.one_chat,
        (Goal("20 clips in one chat, first to last memo, in order", "lasted_s", "s", 2.0),),
    ),
    Course(
        "events",
        trials.events,
        (Goal("1000 events over 20 connections, all 200, p99; Slack gives up after 3 s", "p99_ms", "ms", 500, 100),),
    ),
    Course(
        "instant",
        trials.instant,
        (Goal("1000 events at one instant, all 200, the slowest", "slowest_s", "s", 2.0, 0.6),),
    ),
    Course(
        "memory",
        trials.memory,
        (Goal("20 clips of 25 MiB in flight, memory above rest", "above_idle_mib", "MiB", 32, 16),),
    ),
    Course(
        "rest",
        trials.rest,
        (
            Goal("memory at rest, own processes without the database", "memory_mib", "MiB", 150, 110),
            Goal("CPU of one core at rest, database too", "cpu_percent", "%", 1.0, 0.3),
        ),
    ),
    Course(
        "start",
        trials.start,
        (Goal("start to ready, the embedded database exists", "ready_s", "s", 3.0, 1.5),),
    ),
    Course(
        "inbound-text",
        inbound.text,
        (Goal("a contact's text until Slack shows it, 80 ms added, in calls of Slack", "times_call", "×", 1.3),),
    ),
    Course(
        "inbound-memo",
        inbound.memo,
        (
            Goal(
                "a voice memo of 1 MiB until it plays in Slack, 80 ms added, in its six calls", "times_calls", "×", 1.1
            ),
        ),
    ),
    Course(
        "inbound-burst",
        inbound.burst,
        (
            Goal("200 texts over 50 chats, 20 in flight; a post a second and channel takes 3 s", "lasted_s", "s", 3.3),
            Goal("the same: memory above rest", "memory_mib", "MiB", 32, 16),
        ),
    ),
    Course(
        "new-contacts",
        inbound.new_contacts,
        (
            Goal("50 new contacts in each of 4 inboxes; a post a second and channel takes 49 s", "lasted_s", "s", 53.9),
            Goal("a text in a quiet channel meanwhile", "quiet_s", "s", 3.0, 1.0),
        ),
    ),
)
WITH_HISTORY = ("far-single", "far-burst", "burst", "single", "instant", "memory", "rest", "start")
"""What is measured again with a million deliveries and twenty thousand conversations in the database."""


def with_history(course: Course) -> Course:
    """The same figures of a bot with a long history, held against those of one with none."""
    goals = {goal.figure: goal for goal in course.goals}
    return Course(
        f"old-{course.name}",
        course.trial,
        tuple(
            replace(goal, of="old bot", beside="bot", by="ratio", must=0.91 if goal.is_at_least else 1.1, aim=1.0)
            for goal in goals.values()
        ),
    )


ALL = (*COURSES, *(with_history(course) for course in COURSES if course.name in WITH_HISTORY))
