import pytest

from bot.linq.ids import LinqIds, attachment_of, chat_of, fact_id, message_of, normalize_handle, public_url_of
from bot.relay.errors import Refused
from bot.relay.ids import MediaRef, MessageId, RoomId, network_of

CHAT = "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"
ANN = "+12025550123"
IDS = LinqIds()


def test_ids_contain_network_and_account() -> None:
    made = [IDS.room(CHAT), IDS.message(CHAT), IDS.media(CHAT), IDS.person(ANN), IDS.line(ANN), IDS.event("e1")]
    assert all(each.startswith("linq:default") for each in made)
    assert {network_of(each) for each in made} == {"linq"}
    assert len(set(made)) == len(made)
    assert IDS.room(CHAT) != LinqIds("second").room(CHAT)


def test_ids_lead_back_to_what_linq_calls_them() -> None:
    assert chat_of(IDS.room(CHAT)) == CHAT
    assert message_of(IDS.message(CHAT)) == CHAT
    assert attachment_of(IDS.media(CHAT)) == CHAT
    assert public_url_of(MediaRef("web:https://example.com/a:b.m4a")) == "https://example.com/a:b.m4a"


def test_uuid_in_upper_case_is_the_same_id() -> None:
    assert IDS.room(CHAT.upper()) == IDS.room(CHAT)
    assert IDS.room("Not-A-Uuid") != IDS.room("not-a-uuid")


def test_no_handle_stands_in_an_id() -> None:
    made = "".join((IDS.person(ANN), IDS.line(ANN), IDS.room_key(ANN, "ann@example.com")))
    assert "2025550123" not in made
    assert "ann" not in made


@pytest.mark.parametrize(
    ("spelling", "handle"),
    [
        (" +1 (202) 555-0123 ", ANN),
        ("Ann@Example.com", "ann@example.com"),
        ("AMAZON", "amazon"),
        ("12345", "12345"),
    ],
)
def test_handle_has_one_spelling(spelling: str, handle: str) -> None:
    assert normalize_handle(spelling) == handle
    assert IDS.person(spelling) == IDS.person(handle)


def test_room_key_names_the_pair_and_nothing_without_both() -> None:
    assert IDS.room_key("+12025550100", ANN) == IDS.room_key("+1 202 555 0100", ANN)
    assert IDS.room_key("+12025550100", ANN) != IDS.room_key("+12025550101", ANN)
    assert IDS.room_key("", ANN) == IDS.room_key(ANN, "") == ""


@pytest.mark.parametrize(
    "room",
    ["", "linq:default/", "linq:default/..", "linq:default/a/b", IDS.line(ANN), "slack:T1/C1", f"linq:default/{CHAT} "],
)
def test_room_that_is_no_chat_is_refused(room: str) -> None:
    with pytest.raises(Refused):
        chat_of(RoomId(room))


@pytest.mark.parametrize("message", [None, "", IDS.event("e1"), fact_id(IDS.message(CHAT), "edit"), "slack:T1/C1#1"])
def test_message_without_an_id_at_linq_has_none(message: MessageId | None) -> None:
    assert message_of(message) == ""


def test_media_without_an_id_at_linq_has_none() -> None:
    assert attachment_of(IDS.media_at("https://cdn.linqapp.com/a")) == ""


@pytest.mark.parametrize("account", ["", "Two", "a/b", "a#b", "a" * 40])
def test_account_that_cannot_stand_in_an_id_is_named(account: str) -> None:
    with pytest.raises(ValueError, match="Linq account"):
        LinqIds(account)
