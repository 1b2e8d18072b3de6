"""What each webhook tells: the facts that the relay stores."""

from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from bot.linq.fields import PayloadError
from bot.linq.ids import fact_id
from bot.linq.inbound.parse import parse_webhook
from bot.linq.inbound.parse_rooms import UNKNOWN
from bot.linq.inbound.ports import ContactCard, Fact, LineStatus, SubscriptionDisabled, TokenExpiry
from bot.relay.errors import Remedy
from bot.relay.ids import DeliveryId
from bot.relay.model import Message, Receipt, ReceiptKind, ReceiptSource
from bot.relay.parts import Announcement, Edit, Happening, Reaction, Text, Voice
from tests.linq.conftest import IDS, Payload
from tests.linq.made import ATTACHMENT, CHAT, MESSAGE

ANN = "+12025550123"
LINE = "+12025550100"
GROUP = IDS.room("7c1f0a52-9d64-4b1e-8a37-2f5e6d7c8b90")
INBOUND = IDS.message("89e3566e-1d13-49e5-a8ee-48490d5bfeb7")
TRACE = "5b1f0c9e2a7d4c63b8e10f9a7c5d2e41"
NOW = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)

F = TypeVar("F")


def facts(body: object, webhook_id: str = "header-id") -> tuple[Fact, ...]:
    return parse_webhook(body, ids=IDS, webhook_id=webhook_id, received_at=NOW)


def only(kind: type[F], body: object) -> F:
    """The one fact of this kind."""
    [found] = [fact for fact in facts(body) if isinstance(fact, kind)]
    return found


def at(hour: int, minute: int, second: int, micro: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, second, micro, UTC)


# Messages of a contact


def test_received_message_is_the_contacts_with_its_reply_and_handle(payload: Payload) -> None:
    assert facts(payload("message_received")) == (
        Message(
            id=INBOUND,
            room=IDS.room(CHAT),
            sender=IDS.person(ANN),
            sent_at=at(6, 3, 13, 74000),
            parts=(Text("0", "Got it!"),),
            about=IDS.message(MESSAGE),
            sender_handle="+1 202-555-0123",
            room_key=IDS.room_key(LINE, ANN),
            within=(IDS.line(LINE), IDS.all_lines()),
            line="+1 202-555-0100",
        ),
    )


def test_older_version_tells_the_same_message(payload: Payload) -> None:
    new, old = only(Message, payload("message_received")), only(Message, payload("message_received_2025-01-01"))
    assert (old.room, old.sender, old.sent_at, old.parts) == (new.room, new.sender, new.sent_at, new.parts)


def test_voice_memo_of_a_contact_is_a_recording(payload: Payload) -> None:
    [part] = only(Message, payload("message_received_voice")).parts
    assert isinstance(part, Voice)


def test_message_without_an_id_is_known_by_its_event(payload: Payload) -> None:
    body = payload("message_received")
    del body["data"]["id"]
    assert only(Message, body).id == IDS.event(body["event_id"])


@pytest.mark.parametrize(
    "own", [{"direction": "outbound"}, {"direction": None, "is_from_me": True}, {"direction": "", "sender_handle": {}}]
)
def test_what_our_side_sent_is_never_the_contacts(payload: Payload, own: dict[str, Any]) -> None:
    body = payload("message_received")
    body["data"].update(own)
    if not own.get("sender_handle", True):
        body["data"]["sender_handle"] = {"handle": LINE, "is_me": True}
    assert facts(body) == ()


@pytest.mark.parametrize("word", ["STOP", " UNSUBSCRIBE\n", "OPTOUT", "CANCEL", "END", "QUIT", "opt out", "Opt-Out"])
def test_opt_out_keyword_is_told_beside_the_message(payload: Payload, word: str) -> None:
    body = payload("message_received_stop")
    body["data"]["parts"][0]["value"] = word
    message, opted_out = facts(body)
    assert isinstance(message, Message)
    assert isinstance(opted_out, Message)
    assert opted_out.id == fact_id(message.id, "opted_out")
    assert opted_out.parts == (Announcement("opted_out", Happening.OPTED_OUT, text=word.strip()),)


@pytest.mark.parametrize("words", ["Stop", "stop", "please STOP", "STOP.", "unsubscribe", "opt  out", "opting out"])
def test_other_words_are_no_opt_out(payload: Payload, words: str) -> None:
    body = payload("message_received_stop")
    body["data"]["parts"][0]["value"] = words
    assert len(facts(body)) == 1


def test_group_never_opts_out(payload: Payload) -> None:
    body = payload("message_received_stop")
    body["data"]["chat"]["is_group"] = True
    assert len(facts(body)) == 1


def test_keyword_beside_a_picture_is_no_opt_out(payload: Payload) -> None:
    body = payload("message_received_stop")
    body["data"]["parts"].append({"type": "media", "id": "a", "mime_type": "image/png"})
    assert len(facts(body)) == 1


@pytest.mark.parametrize(("status", "is_well"), [("HEALTHY", True), ("AT_RISK", False), ("", False)])
def test_message_says_whether_its_chat_is_well(payload: Payload, status: str, is_well: bool) -> None:
    body = payload("message_received")
    body["data"]["chat"]["health_status"]["status"] = status
    assert [fact.is_room_well for fact in facts(body) if isinstance(fact, Message)][-1] is is_well


@pytest.mark.parametrize("status", ["AT_RISK", "CRITICAL"])
@pytest.mark.parametrize("name", ["message_received", "message_sent", "message_edited"])
def test_health_of_a_chat_is_announced_once_for_each_change(payload: Payload, name: str, status: str) -> None:
    body = payload(name)
    body["data"]["chat"]["health_status"]["status"] = status
    announced = [fact for fact in facts(body) if isinstance(fact, Message) and isinstance(fact.parts[0], Announcement)]
    [first] = announced
    assert isinstance(first.parts[0], Announcement)
    assert first.parts[0].happening is Happening.ROOM_AT_RISK
    body["event_id"] = "another-event"
    assert first.id in {fact.id for fact in facts(body) if isinstance(fact, Message)}
    body["data"]["chat"]["health_status"]["updated_at"] = "2026-11-22T00:00:00Z"
    assert first.id not in {fact.id for fact in facts(body) if isinstance(fact, Message)}


def test_edit_of_a_contact_names_the_part_and_its_new_text(payload: Payload) -> None:
    edit = only(Message, payload("message_edited"))
    assert edit.parts == (Edit("0", "Got it, thanks!"),)
    assert (edit.about, edit.sent_at, edit.room) == (INBOUND, at(6, 5, 0, 512000), IDS.room(CHAT))
    again = payload("message_edited") | {"event_id": "another-event"}
    assert only(Message, again).id == edit.id


def test_another_text_is_another_edit(payload: Payload) -> None:
    body = payload("message_edited")
    body["data"]["part"]["text"] = "Got it?"
    assert only(Message, body).id != only(Message, payload("message_edited")).id


def test_edit_of_our_own_text_is_nobodys_message(payload: Payload) -> None:
    body = payload("message_edited")
    body["data"]["direction"] = "outbound"
    assert facts(body) == ()


# What our side sent


def test_sent_message_is_a_receipt_that_finds_its_delivery_in_three_ways(payload: Payload) -> None:
    assert only(Receipt, payload("message_sent")) == Receipt(
        id="0b5d8c1a-6c0f-4f57-9a55-0f7b6f7a1c01",
        kind=ReceiptKind.SENT,
        at=at(6, 0, 2, 219000),
        source=ReceiptSource.WEBHOOK,
        message=IDS.message(MESSAGE),
        attachments=(IDS.media(ATTACHMENT),),
        trace_id=TRACE,
    )


@pytest.mark.parametrize(
    ("name", "kind", "when"),
    [
        ("message_delivered", ReceiptKind.DELIVERED, at(6, 0, 2, 948000)),
        ("message_read", ReceiptKind.READ, at(6, 1, 5, 177000)),
        ("message_delivered_2025-01-01", ReceiptKind.DELIVERED, at(6, 0, 2, 948000)),
    ],
)
def test_each_receipt_carries_its_own_time_in_utc(
    payload: Payload, name: str, kind: ReceiptKind, when: datetime
) -> None:
    [receipt] = facts(payload(name))
    assert isinstance(receipt, Receipt)
    assert (receipt.kind, receipt.at, receipt.message) == (kind, when, IDS.message(MESSAGE))
    assert receipt.attachments == (IDS.media(ATTACHMENT),)


@pytest.mark.parametrize(
    ("is_group", "service", "is_final"),
    [(False, "iMessage", False), (False, "RCS", False), (True, "iMessage", True), (False, "SMS", True)],
)
def test_sent_is_final_where_linq_tells_no_more(payload: Payload, is_group: bool, service: str, is_final: bool) -> None:
    body = payload("message_sent")
    body["data"]["chat"]["is_group"], body["data"]["service"] = is_group, service
    assert only(Receipt, body).is_final is is_final
    assert not only(Receipt, body | {"event_type": "message.delivered"}).is_final


def test_group_of_the_older_version_is_told_apart(payload: Payload) -> None:
    body = payload("message_delivered_2025-01-01") | {"event_type": "message.sent"}
    body["data"]["is_group"] = True
    assert only(Receipt, body).is_final


def test_message_of_our_side_is_told_as_such(payload: Payload) -> None:
    """Somebody may have sent it from Linq's dashboard. The relay knows by the receipt before it what it sent itself."""
    receipt, message = facts(payload("message_sent_text"))
    assert isinstance(receipt, Receipt)
    assert isinstance(message, Message)
    assert message.is_ours
    assert (message.sender, message.sender_handle) == (IDS.person(LINE), "")
    assert message.parts == (Text("0", "Hello!"), Announcement("elsewhere", Happening.SENT_ELSEWHERE))


def test_message_under_our_own_key_is_a_receipt_and_nothing_else(payload: Payload) -> None:
    body = payload("message_sent_text")
    body["data"]["idempotency_key"] = "0123456789abcdef0123"
    [receipt] = facts(body)
    assert isinstance(receipt, Receipt)
    assert receipt.delivery == DeliveryId("0123456789abcdef0123")


def test_key_of_another_program_is_none_of_ours(payload: Payload) -> None:
    body = payload("message_sent_text")
    body["data"]["idempotency_key"] = "order-1"
    receipt, message = facts(body)
    assert isinstance(receipt, Receipt)
    assert isinstance(message, Message)
    assert receipt.delivery is None


def test_line_without_retention_still_has_receipts(payload: Payload) -> None:
    receipt = only(Receipt, payload("message_sent_zero_retention"))
    assert (receipt.message, receipt.attachments) == (IDS.message(MESSAGE), ())


def test_inbound_message_has_no_receipts(payload: Payload) -> None:
    for kind in ("message.sent", "message.delivered", "message.read"):
        assert facts(payload("message_received") | {"event_type": kind}) == ()


def test_failure_says_why_and_what_can_be_done(payload: Payload) -> None:
    [receipt] = facts(payload("message_failed"))
    assert receipt == Receipt(
        id="7e2c0a90-1111-4222-8333-444455556666",
        kind=ReceiptKind.FAILED,
        at=at(6, 0, 39, 511000),
        source=ReceiptSource.WEBHOOK,
        message=IDS.message(MESSAGE),
        trace_id=TRACE,
        reason="It never left your number.",
        code="4001",
        remedy=Remedy.RESEND,
    )


def test_failure_that_names_no_message_is_found_by_its_trace(payload: Payload) -> None:
    receipt = only(Receipt, payload("message_failed_nameless"))
    assert (receipt.message, receipt.trace_id, receipt.code) == (None, TRACE, "4006")


# Tapbacks, members, names


def test_reaction_names_message_part_and_person(payload: Payload) -> None:
    [added], [removed] = facts(payload("reaction_added")), facts(payload("reaction_removed"))
    assert isinstance(added, Message)
    assert isinstance(removed, Message)
    assert added.parts == (Reaction("reaction", "❤️", False, "0"),)
    assert removed.parts == (Reaction("reaction", "❤️", True, "0"),)
    assert (added.about, added.sender, added.sent_at) == (IDS.message(MESSAGE), IDS.person(ANN), at(6, 2, 0))
    assert added.id != removed.id
    assert only(Message, payload("reaction_added") | {"event_id": "another-event"}).id == added.id


def test_custom_reaction_is_its_emoji(payload: Payload) -> None:
    body = payload("reaction_added")
    body["data"].update(reaction_type="custom", custom_emoji="🎉", part_index=None)
    assert only(Message, body).parts == (Reaction("reaction", "🎉", False, "0"),)


def test_reaction_of_ours_comes_back_and_is_not_told(payload: Payload) -> None:
    body = payload("reaction_added")
    body["data"]["is_from_me"] = True
    assert facts(body) == ()


@pytest.mark.parametrize(
    ("odd", "text"),
    [
        ({"message_id": None}, "❤️"),
        ({"reaction_type": "sticker"}, "a sticker"),
        ({"reaction_type": "custom", "custom_emoji": None}, UNKNOWN),
        ({"reaction_type": "hologram"}, UNKNOWN),
    ],
)
def test_reaction_that_cannot_be_shown_as_one_is_announced(payload: Payload, odd: dict[str, Any], text: str) -> None:
    body = payload("reaction_added")
    body["data"].update(odd)
    [message] = facts(body)
    assert isinstance(message, Message)
    assert message.parts == (Announcement("reacted", Happening.REACTED, text=text),)
    body["event_type"] = "reaction.removed"
    assert facts(body) == ()


def test_older_field_names_the_person_of_a_reaction(payload: Payload) -> None:
    body = payload("reaction_added")
    body["data"].update({"from_handle": None, "from": ANN})
    assert only(Message, body).sender == IDS.person(ANN)


@pytest.mark.parametrize(
    ("name", "happening", "when"),
    [("participant_added", Happening.JOINED, at(6, 4, 0)), ("participant_removed", Happening.LEFT, at(6, 6, 0))],
)
def test_members_who_come_and_go_are_announced(
    payload: Payload, name: str, happening: Happening, when: datetime
) -> None:
    message = only(Message, payload(name))
    assert message.parts == (Announcement("announcement", happening),)
    assert message.sender_handle == "+1 202-555-0130"
    assert (message.room, message.sent_at, message.id) == (GROUP, when, IDS.event(payload(name)["event_id"]))


def test_our_own_line_that_left_is_announced_as_such(payload: Payload) -> None:
    body = payload("participant_removed")
    body["data"]["participant"]["is_me"] = True
    [part] = only(Message, body).parts
    assert isinstance(part, Announcement)
    assert part.happening is Happening.WE_LEFT


@pytest.mark.parametrize(("new", "name"), [("Family", "Family"), (None, "")])
def test_new_group_name_is_announced(payload: Payload, new: str | None, name: str) -> None:
    body = payload("chat_group_name_updated")
    body["data"]["new_value"] = new
    message = only(Message, body)
    assert message.parts == (Announcement("announcement", Happening.RENAMED, text=name),)


# What belongs to no chat


def test_contact_card_gives_name_and_photo(payload: Payload) -> None:
    [card] = facts(payload("contact_card_received"))
    photo = "https://cdn.linqapp.com/contacts/ann.jpg?signature=abc"
    assert card == ContactCard(IDS.person(ANN), ANN, "Ann Example", photo)
    assert "Ann" not in repr(card)


@pytest.mark.parametrize(
    ("status", "reputation", "stands"),
    [
        ("ACTIVE", "HEALTHY", (False, False)),
        ("FLAGGED", "HEALTHY", (True, False)),
        ("ACTIVE", "AT_RISK", (False, True)),
        ("", "", (False, False)),
    ],
)
def test_line_status_is_told(payload: Payload, status: str, reputation: str, stands: tuple[bool, bool]) -> None:
    body = payload("phone_number_status_updated")
    body["data"].update(new_status=status, new_reputation=reputation)
    line = only(LineStatus, body)
    assert (line.line, line.number, line.at) == (IDS.line(LINE), LINE, at(6, 8, 0))
    assert (line.is_flagged, line.is_at_risk) == stands


def test_disabled_subscription_says_which_and_by_whom(payload: Payload) -> None:
    [fact] = facts(payload("webhook_subscription_disabled"))
    assert fact == SubscriptionDisabled("https://bot.example.com/linq/webhooks", "system", at(6, 9, 0))


def test_token_expiry_says_which_and_when(payload: Payload) -> None:
    [fact] = facts(payload("api_token_expiry_scheduled"))
    assert fact == TokenExpiry("lq_ab12", datetime(2026, 12, 1, tzinfo=UTC), at(6, 9, 0))


# Oddities


def test_without_an_event_id_the_signed_header_names_the_receipt(payload: Payload) -> None:
    body = payload("message_sent")
    del body["event_id"]
    assert only(Receipt, body).id == "header-id"


@pytest.mark.parametrize("oddity", [None, 7, "yesterday", [], {}, "0001-01-01T00:00:00+14:00"])
def test_time_that_cannot_be_read_falls_back_to_the_next_best(payload: Payload, oddity: object) -> None:
    body = payload("message_sent")
    body["data"]["sent_at"] = oddity
    assert only(Receipt, body).at == at(6, 0, 3, 101373)
    body["created_at"] = oddity
    assert only(Receipt, body).at == NOW


@pytest.mark.parametrize("field", ["chat", "parts", "service", "sender_handle", "direction", "idempotency_key"])
@pytest.mark.parametrize("oddity", [None, 7, "text", [7, None, "x"], {"a": 1}, True])
def test_odd_field_does_not_cost_the_receipt(payload: Payload, field: str, oddity: object) -> None:
    body = payload("message_sent")
    body["data"][field] = oddity
    receipt = only(Receipt, body)
    assert (receipt.kind, receipt.message) == (ReceiptKind.SENT, IDS.message(MESSAGE))


@pytest.mark.parametrize("field", ["parts", "service", "sender_handle", "reply_to", "effect", "sent_at", "direction"])
@pytest.mark.parametrize("oddity", [None, 7, "text", [7, None, "x"], {"a": 1}, True])
def test_odd_field_does_not_cost_the_message(payload: Payload, field: str, oddity: object) -> None:
    body = payload("message_received")
    body["data"][field] = oddity
    message = only(Message, body)
    assert message.id == INBOUND
    assert message.parts


@pytest.mark.parametrize("kind", ["poll.received", "chat.created", "moon.landed", "message.deleted"])
def test_types_that_nobody_listens_to_tell_nothing(kind: str) -> None:
    assert facts({"event_type": kind}) == ()


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
        {"event_type": "message.received", "event_id": "e", "data": {"id": "m"}},
        {"event_type": "message.edited", "event_id": "e", "data": {"chat": {"id": "c"}}},
    ],
)
def test_what_can_be_no_event_of_linqs_is_a_parse_error(body: object) -> None:
    with pytest.raises(PayloadError):
        facts(body)
