"""The App Home: what it shows to whom, its empty states, and Slack's sizes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.ids import RoomId
from bot.relay.model import HeldFor, ReceiptKind
from bot.relay.overview import SHOWN, Overview
from bot.relay.rooms import Conversation, Link, LinkSettings, RoomHealth
from bot.slack.ids import SlackRoom
from bot.slack.ui.home import BLOCKS_MOST, render_home
from tests.slack.block_rules import invalid_blocks
from tests.slack.deliveries import AT, failed, told, unconfirmed
from tests.slack.fake_relay import ANNS_CHAT
from tests.slack.fake_workspace import CLIPS, TEAM

CHANNEL = SlackRoom(TEAM, CLIPS)
LINK = Link(CHANNEL.id, ANNS_CHAT.id, "+12025550123")
INBOX = Link(CHANNEL.id, RoomId("linq:default/line/1"), "+1 202 555 0100", is_inbox=True)
WAITING = Conversation(CHANNEL.thread("1.2").id, CHANNEL.id, ANNS_CHAT.id, "+1 202 555 0100", contact="+12025550123")
HELD = told(not_before=AT, held_for=HeldFor.QUIET)


def shown(overview: Overview, *, is_admin: bool = True, shows_peers: bool = True) -> dict[str, Any]:
    view = render_home(overview, is_admin=is_admin, shows_peers=shows_peers)
    assert invalid_blocks(view["blocks"], BLOCKS_MOST) == ""
    return view


def buttons(view: dict[str, Any]) -> list[str]:
    elements = [element for block in view["blocks"] for element in block.get("elements", []) if "action_id" in element]
    elements += [block["accessory"] for block in view["blocks"] if "accessory" in block]
    return [element["text"]["text"] for element in elements]


def test_empty_home_says_what_is_not_there_and_how_to_begin() -> None:
    words = str(shown(Overview(), is_admin=False))
    for said in ("An admin can link one", "Nothing is held", "Nothing was sent or received lately"):
        assert said in words
    assert buttons(shown(Overview(), is_admin=False)) == []
    assert buttons(shown(Overview())) == ["New link"]


def test_link_shows_contact_settings_and_health() -> None:
    opted_out = replace(LINK, health=RoomHealth.OPTED_OUT, settings=LinkSettings(quiet="22:00-08:00 Europe/Berlin"))
    words = str(shown(Overview([opted_out])))
    for said in (f"<#{CLIPS}>", "+12025550123", "mode: *voice*", "22:00-08:00 Europe/Berlin", "asked for no more"):
        assert said in words


def test_numbers_are_shown_to_members_only() -> None:
    overview = Overview([LINK, INBOX], [WAITING])
    assert "+1" in str(shown(overview))
    assert "+1" not in str(shown(overview, shows_peers=False))


def test_only_admins_get_the_buttons_of_links() -> None:
    assert buttons(shown(Overview([LINK]))) == ["New link", "Edit"]
    assert buttons(shown(Overview([LINK]), is_admin=False)) == []


def test_what_needs_a_decision_has_the_buttons_of_its_notice() -> None:
    view = shown(Overview([LINK], attention=[HELD, failed("f"), unconfirmed("u")]), is_admin=False)
    assert buttons(view) == ["Send now", "Change time", "Cancel", "Resend", "Resend", "It arrived"]


def test_conversations_stand_in_the_order_in_which_they_wait() -> None:
    later = replace(WAITING, contact="Ben", waiting_since=AT + timedelta(hours=1))
    words = str(shown(Overview([INBOX], [replace(WAITING, contact="Ann", waiting_since=AT), later])))
    assert words.index("*Ann*") < words.index("*Ben*")
    assert buttons(shown(Overview([INBOX]), is_admin=False)) == ["New conversation"]
    assert "Nobody is waiting" in str(shown(Overview([INBOX])))


def test_last_deliveries_tell_both_directions() -> None:
    sent = told("memo.m4a", ReceiptKind.READ)
    received = replace(sent, delivery=replace(sent.delivery, origin=ANNS_CHAT.id, target=CHANNEL.id))
    words = str(shown(Overview([LINK], recent=[sent, received])))
    assert f"→ <#{CLIPS}>  memo.m4a: read" in words
    assert f"← <#{CLIPS}>  From the contact: read" in words


@pytest.mark.parametrize("number", [0, 1, SHOWN + 1])
def test_fingerprint_changes_with_what_is_shown_and_with_nothing_else(number: int) -> None:
    overview = Overview([LINK] * number)
    assert shown(overview)["private_metadata"] == shown(overview)["private_metadata"]
    assert shown(overview)["private_metadata"] != shown(Overview([*overview.links, LINK, INBOX]))["private_metadata"]


@given(st.integers(0, 200), st.integers(0, SHOWN + 1), st.text(max_size=300), st.booleans())
def test_slack_takes_every_home(links: int, others: int, name: str, is_admin: bool) -> None:
    senders = tuple(f"slack:T0A@U{number:06}" for number in range(links))
    link = replace(INBOX, label=name, settings=LinkSettings(senders=senders), health=RoomHealth.AT_RISK, health_at=AT)
    waiting = [replace(WAITING, contact=name)] * others
    attention = [told(name, not_before=AT, reason=name, held_for=HeldFor.HOUR)] * others
    shown(Overview([link] * links, waiting, attention, attention[:SHOWN]), is_admin=is_admin)
