from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.linq.fields import LONGEST, PayloadError, read, to_identifier, to_text
from bot.linq.schemas import LinqMessage

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("body", [None, [], "text", 7, True])
def test_anything_but_an_object_is_a_parse_error(body: object) -> None:
    with pytest.raises(PayloadError):
        read(LinqMessage, body)


@given(st.sampled_from(sorted(LinqMessage.model_fields)), ANY_JSON)
def test_odd_field_counts_as_missing_and_costs_nothing_else(field: str, junk: Any) -> None:
    message = read(LinqMessage, {"id": "m1", "service": "SMS", field: junk})
    assert field == "id" or message.id == "m1"
    assert field == "service" or message.service == "SMS"


def test_text_is_fit_for_a_database() -> None:
    fit = to_text("odd \x00 \ud800 text" + "!" * 9000)
    assert "\x00" not in fit
    fit.encode()
    assert len(fit) < LONGEST


@pytest.mark.parametrize("odd", [None, 7, "", "..", "a/b", "a b", "é", "a" * 129, "a\n", "#1"])
def test_identifier_that_could_be_none_is_missing(odd: object) -> None:
    assert to_identifier(odd) == ""


@pytest.mark.parametrize("good", ["6f0c2a1e-8a77-4a0b-9d0e-3a5b1d7c9e10", "r-1", "msg_1.2:3"])
def test_identifier_is_kept_as_it_is(good: str) -> None:
    assert to_identifier(good) == good


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-11-22T06:03:13.736444093Z", "2026-11-22T06:03:13.736444+00:00"),
        ("2026-11-22T08:01:05.177+02:00", "2026-11-22T06:01:05.177000+00:00"),
        ("2026-11-22T06:00:00", "2026-11-22T06:00:00+00:00"),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (7, None),
    ],
)
def test_timestamp_is_utc_or_missing(written: object, kept: str | None) -> None:
    at = read(LinqMessage, {"sent_at": written}).sent_at
    assert (at and at.isoformat()) == kept
