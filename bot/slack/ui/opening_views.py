"""The modal in which a chat is opened. Pure."""

from collections.abc import Sequence

from bot.relay.ids import RoomId
from bot.relay.rooms import LineInfo
from bot.slack.ui.blocks import Block, modal, plain, section
from bot.slack.ui.conversation_views import View
from bot.slack.ui.mrkdwn import bold

OPEN_CHAT_VIEW = "open_chat"
LINE_INPUT, HANDLE_INPUT, FIRST_TEXT_INPUT = "line", "handle", "first_text"
TEXT_MOST = 3000


def open_chat_view(room: RoomId, handle: str, lines: Sequence[LineInfo]) -> View:
    """Asks for the first text, and from which of our numbers; for whom, where ``handle`` is "". ``private_metadata``:
    the room and the handle."""
    whom = f"Nobody at our numbers has a chat with {bold(handle, 200)} yet. This text opens it" if handle else ""
    then = " What they answer appears in this channel, for all who are in it." if handle else ""
    said = f"{whom or 'This text begins a conversation'}, and goes out at once.{then}"
    options = [{"text": plain(line.label), "value": line.room} for line in lines[:100]]
    line: Block = {
        "type": "static_select",
        "action_id": LINE_INPUT,
        "options": options,
        "initial_option": options[0],
    }
    text = {"type": "plain_text_input", "action_id": FIRST_TEXT_INPUT, "multiline": True, "max_length": TEXT_MOST}
    person: Block = {"type": "plain_text_input", "action_id": HANDLE_INPUT, "placeholder": plain("+12025550123")}
    blocks = [
        section(said),
        *([] if handle else [{"type": "input", "block_id": HANDLE_INPUT, "label": plain("To"), "element": person}]),
        {"type": "input", "block_id": LINE_INPUT, "label": plain("From"), "element": line},
        {
            "type": "input",
            "block_id": FIRST_TEXT_INPUT,
            "label": plain("First message"),
            "hint": plain("No link may stand in it."),
            "element": text,
        },
    ]
    title, submit = ("Open a chat", "Send and link") if handle else ("New conversation", "Send")
    return modal(OPEN_CHAT_VIEW, f"{room} {handle}", title, submit, *blocks)
