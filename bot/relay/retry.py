"""How long to keep trying, and how often. Every wait of the relay is one of these numbers."""

from dataclasses import dataclass
from datetime import timedelta

from bot.relay.errors import RetryLater
from bot.relay.model import Delivery


def _seconds(*waits: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=s) for s in waits)


@dataclass(frozen=True)
class RetryPolicy:
    """``tries``: the wait after each failed try, where the neighbour named none; after the last one it is ``failed``.

    ``tries_given``: the same for a given url, since whoever named it is still there and can name another.
    ``give_up_after`` ends even the waits that a neighbour asked for. ``find_for``: how long a send without an answer is
    looked for before it is shown as unconfirmed; ``looks``: the waits between those looks. ``stale``: an intent older
    than this was slept over, and somebody else may have taken the delivery over: it is sent only after a new one.
    """

    tries: tuple[timedelta, ...] = _seconds(2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 3600)
    tries_given: tuple[timedelta, ...] = _seconds(2, 5, 10)
    give_up_after: timedelta = timedelta(hours=36)
    find_for: timedelta = timedelta(minutes=2)
    looks: tuple[timedelta, ...] = _seconds(1, 2, 4, 8, 15)
    stale: timedelta = timedelta(seconds=10)

    def wait(self, later: RetryLater, delivery: Delivery) -> timedelta | None:
        """How long to wait before the next try; None when it is time to give up."""
        if later.after is not None:
            return max(later.after, timedelta(milliseconds=100))
        tries = self.tries_given if delivery.clip.given_url else self.tries
        return tries[delivery.attempts] if delivery.attempts < len(tries) else None

    def next_look(self, sought_for: timedelta) -> timedelta:
        """The wait before the next look for a lost memo: short at first, then longer."""
        spent = timedelta()
        for look in self.looks:
            spent += look
            if sought_for < spent:
                return look
        return self.looks[-1]
