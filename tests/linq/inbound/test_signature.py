"""Held against the reference library of Standard Webhooks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from standardwebhooks import Webhook

from bot.linq.api.limits import CLOCK_TOLERANCE
from bot.linq.inbound.signature import Verification, signing_key, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw7Jxx2Oll+OE="
OTHER = "whsec_" + "A" * 43 + "="
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def signed(body: str, at: datetime = NOW, secret: str = SECRET, webhook_id: str = "id-1") -> CIMultiDict[str]:
    signature = Webhook(secret).sign(webhook_id, at, body)
    stamp = str(int(at.timestamp()))
    return CIMultiDict({"webhook-id": webhook_id, "webhook-timestamp": stamp, "webhook-signature": signature})


def accepted(headers: CIMultiDict[str], body: str = "{}", *secrets: str) -> bool:
    return verified(headers, body, *secrets).is_valid


def verified(headers: CIMultiDict[str], body: str = "{}", *secrets: str) -> Verification:
    return verify([signing_key(s) for s in secrets or (SECRET,)], headers, body.encode(), NOW)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_the_reference_library_signs_is_accepted(body: str) -> None:
    assert accepted(signed(body), body)


@pytest.mark.parametrize(("late_s", "good"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_five_minutes_either_way_are_the_limit(late_s: int, good: bool) -> None:
    assert timedelta(seconds=300) == CLOCK_TOLERANCE
    assert accepted(signed("{}", NOW - timedelta(seconds=late_s))) is good


@pytest.mark.parametrize("late_s", [-3600, 3600])
def test_wrong_time_is_told_apart_from_a_wrong_signature(late_s: int) -> None:
    """Then the clock is to be set, and not the secret."""
    verification = verified(signed("{}", NOW - timedelta(seconds=late_s)))
    assert (verification.is_signed, verification.is_fresh) == (True, False)
    assert verification.skew == timedelta(seconds=-late_s)
    assert not verified(signed("{}", NOW - timedelta(seconds=late_s), OTHER)).is_signed


def test_any_of_several_signatures_and_secrets_will_do() -> None:
    headers = signed("{}")
    headers["webhook-signature"] = (
        f"v2,x {signed('{}', secret=OTHER)['webhook-signature']} {headers['webhook-signature']}"
    )
    assert accepted(headers)
    assert accepted(signed("{}", secret=OTHER), "{}", SECRET, OTHER)
    assert not accepted(signed("{}", secret=OTHER))


def test_without_a_secret_nothing_is_signed() -> None:
    assert not verify([], signed("{}"), b"{}", NOW).is_signed


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    "odd",
    [None, "", " ", "  ", ",", "v1", "v1,", "v1,,", "v1a,b", "\udcff\udc00", "é", "1e9", "-1", "٣", "nan", "9" * 400],
)
def test_odd_header_neither_gets_in_nor_raises(name: str, odd: str | None) -> None:
    headers = signed("{}")
    del headers[name]
    if odd is not None:
        headers[name] = odd
    assert not accepted(headers)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_header_that_comes_twice_is_no_header(name: str) -> None:
    headers = signed("{}")
    headers.add(name, headers[name])
    assert not accepted(headers)


def test_another_body_is_not_signed() -> None:
    assert not accepted(signed("{}"), "{} ")


def test_signed_body_need_not_be_text() -> None:
    import base64
    import hmac

    body, stamp = b"\xff\xfe", str(int(NOW.timestamp()))
    digest = hmac.digest(signing_key(SECRET), f"id-1.{stamp}.".encode() + body, "sha256")
    headers = CIMultiDict(
        {
            "webhook-id": "id-1",
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
    )
    assert verify([signing_key(SECRET)], headers, body, NOW).is_valid


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_not base64!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw7Jxx2Oll+OE=", "whsec_é"]
)
def test_secret_that_cannot_be_one_is_named_at_once(secret: str) -> None:
    with pytest.raises(ValueError, match="LINQ_WEBHOOK_SECRET"):
        signing_key(secret)


def test_padding_may_be_missing() -> None:
    assert signing_key(SECRET.rstrip("=")) == signing_key(SECRET)
