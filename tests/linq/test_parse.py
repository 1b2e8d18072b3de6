import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.linq import parse, shapes
from bot.linq.shapes import ParseError, shaped
from bot.relay.model import AttachmentId, MemoId, Receipt, ReceiptKind

Payload = Callable[[str], Any]
MEMO = MemoId("6f0c2a1e-8a77-4a0b-9d0e-3a5b1d7c9e10")
ATTACHMENT = AttachmentId("c2f7d6b4-1d9e-4f2c-8a51-0b7f4f3f2e90")
TRACE = "5b1f0c9e2a7d4c63b8e10f9a7c5d2e41"
NOW = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)


def webhook(body: object, webhook_id: str = "header-id") -> Receipt | None:
    return parse.webhook(body, webhook_id=webhook_id, received_at=NOW)


def at(hour: int, minute: int, second: int, micro: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, second, micro, UTC)


def test_a_sent_memo_becomes_a_receipt_that_finds_its_delivery_by_memo_attachment_or_trace(payload: Payload) -> None:
    assert webhook(payload("message_sent")) == Receipt(
        id="0b5d8c1a-6c0f-4f57-9a55-0f7b6f7a1c01",
        kind=ReceiptKind.SENT,
        at=at(6, 0, 2, 219000),
        memo=MEMO,
        attachments=(ATTACHMENT,),
        trace_id=TRACE,
        service="iMessage",
    )


@pytest.mark.parametrize(
    ("name", "kind", "when"),
    [
        ("message_delivered", ReceiptKind.DELIVERED, at(6, 0, 2, 948000)),
        ("message_read", ReceiptKind.READ, at(6, 1, 5, 177000)),
        ("message_delivered_2025-01-01", ReceiptKind.DELIVERED, at(6, 0, 2, 948000)),
    ],
)
def test_each_event_carries_its_own_time_in_utc(payload: Payload, name: str, kind: ReceiptKind, when: datetime) -> None:
    receipt = webhook(payload(name))
    assert receipt
    assert (receipt.kind, receipt.at, receipt.memo, receipt.attachments) == (kind, when, MEMO, (ATTACHMENT,))


def test_a_group_is_told_apart(payload: Payload) -> None:
    receipt = webhook(payload("message_sent_group"))
    assert receipt
    assert (receipt.is_group, receipt.service) == (True, "SMS")


def test_a_group_of_the_older_version_is_told_apart(payload: Payload) -> None:
    body = payload("message_delivered_2025-01-01")
    body["data"]["is_group"] = True
    receipt = webhook(body)
    assert receipt
    assert receipt.is_group


def test_a_line_without_retention_may_have_sent_a_memo(payload: Payload) -> None:
    receipt = webhook(payload("message_sent_zero_retention"))
    assert receipt
    assert (receipt.memo, receipt.attachments) == (MEMO, ())


@pytest.mark.parametrize("name", ["message_sent_text", "message_received", "reaction_added"])
def test_what_is_not_about_a_memo_of_ours_gives_nothing(payload: Payload, name: str) -> None:
    assert webhook(payload(name)) is None


def test_a_voice_memo_part_counts_as_audio(payload: Payload) -> None:
    body = payload("message_sent")
    body["data"]["parts"][0]["type"] = "voice_memo"
    receipt = webhook(body)
    assert receipt
    assert receipt.attachments == (ATTACHMENT,)


def test_a_failure_says_why_and_what_to_do(payload: Payload) -> None:
    assert webhook(payload("message_failed")) == Receipt(
        id="7e2c0a90-1111-4222-8333-444455556666",
        kind=ReceiptKind.FAILED,
        at=at(6, 0, 39, 511000),
        memo=MEMO,
        trace_id=TRACE,
        service="iMessage",
        reason="It never left your number. Press Resend to try again.",
        code="4001",
    )


def test_a_failure_that_names_no_message_is_still_found_by_its_trace(payload: Payload) -> None:
    receipt = webhook(payload("message_failed_nameless"))
    assert receipt
    assert (receipt.memo, receipt.trace_id, receipt.code) == (None, TRACE, "4006")


def test_without_an_event_id_the_signed_header_names_the_receipt(payload: Payload) -> None:
    body = payload("message_sent")
    del body["event_id"]
    receipt = webhook(body)
    assert receipt
    assert receipt.id == "header-id"


@pytest.mark.parametrize("oddity", [None, 7, "yesterday", [], {}, "0001-01-01T00:00:00+14:00"])
def test_a_time_that_makes_no_sense_falls_back_to_the_next_best(payload: Payload, oddity: object) -> None:
    body = payload("message_sent")
    body["data"]["sent_at"] = oddity
    receipt = webhook(body)
    assert receipt
    assert receipt.at == at(6, 0, 3, 101373)
    body["created_at"] = oddity
    receipt = webhook(body)
    assert receipt
    assert receipt.at == NOW


@pytest.mark.parametrize("field", ["chat", "parts", "service", "sender_handle", "direction", "idempotency_key"])
@pytest.mark.parametrize("oddity", [None, 7, "text", [7, None, "x"], {"a": 1}, True])
def test_an_odd_field_does_not_cost_the_rest(payload: Payload, field: str, oddity: object) -> None:
    body = payload("message_sent")
    body["data"][field] = oddity
    receipt = webhook(body)
    assert receipt
    assert (receipt.kind, receipt.memo) == (ReceiptKind.SENT, MEMO)


def test_text_is_made_fit_for_a_database(payload: Payload) -> None:
    body = payload("message_failed")
    body["data"].update(code=4007, reason="odd \x00 \ud800 reason" + "!" * 9000)
    receipt = webhook(body)
    assert receipt
    assert "\x00" not in receipt.reason
    receipt.reason.encode()
    assert len(receipt.reason) < 9000


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        7,
        {},
        {"event_type": 7},
        {"event_type": "message.sent", "event_id": "e"},
        {"event_type": "message.failed", "event_id": "e", "data": []},
    ],
)
def test_what_can_be_no_event_of_linqs_is_a_parse_error(body: object) -> None:
    with pytest.raises(ParseError):
        webhook(body)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SAMPLES = {path.stem: json.loads(path.read_text()) for path in Path(__file__).parents[1].glob("payloads/linq/*.json")}


def places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [place for key, value in inner for place in [(*path, key), *places(value, (*path, key))]]


@given(data=st.data(), name=st.sampled_from(sorted(SAMPLES)), junk=ANY_JSON)
def test_no_input_raises_anything_but_parse_error(data: st.DataObject, name: str, junk: Any) -> None:
    """A real payload with junk in one place, read in every way there is."""
    body = json.loads(json.dumps(SAMPLES[name]))
    *way, last = data.draw(st.sampled_from(places(body)))
    owner = body
    for key in way:
        owner = owner[key]
    owner[last] = junk
    for read in READERS:
        for each in (body, junk):
            with contextlib.suppress(ParseError):
                read(each)


READERS: list[Callable[[object], object]] = [
    webhook,
    parse.chat,
    parse.lines,
    lambda body: parse.looked_at(body, now=NOW),
    lambda body: parse.sent_memo(body, trace_id="", attachment=None, now=NOW),
    lambda body: parse.upload(body, content_type="audio/x-m4a", size_bytes=1),
    lambda body: shaped(shapes.MessagePage, body),
    lambda body: shaped(shapes.ChatPage, body),
    lambda body: shaped(shapes.SubscriptionsAnswer, body),
    lambda body: shaped(shapes.RefusalAnswer, body),
]


def test_the_answer_to_a_send_is_a_memo_with_its_first_receipt(payload: Payload) -> None:
    memo = parse.sent_memo(payload("voicememo_202"), trace_id=TRACE, attachment=ATTACHMENT, now=NOW)
    assert (memo.id, memo.attachments, memo.trace_id) == (MEMO, (ATTACHMENT,), TRACE)
    assert memo.receipt
    assert (memo.receipt.id, memo.receipt.kind) == (f"look:{MEMO}:queued", ReceiptKind.QUEUED)
    assert memo.receipt.service == "iMessage"


def test_a_memo_sent_by_url_is_known_by_the_attachment_linq_made(payload: Payload) -> None:
    memo = parse.sent_memo(payload("voicememo_202"), trace_id=TRACE, attachment=None, now=NOW)
    assert memo.attachments == (ATTACHMENT,)


def test_looking_gives_the_same_fact_the_same_id(payload: Payload) -> None:
    receipt = parse.looked_at(payload("message_200"), now=NOW)
    assert receipt
    assert (receipt.id, receipt.kind, receipt.at) == (
        f"look:{MEMO}:delivered",
        ReceiptKind.DELIVERED,
        at(6, 0, 2, 948000),
    )


@pytest.mark.parametrize("status", ["received", "unheard of", "", None])
def test_a_status_without_meaning_for_us_gives_no_receipt(payload: Payload, status: object) -> None:
    assert parse.looked_at({**payload("message_200"), "delivery_status": status}, now=NOW) is None


def test_the_people_of_a_chat_are_those_who_are_in_it_without_us(payload: Payload) -> None:
    assert parse.chat(payload("chat_200")).people == ("+12025550123",)
