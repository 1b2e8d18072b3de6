"""Ids of the network "slack": each says which workspace it is of, and is read back as it was made."""

import pytest

from bot.relay.ids import MediaRef, PersonId, network_of
from bot.slack.ids import (
    SlackRoom,
    file_of,
    group_id,
    is_group,
    is_person,
    is_room,
    media_ref,
    parse_message,
    parse_room,
    person_id,
    user_of,
    usergroup_of,
)

CHANNEL = SlackRoom("T0AAA", "C0MAP")
TS = "1790000005.606609"


def test_ids_look_as_they_are_written_down() -> None:
    assert CHANNEL.id == "slack:T0AAA/C0MAP"
    assert CHANNEL.thread(TS).id == f"slack:T0AAA/C0MAP/{TS}"
    assert CHANNEL.message(TS) == f"slack:T0AAA/C0MAP#{TS}"
    assert CHANNEL.command("1.2.3") == "slack:T0AAA/C0MAP#command-1.2.3"
    assert person_id("T0AAA", "U0ANN") == "slack:T0AAA@U0ANN"
    assert group_id("T0AAA", "S0SALES") == "slack:T0AAA&S0SALES"
    assert media_ref("T0AAA", "F0X") == "slack:T0AAA!F0X"


def test_every_id_is_read_back_as_it_was_made() -> None:
    assert parse_room(CHANNEL.id) == CHANNEL
    assert parse_room(CHANNEL.thread(TS).id) == CHANNEL.thread(TS)
    message = parse_message(CHANNEL.message(TS))
    assert (message.room, message.ts, message.fact) == (CHANNEL, TS, "")
    assert user_of(person_id("T0AAA", "U0ANN")) == "U0ANN"
    assert usergroup_of(group_id("T0AAA", "S0SALES")) == "S0SALES"
    assert file_of(media_ref("T0AAA", "F0X")) == "F0X"


def test_a_fact_about_a_message_has_an_id_of_its_own() -> None:
    edit = parse_message(CHANNEL.message(TS, "edit-1790000006.000100"))
    assert (edit.ts, edit.fact) == (TS, "edit-1790000006.000100")
    odd = parse_message(CHANNEL.message(TS, "reaction-U0ANN-+1::skin-tone-2-1790000006.000100"))
    assert odd.ts == TS


def test_a_command_has_no_ts() -> None:
    assert parse_message(CHANNEL.command("13345224609.738474920.8088930838d88f008e0")).ts == ""


def test_kinds_of_ids_are_told_apart() -> None:
    ids = [CHANNEL.id, CHANNEL.thread(TS).id, CHANNEL.message(TS), person_id("T", "U"), group_id("T", "S")]
    assert [is_room(each) for each in ids] == [True, True, False, False, False]
    assert [is_person(each) for each in ids] == [False, False, False, True, False]
    assert [is_group(each) for each in ids] == [False, False, False, False, True]
    assert {network_of(each) for each in ids} == {"slack"}


def test_another_networks_id_is_a_bug_of_the_caller() -> None:
    for read in (parse_room, parse_message):
        with pytest.raises(ValueError, match="no such id"):
            read("linq:default/0d2b")
    with pytest.raises(ValueError, match="no such id"):
        user_of(PersonId("linq:default@0a1b"))
    with pytest.raises(ValueError, match="no such id"):
        file_of(MediaRef("web:https://example.com/a.m4a"))
