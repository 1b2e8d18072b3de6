"""Retry policy: how long to keep trying, and how often. Every wait of the relay is one of these numbers."""

import math
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from bot.relay.errors import RetryLater
from bot.relay.model import Delivery


def _seconds(*waits: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=s) for s in waits)


@dataclass(frozen=True)
class RetryPolicy:
    """The waits of a delivery.

    - ``backoff``: the wait after each failed try, where the network named none; after the last one it is ``failed``.
    - ``backoff_public``: the same for a public address, whose sender is still there and can name another.
    - ``give_up_after`` ends even the waits that a network asked for.
    - ``prepare_within``: what is not prepared by then steps aside, so that the room goes on.
    - ``hold_slot_for``: preparing holds a worker's slot no longer than this; it goes on beside the jobs.
    - ``search_timeout``: how long a send without an answer is searched for before a person decides;
      ``search_backoff``: the waits between the searches.
    - ``listed_after``: nobody sends any more under an intent of this age, and a network that lists all it took has
      listed what was sent.
    - ``intent_ttl``: an older intent to send may belong to another worker by now, so it is renewed. Waiting for a turn
      within a network's limits takes up to 20 s.
    """

    backoff: tuple[timedelta, ...] = _seconds(2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 3600)
    backoff_public: tuple[timedelta, ...] = _seconds(2, 5, 10)
    give_up_after: timedelta = timedelta(hours=36)
    prepare_within: timedelta = timedelta(minutes=1)
    hold_slot_for: timedelta = timedelta(seconds=2)
    search_timeout: timedelta = timedelta(minutes=2)
    search_backoff: tuple[timedelta, ...] = _seconds(1, 2, 4, 8, 15)
    listed_after: timedelta = timedelta(seconds=35)
    intent_ttl: timedelta = timedelta(seconds=25)

    def wait(self, error: RetryLater, delivery: Delivery) -> timedelta | None:
        """How long to wait before the next try; None when it is time to give up."""
        if error.after is not None:
            return max(error.after, timedelta(milliseconds=100))
        backoff = self.backoff_public if delivery.is_public else self.backoff
        return backoff[delivery.attempts] if delivery.attempts < len(backoff) else None

    def next_search(self, searching_for: timedelta) -> timedelta:
        """The wait before the next search for a lost message: short at first, then longer."""
        spent = timedelta()
        for wait in self.search_backoff:
            spent += wait
            if searching_for < spent:
                return wait
        return self.search_backoff[-1]


def parse_retry_after(value: str, answered_at: str, *, at_most: timedelta) -> timedelta | None:
    """Read the Retry-After header of an HTTP answer (RFC 9110: seconds, or a date): how long it asks to wait, from 0 up
    to ``at_most``; None where it asks for nothing that can be read.

    ``answered_at`` is the answer's own ``Date`` header: a date is counted from it, so that our clock does not matter.
    """
    seconds = _seconds_of(value, answered_at)
    return None if seconds is None else timedelta(seconds=min(max(seconds, 0.0), at_most.total_seconds()))


def _seconds_of(value: str, answered_at: str) -> float | None:
    try:
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        return (parsedate_to_datetime(value) - parsedate_to_datetime(answered_at)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # TypeError: one of the two names no time zone
        return None
