"""Keeping within Slack's limits before Slack has to say so.

Whoever comes too early is given a turn of its own and told how long to wait for it: nobody overtakes, and a crowd of
waiting edits comes back one by one instead of all at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.relay.errors import RetryLater

_FORGET_AFTER_S = 60.0


@dataclass(frozen=True)
class Rate:
    """``burst`` calls at once, then one every ``interval_s``."""

    interval_s: float
    burst: int


RATES = {
    "chat.postMessage": Rate(interval_s=1.0, burst=5),  # per channel: about one a second, short bursts
    "chat.update": Rate(interval_s=1.5, burst=10),  # per workspace: tier 3, 50 a minute
}


@dataclass
class Lane:
    """The turns of one method in one place. Times are the clock's."""

    rate: Rate
    free_from: float = float("-inf")
    turns: dict[str, float] = field(default_factory=dict)

    def ask(self, who: str, now: float) -> float:
        """0 when it is ``who``'s turn, which is used up by that; else the seconds until it will be."""
        turn = self.turns.pop(who, None)
        if turn is None:
            turn = max(self.free_from, now - (self.rate.burst - 1) * self.rate.interval_s)
            self.free_from = turn + self.rate.interval_s
        if turn <= now:
            return 0.0
        self._forget(now)
        self.turns[who] = turn
        return turn - now

    def _forget(self, now: float) -> None:
        """Those who never came back lose their turn."""
        for who in [who for who, turn in self.turns.items() if turn < now - _FORGET_AFTER_S]:
            del self.turns[who]


class Pace:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._held: dict[str, float] = {}

    def take(self, method: str, *, place: str = "", who: str = "") -> None:
        """Use up a turn for a call of ``method``. Raises RetryLater with the time until there is one."""
        now = self._clock()
        wait = self._held.get(method, now) - now
        if wait <= 0 and method in RATES:
            wait = self._lane(method, place).ask(who, now)
        if wait > 0:
            raise RetryLater("Slack is rate limiting the bot.", after=timedelta(seconds=wait), code="ratelimited")

    def hold(self, method: str, pause: timedelta) -> None:
        """Slack asked for a pause of this method; after it there is no burst to spend."""
        until = self._clock() + pause.total_seconds()
        self._held[method] = max(until, self._held.get(method, until))
        for (name, _), lane in self._lanes.items():
            if name == method:
                lane.free_from = max(lane.free_from, until)

    def _lane(self, method: str, place: str) -> Lane:
        return self._lanes.setdefault((method, place), Lane(RATES[method]))
