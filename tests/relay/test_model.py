"""Values that follow from others: the rooms of a message, the name of a lent recording, the id that is the cause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.ids import DELIVERY_ID_LENGTH, DeliveryId, delivery_id, network_of
from bot.relay.model import Delivery
from bot.relay.rooms import RoomInfo
from tests.fakes import ANN, BASE, CHANNEL, CHAT, public_voice, said, thread_of, voice


def delivery(name: str) -> Delivery:
    return Delivery(DeliveryId("0a1b2c3d4e"), said().id, CHANNEL, CHAT, ANN, (voice(name),), BASE)


def test_message_belongs_to_its_thread_before_its_room() -> None:
    thread = thread_of(said("9").id)
    assert said("1", thread=thread).rooms == (thread, CHANNEL)
    assert said("1").rooms == (CHANNEL,)


@pytest.mark.parametrize(
    ("name", "lent_as"),
    [
        ("memo.m4a", "memo-0a1b2c.m4a"),
        ("my%20memo.m4a", "my%20memo-0a1b2c.m4a"),  # a percent sign in a file's own name stands for itself
        ("{für} dich?.m4a", "{für} dich?-0a1b2c.m4a"),
        ("memo", "memo-0a1b2c"),
        ("", "memo-0a1b2c"),
        ("a/b.m4a", "b-0a1b2c.m4a"),
    ],
)
def test_temporary_name_is_the_files_own_made_unique(name: str, lent_as: str) -> None:
    assert delivery(name).temporary_name == lent_as


def test_public_address_is_known_by_its_network() -> None:
    assert public_voice().is_public
    assert not voice().is_public


@given(st.lists(st.text(max_size=9), min_size=1, max_size=4), st.lists(st.text(max_size=9), min_size=1, max_size=4))
def test_delivery_id_is_the_same_for_the_same_cause_only(one: list[str], other: list[str]) -> None:
    assert (delivery_id(*one) == delivery_id(*other)) == (one == other) or "\x1f" in "".join(one + other)
    assert len(delivery_id(*one)) == DELIVERY_ID_LENGTH


def test_network_is_the_first_word_of_an_id() -> None:
    assert [network_of(each) for each in (CHANNEL, CHAT, ANN)] == ["team", "chat", "team"]


@pytest.mark.parametrize(
    ("room", "label"),
    [
        (RoomInfo(CHAT, ("+12025550123",), name="Ann"), "Ann"),
        (RoomInfo(CHAT, ("+12025550123", "+12025550124")), "+12025550123, +12025550124"),
        (RoomInfo(CHAT, ()), CHAT),
    ],
)
def test_room_is_labelled_by_who_is_in_it(room: RoomInfo, label: str) -> None:
    assert room.label == label
