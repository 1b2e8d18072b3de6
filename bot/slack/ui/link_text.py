"""A link in words: its settings, and how its chat stands. Pure."""

from collections.abc import Sequence

from bot.relay.ids import PersonId
from bot.relay.rooms import Link, RoomHealth
from bot.relay.routing.settings import describe
from bot.slack.ids import is_group, is_person, user_of, usergroup_of
from bot.slack.ui.mrkdwn import escape
from bot.slack.ui.notice_text import DAY_AND_TIME, clock

VALUES_MOST = 20


def settings_words(link: Link) -> str:
    """Every setting as it is."""
    return " ".join(f"{key}: *{_values(values)}*." for key, values in describe(link.settings).items())


def health_words(link: Link) -> str:
    """How the chat, and our number, stand; "" while nothing is known against them."""
    return " ".join(filter(None, (_chat_words(link), _line_words(link))))


def _line_words(link: Link) -> str:
    if not link.is_line_at_risk:
        return ""
    return ":warning: Our number is at risk: Linq may hold its messages back. Write less often, and to fewer people."


def _chat_words(link: Link) -> str:
    since = f" (since {clock(link.health_at, DAY_AND_TIME)})" if link.health_at else ""
    match link.health:
        case RoomHealth.OPTED_OUT:
            return f":warning: They asked for no more messages{since}: nothing is sent until they have written again."
        case RoomHealth.AT_RISK:
            return f":warning: This chat is at risk{since}: people rarely answer, or complained. Write less often."
    return ""


def _values(values: Sequence[str]) -> str:
    left = len(values) - VALUES_MOST
    return ", ".join(map(_value, values[:VALUES_MOST])) + (f" and {left} more" if left > 0 else "")


def _value(value: str) -> str:
    if is_person(value):
        return f"<@{user_of(PersonId(value))}>"
    return f"<!subteam^{usergroup_of(value)}>" if is_group(value) else escape(value)
