"""Replies for one person's eyes: who is in a chat, what went wrong, never anybody's markup."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.errors import Refused, Remedy, RetryLater
from bot.relay.ids import RoomId
from bot.relay.rooms import Link, LinkSettings, RoomInfo, UnheardRoom
from bot.slack.actions.replies import OF_A_NOTICE, Reply, describe_room, linked, listed, offer, problem, status
from bot.slack.ids import SlackRoom
from tests.slack.block_rules import invalid_blocks
from tests.slack.times import NOON

ANN = RoomInfo(RoomId("linq:default/0d2b7a54"), ("+12025550123",), service="iMessage")
ROOM = SlackRoom("T0AAA", "C0MAP").id


def test_a_chat_is_described_by_who_is_in_it() -> None:
    assert describe_room(ANN) == "*+12025550123* (iMessage)"
    crew = RoomInfo(RoomId("linq:default/1d"), ("+12025550123", "ann@example.com"), True, "iMessage", "Crew")
    assert describe_room(crew) == "*Crew* (group chat of 2, iMessage, +12025550123, ann@example.com)"
    assert describe_room(RoomInfo(RoomId("linq:default/0d2b"), ())) == "*linq:default/0d2b*"


@pytest.mark.parametrize(
    "rooms", [[ANN], [ANN, RoomInfo(RoomId("linq:default/1d"), ("+12025550123", "b@example.com"))]]
)
def test_offer_says_what_goes_where_in_both_directions(rooms: list[RoomInfo]) -> None:
    reply = offer(rooms)
    for shown in (reply.text, str(reply.body()["blocks"][0])):
        assert "go there as voice memos" in shown
        assert "appears in this channel, for all who are in it" in shown


@pytest.mark.parametrize(("replies", "says"), [(True, "What is said there appears here."), (False, "memos.")])
def test_made_link_says_what_appears_where_replies_do(*, replies: bool, says: str) -> None:
    link = Link(ROOM, ANN.id, "Ann", settings=LinkSettings(replies=replies))
    assert linked(link, "").text.endswith(says)


def test_a_sure_no_is_not_offered_for_another_try() -> None:
    assert problem(Refused("There is no such chat.", code="2001")).text == "There is no such chat. [2001]"
    assert problem(RetryLater("Slack is busy.")).text == "Slack is busy. Try again in a moment."


@pytest.mark.parametrize("remedy", [each for each in Remedy if each not in (Remedy.NONE, *OF_A_NOTICE)])
def test_a_remedy_is_put_into_words(remedy: Remedy) -> None:
    assert len(problem(Refused("No.", remedy=remedy)).text) > len("No. ")


@pytest.mark.parametrize("remedy", OF_A_NOTICE)
def test_no_button_is_named_that_is_not_there(remedy: Remedy) -> None:
    assert problem(Refused("No.", remedy=remedy)).text == "No."


def test_who_made_a_link_is_mentioned_only_if_it_was_a_person() -> None:
    by_person, by_file = (Link(ROOM, ANN.id, "Ann", made_by) for made_by in ("slack:T0AAA@U0ANN", "LINKS_FILE"))
    assert "by <@U0ANN>" in status(by_person, "", shows_peer=True).text
    assert "by" not in status(by_file, "", shows_peer=True).text


def fits(reply: Reply) -> bool:
    body: dict[str, Any] = reply.body()
    return invalid_blocks(body["blocks"]) == "" and 0 < len(body["text"]) <= 4000


TEXT = st.text(max_size=300) | st.sampled_from(["<!channel>", "*", ""])
ROOMS = st.builds(
    lambda people, group, name: RoomInfo(RoomId("linq:default/0d2b7a54"), tuple(people), group, "SMS", name),
    st.lists(TEXT, max_size=40),
    st.booleans(),
    TEXT,
)


@given(st.lists(ROOMS, min_size=1, max_size=30))
def test_slack_takes_every_offer_and_nothing_in_it_becomes_markup(rooms: list[RoomInfo]) -> None:
    reply = offer(rooms)
    assert fits(reply)
    assert "<" not in str(reply.body())


@given(st.lists(TEXT, max_size=60), st.booleans(), st.integers(0, 2))
def test_slack_takes_every_list(labels: list[str], shows_peers: bool, chats: int) -> None:
    unheard = [UnheardRoom(ANN.id, ANN.id, NOON, NOON, messages=9)] * chats
    rooms = [SlackRoom("T0AAA", f"C{number}").id for number in range(len(labels))]
    links = [Link(room, ANN.id, label) for room, label in zip(rooms, labels, strict=True)]
    assert fits(listed(links, unheard, shows_peers=shows_peers))
