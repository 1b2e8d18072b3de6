"""JSON log lines and Prometheus counters, both fed by ordinary logging records.

A record of ours is a fixed event name ``area.what_happened`` and fields (``log.info("delivery.found", extra={...})``).
Of other people's records only the first line of the template is kept, never its arguments; of exceptions only the type,
the system's error name and the places, never the words: all of these may carry tokens, phone numbers or file urls.
"""

import errno
import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime
from typing import IO, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

OURS = "memobridge"
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
REPEAT_AFTER_S = 60.0
SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600)
NEVER_MISSING = ("queued", "held", "failed", "unconfirmed")  # also when there are none: what is absent alerts nobody


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a record may say, as a flat dict."""
    is_ours = _is_ours(record)
    known: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": str(record.msg) if is_ours else str(record.msg).partition("\n")[0],
    }
    if is_ours:
        known |= _extra(record)
    if repeated := getattr(record, "repeated", 0):
        known["repeated"] = repeated
    if record.exc_info and record.exc_info[0] is not None:
        known["error"] = _named(record.exc_info[1], record.exc_info[0])
        known["places"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(record.exc_info[2])[-6:]]
    return known


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    known = STANDARD | {"repeated"}
    return {name: value for name, value in vars(record).items() if name not in known and not name.startswith("_")}


def _named(error: BaseException | None, kind: type[BaseException]) -> str:
    """An OSError without its cause tells nobody that the disk is full."""
    number = error.errno if isinstance(error, OSError) else None
    return f"{kind.__name__} {errno.errorcode.get(number, number)}" if number is not None else kind.__name__


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] == OURS


class JsonLines(logging.Formatter):
    _encoded = json.JSONEncoder(default=str, ensure_ascii=False).encode

    def format(self, record: logging.LogRecord) -> str:
        return self._encoded(fields(record))


class TextLines(logging.Formatter):
    """The same fields for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        said = fields(record)
        head = f"{said.pop('at')[11:23]} {said.pop('level'):7} {said.pop('event')}"
        said.pop("logger")
        return " ".join([head, *(f"{k}={v}" for k, v in said.items())])


class RepeatFilter(logging.Filter):
    """Lets a warning through once a minute, as long as it says the same; then with the number of those left out.

    Descriptors that ran out wrote 120 MB of one line, and anybody may send what a receiver refuses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[Hashable, tuple[float, int]] = {}  # when it was logged, how often it was left out since

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        key, now = _identity(record), self._clock()
        since, left_out = self._seen.get(key, (now - REPEAT_AFTER_S, 0))
        if now - since < REPEAT_AFTER_S:
            self._seen[key] = since, left_out + 1
            return False
        record.repeated = left_out
        self._seen.pop(key, None)
        self._seen[key] = now, 0
        self._forget(now)
        return True

    def _forget(self, now: float) -> None:
        """The oldest stand first. How often each happened is counted by the metrics anyway."""
        while now - next(iter(self._seen.values()))[0] >= REPEAT_AFTER_S:
            del self._seen[next(iter(self._seen))]


def _identity(record: logging.LogRecord) -> Hashable:
    kind = record.exc_info[0] if record.exc_info else None
    said = tuple(sorted(f"{name}={value}" for name, value in _extra(record).items())) if _is_ours(record) else ()
    return record.name, str(record.msg), kind, said


class Metrics(logging.Handler):
    """Counts our events as they happen, whatever level is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._events = Counter(
            "memobridge_events", "What happened, by event name", ["event", "kind"], registry=self.registry
        )
        self._until_sent = Histogram(
            "memobridge_until_sent_seconds",
            "From when a message was said, or asked for again, until the other network took it, by that network",
            ["network"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.oldest_due = self._gauge("memobridge_oldest_due_seconds", "Age of the oldest delivery that is due")
        self.oldest_mark = self._gauge(
            "memobridge_oldest_mark_seconds", "For how long what was said in some linked room may not have been read"
        )
        self._dependency_up = self._gauge(
            "memobridge_dependency_up",
            "1 while readiness finds nothing wrong with it, a warning included",
            "dependency",
        )
        self._deliveries = self._gauge(
            "memobridge_deliveries",
            "Deliveries under way (queued, held), and those of the last day that need somebody (failed, unconfirmed)",
            *("status", "code"),
        )
        self.open_conversations = self._gauge(
            "memobridge_open_conversations",
            "Conversations in inboxes that are not closed",
        )
        self.waiting_conversations = self._gauge(
            "memobridge_waiting_conversations", "Open conversations whose contact waits"
        )
        self.longest_wait = self._gauge(
            "memobridge_longest_wait_seconds", "For how long the first of them has been waiting"
        )
        self.first_answer = self._gauge(
            "memobridge_first_answer_seconds",
            "How long contacts whose conversation began within the last day waited for a first answer: the median",
        )
        self.unheard_chats = self._gauge(
            "memobridge_unheard_chats", "Chats that wrote within the last day and have neither a link nor an inbox"
        )

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(name, says, labels, registry=self.registry)

    def emit(self, record: logging.LogRecord) -> None:
        kind = getattr(record, "state", None) or getattr(record, "kind", None) or ""
        self._events.labels(str(record.msg), str(kind)).inc()
        if record.msg == "delivery.sent":
            self._until_sent.labels(getattr(record, "network", "")).observe(max(0.0, getattr(record, "after_s", 0.0)))

    def show_deliveries(self, numbers: Mapping[tuple[str, str], int]) -> None:
        """All of them, by status and code; what is not among them is there no more."""
        self._deliveries.clear()
        for status in NEVER_MISSING:
            self._deliveries.labels(status, "").set(0)
        for (status, code), number in numbers.items():
            self._deliveries.labels(status, code).set(number)

    def show_dependencies(self, reasons: Mapping[str, str]) -> None:
        for dependency, reason in reasons.items():
            self._dependency_up.labels(dependency).set(not reason)

    def text(self) -> bytes:
        return generate_latest(self.registry)


def is_news(record: logging.LogRecord) -> bool:
    """asyncio warns of a worker that ended while the bot was stopping, when somebody else has waited for it first."""
    return not (record.name == "asyncio" and str(record.msg).startswith("Unknown child process pid"))


def set_up(level: str, style: str | None, stream: IO[str] = sys.stderr) -> Metrics:
    """Send logs to ``stream`` and count them. ``style``: json, text, or None to choose by whether it is a terminal."""
    least = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(stream)
    as_text = style == "text" or (style is None and stream.isatty())
    handler.setFormatter(TextLines() if as_text else JsonLines())
    handler.addFilter(is_news)
    handler.addFilter(RepeatFilter())
    handler.setLevel(least)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, least))
    metrics = Metrics()
    ours = logging.getLogger(OURS)
    ours.setLevel(logging.DEBUG)  # counted at every level; the handler decides what is written
    ours.handlers[:] = [metrics]
    return metrics
