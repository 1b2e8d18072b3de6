"""Quiet lines: what happened in a chat that is no message. Pure."""

from bot.relay.parts import Announcement, Happening
from bot.slack.ids import parse_room
from bot.slack.ui.mrkdwn import quoted

LINE_MOST = 600
NAME_MOST = 80

_SENTENCES = {
    Happening.JOINED: "{names} joined the chat.",
    Happening.LEFT: "{names} left the chat.",
    Happening.WE_LEFT: "Our number was removed from the chat: nothing can be sent there any more.",
    Happening.RENAMED: "{names} named the chat “{text}”.",
    Happening.OPTED_OUT: "{names} asked for no more messages (“{text}”). Nothing is sent to them until they write.",
    Happening.OPTED_IN: "{names} wrote again, so messages are sent to them again.",
    Happening.ROOM_AT_RISK: "This chat is at risk: people rarely answer here, or complained. {text}",
    Happening.LINE_AT_RISK: "Our number {names} is at risk: its messages may be held back. {text}",
    Happening.LINE_RECOVERED: "Our number {names} is in good standing again.",
    Happening.MOVED: "This chat goes on under a new id; the link follows it.",
    Happening.GOES_ON: "This conversation goes on in {room}.",
    Happening.REACTED: "{names} reacted with {text}",
    Happening.SENT_ELSEWHERE: "Sent from our number, but not from here.",
    Happening.NOT_CARRIED: "Something from {names} could not be shown here. {text}",
}
_SOMEBODY = "Somebody"


def sentence(announcement: Announcement) -> str:
    """One line of markup; what others wrote in it stays text."""
    names = ", ".join(quoted(name, NAME_MOST) for name in announcement.names[:10]) or _SOMEBODY
    room = f"<#{parse_room(announcement.room).channel}>" if announcement.room else ""
    shown = _SENTENCES[announcement.happening].format(names="\x00", text="\x01", room=room)
    return shown.replace("\x00", names).replace("\x01", quoted(announcement.text, LINE_MOST)).strip()
