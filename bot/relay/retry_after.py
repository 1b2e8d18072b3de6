"""The Retry-After header of an HTTP answer (RFC 9110): seconds, or a date."""

import math
from datetime import timedelta
from email.utils import parsedate_to_datetime


def parse_retry_after(value: str, answered_at: str, *, at_most: timedelta) -> timedelta | None:
    """How long the answer asks to wait, from 0 up to ``at_most``; None where it asks for nothing that can be read.

    ``answered_at`` is the answer's own ``Date`` header: a date is counted from it, so that our clock does not matter.
    """
    seconds = _seconds(value, answered_at)
    return None if seconds is None else timedelta(seconds=min(max(seconds, 0.0), at_most.total_seconds()))


def _seconds(value: str, answered_at: str) -> float | None:
    try:
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        return (parsedate_to_datetime(value) - parsedate_to_datetime(answered_at)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # TypeError: one of the two names no time zone
        return None
