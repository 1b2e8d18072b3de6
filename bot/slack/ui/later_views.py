"""Modals that ask when something is to be sent. Pure."""

from datetime import datetime

from bot.slack.ui.blocks import Block, modal, plain, section
from bot.slack.ui.conversation_views import View

LATER_VIEW, CHANGE_TIME_VIEW = "send_later", "change_time"
TIME_INPUT, TEXT_INPUT = "at", "text"
TEXT_MOST = 3000  # of what can be typed into an input


def message_later_view(about: str, at: datetime) -> View:
    """For a message that stands in the channel. ``about``: what it takes to find it again."""
    said = (
        "Its recordings go as voice memos; where it has none, its text and files go as they are. The notice in its "
        "thread shows the hour, and lets you change it, cancel it, or send it now."
    )
    return modal(LATER_VIEW, about, "Send later", "Schedule", section(said), _time(at))


def text_later_view(about: str, at: datetime, written: str) -> View:
    """For a text that is written here. ``written``: what stands in it already."""
    element = {"type": "plain_text_input", "action_id": TEXT_INPUT, "multiline": True, "max_length": TEXT_MOST}
    if written:
        element["initial_value"] = written[:TEXT_MOST]
    asked = {"type": "input", "block_id": TEXT_INPUT, "label": plain("Message"), "element": element}
    return modal(LATER_VIEW, about, "Send later", "Schedule", asked, _time(at))


def change_time_view(delivery: str, at: datetime) -> View:
    return modal(CHANGE_TIME_VIEW, delivery, "Change the time", "Change", _time(at))


def _time(at: datetime) -> Block:
    """Shown and chosen in the person's own time zone."""
    picker = {"type": "datetimepicker", "action_id": TIME_INPUT, "initial_date_time": int(at.timestamp())}
    return {"type": "input", "block_id": TIME_INPUT, "label": plain("When"), "element": picker}
