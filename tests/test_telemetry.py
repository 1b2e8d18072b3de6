"""Logs say what happened and never what nobody may read; counters count the same records."""

import ast
import asyncio
import errno
import gc
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import telemetry


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger(telemetry.OURS)
    kept = (root.handlers[:], root.level, ours.handlers[:], ours.level)
    yield io.StringIO()
    root.handlers[:], ours.handlers[:] = kept[0], kept[2]
    root.setLevel(kept[1])
    ours.setLevel(kept[3])


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_record_of_ours_is_one_json_line_with_its_fields(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    logging.getLogger("memobridge.relay").info("delivery.found", extra={"delivery": "d1"})
    [said] = lines(stream)
    assert (said["event"], said["delivery"], said["level"]) == ("delivery.found", "d1", "info")


def test_records_of_libraries_lose_their_arguments(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    logging.getLogger("aiohttp").warning("cannot reach %s", "https://files.slack.com/secret")
    assert "secret" not in stream.getvalue()
    assert lines(stream)[0]["event"] == "cannot reach %s"


async def test_error_that_a_task_left_behind_is_not_quoted(stream: io.StringIO) -> None:
    """asyncio writes the exception's own words into the lines below the first."""
    telemetry.set_up("info", "json", stream)
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("https://files.slack.com/secret"))
    del future
    gc.collect()
    assert "secret" not in stream.getvalue()
    assert lines(stream)[0]["error"] == "ValueError"


def test_exception_is_told_by_type_and_place_only(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    try:
        raise ValueError("+12025550123")
    except ValueError:
        logging.getLogger("memobridge.relay").exception("delivery.failed")
    assert "+12025550123" not in stream.getvalue()
    assert lines(stream)[0]["error"] == "ValueError"


def test_events_are_counted_as_they_are_logged(stream: io.StringIO) -> None:
    metrics = telemetry.set_up("info", "json", stream)
    for _ in range(2):
        logging.getLogger("memobridge.relay").info("delivery.closed", extra={"state": "failed"})
    assert b'memobridge_events_total{event="delivery.closed",kind="failed"} 2.0' in metrics.text()


def test_worker_that_has_ended_already_is_not_logged(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    logging.getLogger("asyncio").warning("Unknown child process pid %d, will report returncode 255", 7)
    assert stream.getvalue() == ""


def test_log_level_holds_for_libraries_too(stream: io.StringIO) -> None:
    telemetry.set_up("error", "json", stream)
    logging.getLogger("asyncio").warning("something")
    assert stream.getvalue() == ""


def test_log_level_holds_for_our_records(stream: io.StringIO) -> None:
    telemetry.set_up("warning", "json", stream)
    logging.getLogger("memobridge.relay").info("delivery.found")
    assert stream.getvalue() == ""


def test_events_are_counted_whatever_level_is_logged(stream: io.StringIO) -> None:
    metrics = telemetry.set_up("error", "json", stream)
    logging.getLogger("memobridge.relay").info("delivery.closed", extra={"state": "failed"})
    assert stream.getvalue() == ""
    assert b'memobridge_events_total{event="delivery.closed",kind="failed"} 1.0' in metrics.text()


def test_full_disk_is_named_by_its_error(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    try:
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/path")
    except OSError:
        logging.getLogger("memobridge.slack").exception("slack.payload_not_stored")
    assert lines(stream)[0]["error"] == "OSError ENOSPC"
    assert "secret" not in stream.getvalue()


class Repeats:
    """A log whose clock goes when told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.filter = telemetry.RepeatFilter(lambda: self.now)

    def logs(self, message: str, level: int = logging.WARNING, logger: str = "memobridge.x", **extra: object) -> bool:
        return bool(self.filter.filter(self.record(message, level, logger, **extra)))

    def record(self, message: str, level: int, logger: str, **extra: object) -> logging.LogRecord:
        return logging.makeLogRecord({"name": logger, "msg": message, "levelno": level, **extra})


def test_warning_that_repeats_itself_is_logged_once_a_minute() -> None:
    repeats = Repeats()
    assert [repeats.logs("slack.signature_refused") for _ in range(1000)] == [True] + [False] * 999
    repeats.now = 61
    again = repeats.record("slack.signature_refused", logging.WARNING, "memobridge.x")
    assert repeats.filter.filter(again)
    assert telemetry.fields(again)["repeated"] == 999


def test_warnings_that_say_different_things_are_all_logged() -> None:
    repeats = Repeats()
    assert repeats.logs("delivery.failed", delivery="d1")
    assert repeats.logs("delivery.failed", delivery="d2")
    assert repeats.logs("delivery.failed", delivery="d1", exc_info=(ValueError, ValueError(), None))
    assert not repeats.logs("delivery.failed", delivery="d2")


def test_information_is_never_left_out() -> None:
    repeats = Repeats()
    assert all(repeats.logs("memo.sent", logging.INFO) for _ in range(3))


def test_record_of_a_library_is_the_same_whatever_its_arguments() -> None:
    repeats = Repeats()
    assert repeats.logs("cannot accept %s", logger="asyncio", args=(1,))
    assert not repeats.logs("cannot accept %s", logger="asyncio", args=(2,))


def test_filter_forgets_what_was_logged_long_ago() -> None:
    repeats = Repeats()
    for number in range(1000):
        repeats.now = number * 10.0
        repeats.logs("delivery.failed", delivery=number)
    assert len(repeats.filter._seen) < 20


def test_no_field_of_a_record_has_a_name_of_logging_itself() -> None:
    """``extra={"message": …}`` raises KeyError, and only where the level is logged: no other test would meet it."""
    bot_folder = Path(telemetry.__file__).parent
    found = [
        f"{path.name}:{node.lineno} {key.value}"
        for path in bot_folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant) and key.value in telemetry.STANDARD
    ]
    assert found == []
