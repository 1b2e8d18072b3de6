import inspect
import pickle

import pytest

from bot.audio import refusals
from bot.relay.errors import Refused

_GIVEN = {"container": "html", "label": "M4A", "kind": "KeyError"}


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (42.9, "0:42"), (725, "12:05"), (3723, "1:02:03")])
def test_a_length_is_shown_as_on_a_clock(seconds: float, shown: str) -> None:
    assert refusals.clock(seconds) == shown


def _all() -> list[Refused]:
    makers = [
        made
        for _, made in inspect.getmembers(refusals, inspect.isfunction)
        if made.__annotations__["return"] is Refused
    ]
    return [made(**{name: _GIVEN.get(name, 0.5) for name in inspect.signature(made).parameters}) for made in makers]


@pytest.mark.parametrize("refusal", _all(), ids=lambda refusal: refusal.reason[:40])
def test_every_reason_is_whole_sentences_with_a_way_out(refusal: Refused) -> None:
    *causes, way_out = refusal.reason.rstrip(".").split(". ")
    assert causes
    assert way_out.startswith(("Record", "Save", "Drop", "Let", "Keep"))
    assert refusal.reason.endswith(".")


def test_a_refusal_crosses_from_worker_to_bot_unharmed() -> None:
    refusal = pickle.loads(pickle.dumps(refusals.unforeseen("KeyError")))
    assert (type(refusal), refusal.code) == (Refused, "KeyError")
    assert refusal.reason == str(refusal)
