"""Switches: checked on assignment and from JSON, all or none, observable, reset at once."""

import pytest

from bot.sandbox.linq.switches import Switches as LinqSwitches
from bot.sandbox.slack.switches import Fault
from bot.sandbox.slack.switches import Switches as SlackSwitches


@pytest.mark.parametrize(
    ("name", "value"),
    [("latency_s", "slow"), ("down", "maybe"), ("listed", 1), ("nonsense", True), ("pair_limit", "3")],
)
def test_wrong_assignment_is_refused(name: str, value: object) -> None:
    switches = LinqSwitches()
    with pytest.raises(ValueError, match=name):
        setattr(switches, name, value)
    assert switches == LinqSwitches()


def test_json_changes_are_applied_all_or_none() -> None:
    switches = SlackSwitches()
    switches.apply({"latency_s": 1, "scopes": ["chat:write"], "faults": {"auth.test": {"status": 429, "times": 2}}})
    assert (switches.latency_s, switches.scopes) == (1.0, {"chat:write"})
    assert switches.faults == {"auth.test": Fault(status=429, times=2)}
    with pytest.raises(ValueError, match="down"):
        switches.apply({"deaf": True, "down": "maybe"})
    assert not switches.deaf


def test_shown_switches_can_be_applied_again() -> None:
    for switches in (SlackSwitches(), LinqSwitches()):
        switches.apply(switches.shown())
        assert switches == type(switches)()


def test_watcher_is_called_after_each_assignment() -> None:
    switches, seen = SlackSwitches(), []
    switches.watch("down", lambda: seen.append(switches.down))
    switches.down = "503"
    switches.apply({"down": "no"})
    switches.latency_s = 1.0
    assert seen == ["503", "no"]


def test_reset_restores_the_defaults() -> None:
    switches = LinqSwitches(latency_s=3.0)
    switches.next("voicememo", "drop")
    switches.reset()
    assert switches == LinqSwitches()


def test_fault_with_times_is_used_up() -> None:
    switches = SlackSwitches()
    switches.fault("chat.update", error="fatal_error", times=1)
    switches.fault("*", status=503)
    found = [switches.take_fault("chat.update"), switches.take_fault("chat.update"), switches.take_fault("auth.test")]
    assert [fault and (fault.error, fault.status) for fault in found] == [("fatal_error", 200), None, ("", 503)]
