"""A link in words: what is known against its chat and our number, and no more."""

from dataclasses import replace

import pytest

from bot.relay.ids import RoomId
from bot.relay.rooms import Link, RoomHealth
from bot.slack.ui.link_text import health_words

LINK = Link(RoomId("slack:T0AAA/C0CLIPS"), RoomId("linq:default/ann"), "Ann")


@pytest.mark.parametrize(
    ("health", "is_line_at_risk", "says"),
    [
        (RoomHealth.FINE, False, []),
        (RoomHealth.AT_RISK, False, ["This chat is at risk"]),
        (RoomHealth.FINE, True, ["Our number is at risk"]),
        (RoomHealth.OPTED_OUT, True, ["asked for no more messages", "Our number is at risk"]),
    ],
)
def test_chat_and_number_are_told_apart(health: RoomHealth, is_line_at_risk: bool, says: list[str]) -> None:
    words = health_words(replace(LINK, health=health, is_line_at_risk=is_line_at_risk))
    assert words.count(":warning:") == len(says)
    assert all(each in words for each in says)
