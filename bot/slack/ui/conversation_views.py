"""Modals that ask before something is done with a conversation. Pure."""

from typing import Any

from bot.relay.ids import RoomId
from bot.slack.ui.blocks import modal, plain, section

MOVE_VIEW, BLOCK_VIEW = "move_conversation", "block_contact"
CHANNEL_INPUT = "channel"

View = dict[str, Any]


def move_view(room: RoomId) -> View:
    """Asks for the channel that the chat gets."""
    picker = {
        "type": "conversations_select",
        "action_id": CHANNEL_INPUT,
        "placeholder": plain("Choose a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    asked = {"type": "input", "block_id": CHANNEL_INPUT, "label": plain("Channel"), "element": picker}
    said = "The chat goes on in that channel from its next message, and this thread says where."
    return modal(MOVE_VIEW, room, "Move to a channel", "Move", section(said), asked)


def block_view(room: RoomId) -> View:
    said = (
        "Block this contact? What they write then reaches none of our numbers, and nobody tells us of it. "
        "Nothing can be sent to them either. *Unblock* takes it back."
    )
    return modal(BLOCK_VIEW, room, "Block this contact", "Block", section(said))


def result_view(said: str) -> View:
    """What came of it, in the place of the question."""
    return {"type": "modal", "title": plain("memobridge"), "close": plain("Close"), "blocks": [section(said)]}
