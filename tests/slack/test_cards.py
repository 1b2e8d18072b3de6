"""Answers for one person's eyes: who is in a chat, what went wrong, never anybody's markup."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.relay.errors import Refused, RetryLater
from bot.relay.model import ChannelId, Chat, ChatId, Link
from bot.sandbox.slack.api.block_validation import validate_blocks
from bot.slack.cards import Card, describe, listed, offer, problem, standing

ANN = Chat(ChatId("0d2b7a54"), ("+12025550123",), service="iMessage")


def test_a_chat_is_described_by_who_is_in_it() -> None:
    assert describe(ANN) == "*+12025550123* (iMessage)"
    crew = Chat(ChatId("1d2b7a54"), ("+12025550123", "ann@example.com"), True, "iMessage", "Crew")
    assert describe(crew) == "*Crew* (group chat of 2, iMessage, +12025550123, ann@example.com)"
    assert describe(Chat(ChatId("0d2b7a54"), ())) == "*0d2b7a54*"


def test_a_sure_no_is_not_offered_for_another_try() -> None:
    assert problem(Refused("There is no such chat.", code="2001")).text == "There is no such chat. [2001]"
    assert problem(RetryLater("Slack is busy.")).text == "Slack is busy. Try again in a moment."


def test_who_made_a_link_is_mentioned_only_if_it_was_a_person() -> None:
    channel, chat = ChannelId("C0MAP"), ChatId("X")
    assert "by <@U0ANN>" in standing(Link(channel, chat, "Ann", "U0ANN"), "").text
    assert "by" not in standing(Link(channel, chat, "Ann", "LINKS_FILE"), "").text


def fits(card: Card) -> bool:
    body: dict[str, Any] = card.body()
    return bool(validate_blocks(body["blocks"])) and 0 < len(body["text"]) <= 4000


TEXT = st.text(max_size=300) | st.sampled_from(["<!channel>", "*", ""])
CHATS = st.builds(
    lambda people, group, name: Chat(ChatId("0d2b7a54"), tuple(people), group, "SMS", name),
    st.lists(TEXT, max_size=40),
    st.booleans(),
    TEXT,
)
AT_LEISURE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@AT_LEISURE
@given(st.lists(CHATS, min_size=1, max_size=30))
def test_slack_takes_every_offer_and_nothing_in_it_becomes_markup(chats: list[Chat]) -> None:
    card = offer(chats)
    assert fits(card)
    assert "<" not in str(card.body())


@AT_LEISURE
@given(st.lists(TEXT, max_size=60))
def test_slack_takes_every_list(labels: list[str]) -> None:
    assert fits(listed([Link(ChannelId(f"C{n}"), ChatId("X"), label) for n, label in enumerate(labels)]))
