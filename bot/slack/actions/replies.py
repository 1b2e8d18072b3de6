"""What a person sees after a command, a shortcut or a button: replies for their eyes only. Pure.

``Reply.text`` is Slack's markup: whatever users or other systems wrote was escaped on its way in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.relay.errors import Refused, RelayError, Remedy
from bot.relay.ids import PersonId, RoomId
from bot.relay.model import DeliveryWithReceipts
from bot.relay.rooms import LineInfo, Link, Mode, RoomInfo, UnheardRoom
from bot.slack.ids import SlackRoom, is_person, is_room, parse_room, user_of
from bot.slack.ui.blocks import Block, actions, button, section
from bot.slack.ui.link_text import health_words, settings_words
from bot.slack.ui.mrkdwn import bold, quoted
from bot.slack.ui.notice_text import DAY_AND_TIME, NAME_MOST, clock, fitting, name_of, reason_of
from bot.slack.ui.remedies import COMMAND, WORDS

LINK, CANCEL, OPEN_CHAT = "link_chat", "cancel_link", "open_chat"
CHOICES_MOST = 20
TEXT_MOST = 3000
OF_A_NOTICE = (Remedy.RESEND, Remedy.CHECK_THEN_RESEND)  # a reply has no such button


@dataclass(frozen=True)
class Reply:
    """``replaces``: it takes the place of the reply whose button was clicked."""

    text: str
    blocks: tuple[Block, ...] = ()
    replaces: bool = False

    def body(self) -> dict[str, Any]:
        """As Slack takes it, in an answer or at a response_url."""
        shown = {"text": self.text, "response_type": "ephemeral", "replace_original": self.replaces}
        return shown | {"blocks": list(self.blocks or [section(self.text)])}


IN_A_MOMENT = Reply("One moment …")
UNFINISHED = Reply("This takes longer than usual. Look in a minute whether it was done; if not, do it again.")
SORRY = Reply("Something went wrong on our side; nothing was changed. Try again, and tell your admin if it stays so.")
HELP = Reply(
    "\n".join(
        [
            "Audio dropped in a linked channel arrives in an iMessage chat as a voice memo.",
            f"`{COMMAND} link +12025550123` – link this channel; an e-mail address or a chat id will do too",
            f"`{COMMAND} inbox +12025550100` – take every chat of one of our numbers, each in a thread; `all`, `off`",
            f"`{COMMAND} unlink` – stop; what was accepted before still goes its way",
            f"`{COMMAND} set mode conversation` – what is written here goes to the contact, too; `voice`: only clips",
            f"`{COMMAND} set replies off` – what the contact says does not appear here; `on`: it does",
            f"`{COMMAND} set senders members` – who may send: `members`, `everyone`, or people and groups (@…)",
            f"`{COMMAND} set confirm first` – the first one to a new chat waits for *Send*; `always`, `never`",
            f"`{COMMAND} set quiet 22:00-08:00 Europe/Berlin` – what is dropped then waits until they end; `off`",
            f"`{COMMAND} status` – what this channel is linked to, and its settings",
            f"`{COMMAND} list` – the links of the channels that you are in",
            f"`{COMMAND} say …` – send a text",
            f"`{COMMAND} later tomorrow 9:00 …` – send a text at that hour; *Send later* does it with any message",
            f"`{COMMAND} send https://…` – send the audio at a public address",
            "A message that begins with a mention of the bot is sent; one that begins with `//` never is.",
            "On any message, in threads too: *More actions › Send as voice memo*, *Send to iMessage*, or *Resend*.",
        ]
    )
)
LINK_USAGE = Reply(f"Name the chat: `{COMMAND} link +12025550123`, an e-mail address, or a chat id.")
INBOX_USAGE = Reply(f"Name one of our numbers: `{COMMAND} inbox +12025550100`, `all` for all of them, or `off`.")
SET_USAGE = Reply(
    f"Name what to set: `{COMMAND} set mode voice` or `conversation`, `{COMMAND} set replies on` or `off`, "
    f"`{COMMAND} set senders members`, `everyone`, or people and user groups, `{COMMAND} set confirm first`, `always` "
    f"or `never`, `{COMMAND} set quiet 22:00-08:00 Europe/Berlin` or `off`."
)
SAY_USAGE = Reply(f"Write what to send: `{COMMAND} say See you at six.`")
CHOOSE_HOUR = Reply("Write it, and choose the hour, in the dialog that has opened.")
SENDING = ("say", "send", "later")  # the commands that send something to the channel's contact
NO_AUDIO = Reply("There is no audio or video in this message.")
NOTHING = Reply("There is nothing in this message that could be sent.")
HIDDEN = Reply("Slack hides this message's file behind the history limit of the workspace's plan: upload it again.")
INTERNAL = Reply("This message begins with `//`, so it never leaves the channel.")
NO_CLIP = Reply("Use it on the message with the clip, or press Resend in the notice.")
CANCELLED = Reply("Nothing was linked.", replaces=True)


def problem(error: RelayError) -> Reply:
    """A failure in words; unless it was a sure no, it is worth another try."""
    code = f" [{quoted(error.code, 50)}]" if error.code else ""
    way = "" if error.remedy in OF_A_NOTICE else WORDS[error.remedy]
    again = "" if isinstance(error, Refused) else "Try again in a moment."
    where = f"It is {_room(RoomId(error.room))}." if isinstance(error, Refused) and is_room(error.room) else ""
    said = (f"{quoted(error.reason, 1000)}{code}", where, way or ("" if where else again))
    return Reply(" ".join(part for part in said if part))


def offer(rooms: Sequence[RoomInfo]) -> Reply:
    """Who is in the chat (or which chats there are), before anything takes effect."""
    then = (
        "Audio dropped here will then go there as voice memos, and what is said there appears in this channel, for all "
        "who are in it."
    )
    if len(rooms) == 1:
        asked = f"Link this channel to {describe_room(rooms[0])}? {then}"
        return Reply(asked, (section(asked), actions(_link_button(rooms[0]), _cancel_button())))
    asked = f"There are {len(rooms)} such chats. Which one shall this channel be linked to? {then}"
    rows = [section(describe_room(room)) | {"accessory": _link_button(room)} for room in rooms[:CHOICES_MOST]]
    if len(rooms) > CHOICES_MOST:
        rows.append(section(f"… and {len(rooms) - CHOICES_MOST} more; name a chat id to choose one of those."))
    return Reply(asked, (section(asked), *rows, actions(_cancel_button())))


def no_chat(said: str, handle: str) -> Reply:
    """There is no chat with this person; one may be opened by a text."""
    words = f"{quoted(said, 1000)} Or open one now, by a text of yours."
    return Reply(words, (section(words), actions(button("Open a chat …", OPEN_CHAT, handle), _cancel_button())))


def conversation_begun(handle: str) -> Reply:
    return Reply(f"Sent to {bold(handle, 200)}. Their answer begins a thread in the inbox.")


def describe_room(room: RoomInfo) -> str:
    """Who is in it, what kind of chat it is and over what it runs."""
    people = ", ".join(room.people)
    about = [f"group chat of {len(room.people)}" if room.is_group else "", room.service, people if room.name else ""]
    remarks = ", ".join(quoted(part, 700) for part in about if part)
    return f"{bold(room.label, 700)}{f' ({remarks})' if remarks else ''}"


def linked(link: Link, remark: str) -> Reply:
    said = f"Linked to {_peer(link)}. Audio dropped here from now on goes there as voice memos."
    appears = "What is said there appears here." if link.settings.replies else ""
    return Reply(" ".join(filter(None, (said, appears, remark))), replaces=True)


def unlinked(link: Link, still_going: int) -> Reply:
    left = f" Accepted before, and still on the way: {still_going}." if still_going else ""
    return Reply(f"No longer linked to {_peer(link)}.{left}")


def status(link: Link | None, remark: str, held: Sequence[DeliveryWithReceipts] = (), *, shows_peer: bool) -> Reply:
    """With what is ``held``. ``shows_peer``: numbers are for members of the workspace only."""
    if link is None:
        return not_linked()
    by = f", by <@{user_of(PersonId(link.made_by))}>" if is_person(link.made_by) else ""
    what = "The inbox of" if link.is_inbox else "Linked to"
    peer = _peer(link) if shows_peer else "an iMessage chat"
    said = " ".join(filter(None, (f"{what} {peer}{by}.", settings_words(link), health_words(link))))
    return Reply(f"{said} {remark}\n{_held(held)}".strip())


def _held(held: Sequence[DeliveryWithReceipts]) -> str:
    """What waits for a decision or for its hour, a line each."""
    lines = [f"‖ {bold(name_of(told.delivery), NAME_MOST)}: {reason_of(told)}" for told in held]
    return "\n".join(["Held:", *lines]) if lines else ""


def taken_already(holder: PersonId) -> Reply:
    return Reply(f"<@{user_of(holder)}> has taken it already.")


def moved(to: SlackRoom) -> Reply:
    return Reply(f"This chat goes on in <#{to.channel}> from its next message.")


def inbox_made(link: Link, line: LineInfo, unheard: int) -> Reply:
    chats = "" if line.rooms is None else f" It has {line.rooms} chats so far; nothing from before is carried."
    lost = f" {unheard} of our chats wrote lately and were heard by nobody." if unheard else ""
    return Reply(
        f"This channel is the inbox of {_peer(link)} now: each contact who writes gets a thread here.{chats}{lost}"
    )


def changed(link: Link) -> Reply:
    return Reply(f"Changed. {settings_words(link)}")


def inbox_takes_no(verb: str, mode: Mode) -> Reply:
    """Of the commands in ``SENDING``: their text, not knowing to whom, and how it gets there instead."""
    is_sent_as_written = mode is Mode.CONVERSATION
    if verb == "send":
        way = "Drop the recording in the contact's thread."
    elif verb == "later" and is_sent_as_written:
        way = "In the threads of this inbox a text goes at once, so none can be sent later."
    elif verb == "later":
        way = "Write it in the contact's thread, and choose *More actions › Send later* on it."
    elif is_sent_as_written:
        way = "Write it in the contact's thread: there it goes at once."
    else:
        way = (
            "Write it in the contact's thread, beginning with a mention of the bot, or choose *More actions › "
            "Send to iMessage* on it there."
        )
    return Reply(
        "Nothing was sent: this channel is an inbox, so a command does not tell which contact is meant. Slack runs no "
        f"commands in threads. {way}"
    )


def not_linked() -> Reply:
    return Reply(f"This channel is not linked to a chat. An admin can link it: `{COMMAND} link +12025550123`")


def listed(links: Sequence[Link], unheard: Sequence[UnheardRoom], *, shows_peers: bool) -> Reply:
    """Conversations are no links that anybody made: their inbox stands for them."""
    made = [link for link in links if link.inbox is None]
    lines = [f"{_room(link.room)} → {_peer(link) if shows_peers else 'an iMessage chat'}" for link in made]
    shown = fitting(lines, TEXT_MOST, lambda number: f"… and {len(lines) - number} more links")
    lost = f"\n{_unheard(unheard)}" if unheard else ""
    return Reply((shown or "No channel that you are in is linked.") + lost)


def _unheard(chats: Sequence[UnheardRoom]) -> str:
    """Chats to which nobody listens, without saying who they are."""
    messages = sum(chat.messages for chat in chats)
    number = "1 chat wrote" if len(chats) == 1 else f"{len(chats)} chats wrote"
    last = clock(chats[0].last_at, DAY_AND_TIME)
    return (
        f":warning: {number} to us and nobody listens: {messages} messages, the last one {last}. "
        f"Link them with `{COMMAND} link`, or make an inbox with `{COMMAND} inbox`."
    )


def accepted(number: int, *, is_voice: bool = True) -> Reply:
    if not number:
        return Reply("It is on the way already.")
    what = "It is" if number == 1 else f"{number} clips are"
    return Reply(f"{what} on the way." + (" The notice keeps you posted." if is_voice else ""))


def _peer(link: Link) -> str:
    return bold(link.label or link.peer, 200)


def _room(room: RoomId) -> str:
    place = parse_room(room)
    return f"<#{place.channel}>" + (" (a thread)" if place.root_ts else "")


def _link_button(room: RoomInfo) -> Block:
    return button("Link", LINK, room.id)


def _cancel_button() -> Block:
    return button("Cancel", CANCEL, "cancel")
