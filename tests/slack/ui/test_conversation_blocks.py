"""What the root of a conversation shows: the state in its own words, and only the buttons that do something now."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.relay.ids import PersonId, RoomId
from bot.relay.rooms import Conversation
from bot.slack.ids import SlackRoom, person_id
from bot.slack.ui.conversation_blocks import MORE, root_blocks, state_blocks, state_line, with_state
from bot.slack.ui.conversation_views import block_view, move_view, result_view
from tests.slack.block_rules import invalid_blocks, invalid_view
from tests.slack.fake_relay import ANNS_CHAT

CHANNEL = SlackRoom("T0AAA", "C0INBOX")
THREAD = CHANNEL.thread("1790000000.000100").id
AT = datetime(2026, 11, 27, 10, 42, tzinfo=UTC)
ANN = person_id("T0AAA", "U0ANN")
NEW = Conversation(THREAD, CHANNEL.id, ANNS_CHAT.id, "+1 202 555 0100", root=CHANNEL.message("1790000000.000100"))
WAITING = replace(NEW, waiting_since=AT, answered_at=AT)
CLOCK = f"waiting since <!date^{int(AT.timestamp())}^{{time}}|10:42 UTC>"


def taken(conversation: Conversation, by: PersonId = ANN) -> Conversation:
    return replace(conversation, taken_by=by)


def labels(conversation: Conversation) -> list[str]:
    """Of the buttons, then of the menu's lines."""
    shown = []
    for block in state_blocks(conversation):
        for element in block["elements"] if block["type"] == "actions" else []:
            options = element.get("options", [])
            shown += [option["text"]["text"] for option in options] or [element["text"]["text"]]
    return shown


def context_texts(blocks: list[dict[str, Any]]) -> list[str]:
    return [element["text"] for block in blocks if block["type"] == "context" for element in block["elements"]]


@pytest.mark.parametrize(
    ("conversation", "words"),
    [
        (NEW, "new"),
        (replace(NEW, waiting_since=AT), "new"),
        (WAITING, CLOCK),
        (replace(NEW, answered_at=AT), "answered"),
        (taken(WAITING), f"{CLOCK}  ·  taken by <@U0ANN>"),
        (taken(replace(NEW, waiting_since=AT)), f"{CLOCK}  ·  taken by <@U0ANN>"),
        (replace(WAITING, closed_at=AT), "closed"),
        (replace(NEW, ended_at=AT), "closed"),
        (replace(NEW, answered_at=AT, blocked_at=AT), "answered  ·  blocked"),
    ],
)
def test_state_is_said_in_the_documented_words(conversation: Conversation, words: str) -> None:
    assert state_line(conversation) == words


@pytest.mark.parametrize(
    ("conversation", "buttons"),
    [
        (NEW, ["Take", "Close", "Move to a channel …", "Block …"]),
        (taken(NEW), ["Release", "Close", "Move to a channel …", "Block …"]),
        (replace(NEW, closed_at=AT), ["Take", "Reopen", "Move to a channel …", "Block …"]),
        (replace(NEW, blocked_at=AT), ["Take", "Close", "Move to a channel …", "Unblock"]),
        (replace(NEW, is_group=True), ["Take", "Close", "Move to a channel …"]),
        (replace(NEW, ended_at=AT), []),
    ],
)
def test_buttons_offer_what_can_be_done_now(conversation: Conversation, buttons: list[str]) -> None:
    assert labels(conversation) == buttons


def test_root_names_the_line_the_members_and_the_former_thread() -> None:
    group = replace(NEW, members=("+12025550123", "<!channel>"), is_group=True)
    about, state = context_texts(root_blocks(group, "https://team.slack.example/p1"))
    assert about.startswith("to +1 202 555 0100  ·  +12025550123, &lt;!channel&gt;")
    assert about.endswith("<https://team.slack.example/p1|earlier conversation>")
    assert state == "new"


def test_new_state_takes_the_place_of_the_old_one_and_keeps_the_words() -> None:
    words = {"type": "section", "block_id": "words", "text": {"type": "mrkdwn", "text": "Hello."}}
    shown = with_state([words, *root_blocks(NEW)], taken(WAITING))
    assert shown[0] == words
    assert context_texts(shown)[-1] == state_line(taken(WAITING))
    assert with_state(list(shown), taken(WAITING)) == shown


@pytest.mark.parametrize("members", [0, 1, 400])
def test_slack_takes_every_root(members: int) -> None:
    conversation = replace(taken(WAITING), members=("+12025550123",) * members, line="+1 202 555 0100" * 9)
    assert invalid_blocks(root_blocks(conversation, "https://team.slack.example/p1")) == ""


@pytest.mark.parametrize("view", [move_view(THREAD), block_view(THREAD), result_view("Done.")])
def test_slack_takes_every_modal(view: dict[str, Any]) -> None:
    assert invalid_view(view) == ""


def test_menu_is_one_action() -> None:
    [menu] = [each for block in state_blocks(NEW) for each in block["elements"] if each["type"] == "overflow"]
    assert menu["action_id"] == MORE
    assert RoomId(move_view(THREAD)["private_metadata"]) == THREAD
