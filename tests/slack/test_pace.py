"""Turns under Slack's limits: never too many in any minute, nobody overtaken, nobody forgotten."""

from datetime import timedelta

import pytest

from bot.relay.errors import RetryLater
from bot.slack.pace import Pace
from tests.slack.conftest import Seconds


def wait_for(pace: Pace, method: str, *, place: str = "", who: str = "") -> float:
    """Seconds until the turn; 0 when it was taken now."""
    try:
        pace.take(method, place=place, who=who)
    except RetryLater as later:
        return later.after.total_seconds() if later.after else 0.0
    return 0.0


def edits_of_a_crowd(pace: Pace, clock: Seconds, crowd: int, until: float) -> list[tuple[float, str]]:
    """Everybody edits again and again, as soon as allowed: when, and who."""
    due = {f"n{number}": clock.now for number in range(crowd)}
    edits: list[tuple[float, str]] = []
    while min(due.values()) < until:
        who = min(due, key=lambda one: due[one])
        clock.now = max(clock.now, due[who])
        wait = wait_for(pace, "chat.update", who=who)
        due[who] = clock.now + wait
        if not wait:
            edits.append((clock.now, who))
    return edits


def test_no_minute_has_more_than_fifty_edits(clock: Seconds) -> None:
    edits = edits_of_a_crowd(Pace(clock), clock, crowd=40, until=clock.now + 300)
    for start, _ in edits:
        assert sum(start <= at < start + 60 for at, _ in edits) <= 50


def test_a_crowd_is_served_in_turn(clock: Seconds) -> None:
    edits = edits_of_a_crowd(Pace(clock), clock, crowd=40, until=clock.now + 300)
    counts = [sum(who == f"n{number}" for _, who in edits) for number in range(1, 40)]
    assert max(counts) - min(counts) <= 1


def test_whoever_waits_as_told_is_served_at_once(clock: Seconds) -> None:
    pace = Pace(clock)
    for number in range(10):
        assert wait_for(pace, "chat.update", who=f"early {number}") == 0
    wait = wait_for(pace, "chat.update", who="late")
    assert wait == pytest.approx(1.5)
    clock.now += wait
    assert wait_for(pace, "chat.update", who="late") == 0


def test_asking_again_too_early_does_not_cost_the_turn(clock: Seconds) -> None:
    pace = Pace(clock)
    for number in range(10):
        pace.take("chat.update", who=f"early {number}")
    first = wait_for(pace, "chat.update", who="late")
    clock.now += 1
    assert wait_for(pace, "chat.update", who="late") == pytest.approx(first - 1)


def test_posts_are_counted_for_each_channel(clock: Seconds) -> None:
    pace = Pace(clock)
    for number in range(5):
        assert wait_for(pace, "chat.postMessage", place="C1", who=f"{number}") == 0
    assert wait_for(pace, "chat.postMessage", place="C1", who="sixth") == pytest.approx(1.0)
    assert wait_for(pace, "chat.postMessage", place="C2", who="sixth") == 0


def test_a_pause_holds_for_all_and_leaves_no_burst(clock: Seconds) -> None:
    pace = Pace(clock)
    pace.take("chat.update", who="first")
    pace.hold("chat.update", timedelta(seconds=30))
    assert wait_for(pace, "chat.update", who="second") == pytest.approx(30)
    clock.now += 30
    assert wait_for(pace, "chat.update", who="second") == 0
    assert wait_for(pace, "chat.update", who="third") == pytest.approx(1.5)


def test_a_shorter_pause_does_not_end_a_longer_one(clock: Seconds) -> None:
    pace = Pace(clock)
    pace.hold("chat.update", timedelta(seconds=30))
    pace.hold("chat.update", timedelta(seconds=3))
    assert wait_for(pace, "chat.update", who="first") == pytest.approx(30)


def test_a_pause_of_one_method_holds_no_other(clock: Seconds) -> None:
    pace = Pace(clock)
    pace.take("chat.postMessage", place="C1", who="first")
    pace.hold("chat.update", timedelta(seconds=30))
    assert wait_for(pace, "chat.postMessage", place="C1", who="second") == 0


def test_who_waits_keeps_the_turn_while_others_ask(clock: Seconds) -> None:
    pace = Pace(clock)
    for number in range(10):
        pace.take("chat.update", who=f"early {number}")
    assert wait_for(pace, "chat.update", who="one") == pytest.approx(1.5)
    assert wait_for(pace, "chat.update", who="other") == pytest.approx(3.0)
    assert wait_for(pace, "chat.update", who="one") == pytest.approx(1.5)


def test_a_method_without_a_rate_waits_only_when_slack_said_so(clock: Seconds) -> None:
    pace = Pace(clock)
    for _ in range(500):
        pace.take("files.info")
    pace.hold("files.info", timedelta(seconds=3))
    assert wait_for(pace, "files.info") == pytest.approx(3)
