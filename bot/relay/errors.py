"""What may be done after a failure. Every door sorts its errors into these three; no other error crosses a room's wall.

- ``Refused``: a sure no. Nothing was done, and asking again will not help.
- ``RetryLater``: surely not done. May be tried again, not before the given time.
- ``OutcomeUnknown``: perhaps done. Look before you act again.
"""

from datetime import timedelta


class RelayError(Exception):
    """Base of the three. ``reason`` is a sentence for people; ``code`` is the neighbour's own code, if it gave one."""

    def __init__(self, reason: str, *, code: str = "", trace_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.trace_id = trace_id


class Refused(RelayError):
    """A sure no. The reason says why and what a person can do about it."""


class RetryLater(RelayError):
    """Surely not done; ``after`` is how long to wait at least, counted from now (None: the caller's own schedule)."""

    def __init__(self, reason: str, *, after: timedelta | None = None, code: str = "", trace_id: str = "") -> None:
        super().__init__(reason, code=code, trace_id=trace_id)
        self.after = after


class OutcomeUnknown(RelayError):
    """Perhaps done: the answer was lost or made no sense."""
