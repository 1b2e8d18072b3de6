"""How a process is hit: at a boundary of its own, at a moment that the wire shows, or at any time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.crash.boundaries import BOUNDARIES, Boundary, Provocation

WIRES = (
    "voicememo",  # Linq took it, and its answer is still on the way
    "upload",
    "attachments.create",
    "messages.list",
    "download",
    "chat.postMessage",
    "chat.update",
    "event message",  # answered: Slack was told it is stored
    "webhook message.sent",
    "webhook message.delivered",
)
ANY_TIME = "any time"


@dataclass(frozen=True)
class Blow:
    """One of the three. ``nth``: the passage of the boundary that is the last one; ``delay_s``: the time, if any."""

    at: Boundary | None = None
    nth: int = 1
    wire: str = ""
    delay_s: float = 0.0

    @property
    def name(self) -> str:
        return self.at.name if self.at else f"wire {self.wire}" if self.wire else ANY_TIME

    @property
    def provocation(self) -> Provocation:
        if self.wire == "messages.list":
            return "lost answer"
        return self.at.provocation if self.at else "drop"

    def environment(self, sign: str = "SIGKILL") -> dict[str, str]:
        if self.at is None:
            return {}
        return {"CRASH_AT": self.at.name, "CRASH_NTH": str(self.nth), "CRASH_SIGNAL": sign}


def blows(chance: random.Random) -> Iterator[Blow]:
    """Every boundary, every moment on the wire and as many random times as of these; again and again, shuffled."""
    while True:
        some = [Blow(at=boundary, nth=chance.choice((1, 1, 2, 3))) for boundary in BOUNDARIES]
        some += [Blow(wire=wire) for wire in WIRES]
        some += [Blow(delay_s=chance.uniform(0.0, 2.5)) for _ in WIRES]
        chance.shuffle(some)
        yield from some
