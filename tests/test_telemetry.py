"""Logs say what happened and never what nobody may read; counters count the same records."""

import ast
import asyncio
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


def test_a_record_of_ours_is_one_json_line_with_its_fields(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    logging.getLogger("memobridge.relay").info("memo found", extra={"delivery": "d1"})
    [said] = lines(stream)
    assert (said["event"], said["delivery"], said["level"]) == ("memo found", "d1", "info")


def test_other_peoples_records_lose_their_arguments(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    logging.getLogger("aiohttp").warning("cannot reach %s", "https://files.slack.com/secret")
    assert "secret" not in stream.getvalue()
    assert lines(stream)[0]["event"] == "cannot reach %s"


async def test_an_error_that_a_task_left_behind_is_not_quoted(stream: io.StringIO) -> None:
    """asyncio writes the exception's own words into the lines below the first."""
    telemetry.set_up("info", "json", stream)
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("https://files.slack.com/secret"))
    del future
    gc.collect()
    assert "secret" not in stream.getvalue()
    assert lines(stream)[0]["error"] == "ValueError"


def test_an_exception_is_told_by_type_and_place_only(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    try:
        raise ValueError("+12025550123")
    except ValueError:
        logging.getLogger("memobridge.relay").exception("it broke")
    assert "+12025550123" not in stream.getvalue()
    assert lines(stream)[0]["error"] == "ValueError"


def test_events_are_counted_as_they_are_logged(stream: io.StringIO) -> None:
    metrics = telemetry.set_up("info", "json", stream)
    for _ in range(2):
        logging.getLogger("memobridge.relay").info("delivery closed", extra={"step": "failed"})
    assert b'memobridge_events_total{event="delivery closed",kind="failed"} 2.0' in metrics.text()


def test_a_worker_that_is_gone_already_is_no_news(stream: io.StringIO) -> None:
    telemetry.set_up("info", "json", stream)
    logging.getLogger("asyncio").warning("Unknown child process pid %d, will report returncode 255", 7)
    assert stream.getvalue() == ""


def test_a_quiet_level_quiets_other_people_too(stream: io.StringIO) -> None:
    telemetry.set_up("error", "json", stream)
    logging.getLogger("asyncio").warning("something")
    assert stream.getvalue() == ""


def test_a_quiet_level_is_kept_quiet(stream: io.StringIO) -> None:
    telemetry.set_up("warning", "json", stream)
    logging.getLogger("memobridge.relay").info("memo found")
    assert stream.getvalue() == ""


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
