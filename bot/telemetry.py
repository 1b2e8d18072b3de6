"""JSON log lines and Prometheus counters, both fed by ordinary logging records.

A record of ours is a fixed event name and fields (``log.info("memo found", extra={...})``). Of other people's records
only the first line of the template is kept, never its arguments; of exceptions only the type and the places, never the
words: all of these may carry tokens, phone numbers or file urls.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import IO, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

OURS = "memobridge"
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a record may say, as a flat dict."""
    is_ours = record.name.split(".")[0] == OURS
    known: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": str(record.msg) if is_ours else str(record.msg).partition("\n")[0],
    }
    if is_ours:
        known |= {k: v for k, v in vars(record).items() if k not in STANDARD and not k.startswith("_")}
    if record.exc_info and record.exc_info[0] is not None:
        known["error"] = record.exc_info[0].__name__
        known["places"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(record.exc_info[2])[-6:]]
    return known


class JsonLines(logging.Formatter):
    _encoded = json.JSONEncoder(default=str, ensure_ascii=False).encode

    def format(self, record: logging.LogRecord) -> str:
        return self._encoded(fields(record))


class Text(logging.Formatter):
    """The same fields for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        said = fields(record)
        head = f"{said.pop('at')[11:23]} {said.pop('level'):7} {said.pop('event')}"
        said.pop("logger")
        return " ".join([head, *(f"{k}={v}" for k, v in said.items())])


class Metrics(logging.Handler):
    """Counts our events as they are logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._events = Counter(
            "memobridge_events", "What happened, by event name", ["event", "kind"], registry=self.registry
        )
        self.oldest_due = Gauge(
            "memobridge_oldest_due_seconds", "Age of the oldest delivery that is due", registry=self.registry
        )

    def emit(self, record: logging.LogRecord) -> None:
        kind = getattr(record, "step", None) or getattr(record, "kind", None) or ""
        self._events.labels(str(record.msg), str(kind)).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)


def is_news(record: logging.LogRecord) -> bool:
    """asyncio warns of a worker that ended while the bot was leaving, when somebody else has waited for it first."""
    return not (record.name == "asyncio" and str(record.msg).startswith("Unknown child process pid"))


def set_up(level: str, style: str | None, stream: IO[str] = sys.stderr) -> Metrics:
    """Send logs to ``stream`` and count them. ``style``: json, text, or None to choose by whether it is a terminal."""
    handler = logging.StreamHandler(stream)
    as_text = style == "text" or (style is None and stream.isatty())
    handler.setFormatter(Text() if as_text else JsonLines())
    handler.addFilter(is_news)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    metrics = Metrics()
    ours = logging.getLogger(OURS)
    ours.setLevel(level.upper())
    ours.handlers[:] = [metrics]
    return metrics
