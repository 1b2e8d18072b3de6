"""Every sentence says the cause and what can be done; what is our fault never blames the file."""

import inspect

import pytest

from bot.audio import errors
from bot.relay.errors import Refused, Remedy, RetryLater

_VALUES = {"container": "html", "label": "M4A", "kind": "KeyError", "cause": "no memory", "strerror": "No space left"}
_VALUES |= {"reason": "It is broken. Record it again.", "code": ""}


def _all(kind: type[Refused] | type[RetryLater]) -> list[Refused | RetryLater]:
    makers = [
        maker for _, maker in inspect.getmembers(errors, inspect.isfunction) if maker.__annotations__["return"] is kind
    ]
    return [maker(**{name: _VALUES.get(name, 0.5) for name in inspect.signature(maker).parameters}) for maker in makers]


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (42.9, "0:42"), (725, "12:05"), (3723, "1:02:03")])
def test_length_is_shown_as_on_a_clock(seconds: float, shown: str) -> None:
    assert errors.clock(seconds) == shown


@pytest.mark.parametrize("refusal", _all(Refused), ids=lambda refusal: refusal.reason[:40])
def test_refusal_says_the_cause_and_a_way_out(refusal: Refused) -> None:
    *causes, way_out = refusal.reason.rstrip(".").split(". ")
    assert causes
    assert way_out.startswith(("Record", "Save", "Drop", "Let", "Keep"))
    assert refusal.reason.endswith(".")


@pytest.mark.parametrize("refusal", _all(Refused), ids=lambda refusal: refusal.reason[:40])
def test_refusal_asks_for_another_file(refusal: Refused) -> None:
    """Without that, Resend would be offered for what fails in the same way each time."""
    assert refusal.remedy is Remedy.SEND_FILE_AGAIN


@pytest.mark.parametrize("later", _all(RetryLater), ids=lambda later: later.reason[:40])
def test_our_own_trouble_blames_the_bot_or_its_machine(later: RetryLater) -> None:
    assert "bot" in later.reason
    assert later.reason.endswith(".")
    assert not any(word in later.reason for word in ("damaged", "Record it", "Save it"))
