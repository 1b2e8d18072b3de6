"""What a person sees after a command, a shortcut or a button: answers for their eyes only. Pure.

``Card.text`` is Slack's markup: whatever users or other systems wrote was escaped on its way in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.relay.errors import Refused, RelayError
from bot.relay.model import Chat, ChatId, Link
from bot.slack.blocks import Block, button, section
from bot.slack.escaping import bold, quoted
from bot.slack.words import fitting

COMMAND = "/voicememo"
LINK, CANCEL = "link_chat", "cancel_link"
CHOICES_MOST = 20
TEXT_MOST = 3000

_A_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")


@dataclass(frozen=True)
class Card:
    """``replaces``: it takes the place of the card whose button was pressed."""

    text: str
    blocks: tuple[Block, ...] = ()
    replaces: bool = False

    def body(self) -> dict[str, Any]:
        """As Slack takes it, in an answer or at a response_url."""
        shown = {"text": self.text, "response_type": "ephemeral", "replace_original": self.replaces}
        return shown | {"blocks": list(self.blocks or [section(self.text)])}


MOMENT = Card("One moment …")
SORRY = Card("Something went wrong on our side; nothing was changed. Try again, and tell your admin if it stays so.")
HELP = Card(
    "\n".join(
        [
            "Audio dropped in a linked channel arrives in an iMessage chat as a voice memo.",
            f"`{COMMAND} link +12025550123` – link this channel; an e-mail address or a chat id will do too",
            f"`{COMMAND} unlink` – stop; what was accepted before still goes its way",
            f"`{COMMAND} status` – what this channel is linked to",
            f"`{COMMAND} list` – all links",
            f"`{COMMAND} send https://…` – send the audio at a public address",
            "On any message with audio, in threads too: *More actions › Send as voice memo*, or *Resend*.",
        ]
    )
)
USAGE = Card(f"Name the chat: `{COMMAND} link +12025550123`, an e-mail address, or a chat id.")
NO_SOUND = Card("There is no audio or video in this message.")
HIDDEN = Card("Slack hides the file of this message behind the history limit of the workspace's plan: upload it again.")
NO_CLIP = Card("Use it on the message with the clip, or press Resend in the notice.")
CANCELLED = Card("Nothing was linked.", replaces=True)


def problem(error: RelayError) -> Card:
    """A failure in words; unless it was a sure no, it is worth another try."""
    code = f" [{quoted(error.code, 50)}]" if error.code else ""
    again = "" if isinstance(error, Refused) else " Try again in a moment."
    return Card(f"{quoted(error.reason, 1000)}{code}{again}")


def offer(chats: Sequence[Chat]) -> Card:
    """Who is in the chat (or which chats there are), before anything takes effect."""
    if len(chats) == 1:
        asked = f"Link this channel to {describe(chats[0])}? Audio dropped here will then go there as voice memos."
        return Card(asked, (section(asked), _actions(button("Link", LINK, chats[0].id), _cancel())))
    asked = f"There are {len(chats)} such chats. Which one shall this channel be linked to?"
    rows = [section(describe(chat)) | {"accessory": button("Link", LINK, chat.id)} for chat in chats[:CHOICES_MOST]]
    if len(chats) > CHOICES_MOST:
        rows.append(section(f"… and {len(chats) - CHOICES_MOST} more; name a chat id to choose one of those."))
    return Card(asked, (section(asked), *rows, _actions(_cancel())))


def describe(chat: Chat) -> str:
    """Who is in it, what kind of chat it is and over what it runs."""
    people = ", ".join(chat.people)
    about = [f"group chat of {len(chat.people)}" if chat.is_group else "", chat.service, people if chat.name else ""]
    remarks = ", ".join(quoted(part, 700) for part in about if part)
    return f"{bold(chat.name or people or chat.id, 700)}{f' ({remarks})' if remarks else ''}"


def linked(link: Link, remark: str) -> Card:
    said = f"Linked to {_who(link)}. Audio dropped here from now on goes there as voice memos."
    return Card(f"{said} {remark}".strip(), replaces=True)


def unlinked(link: Link, still_going: int) -> Card:
    left = f" Accepted before, and still on the way: {still_going}." if still_going else ""
    return Card(f"No longer linked to {_who(link)}.{left}")


def standing(link: Link | None, remark: str) -> Card:
    if link is None:
        return not_linked()
    by = f", by <@{link.made_by}>" if _A_PERSON.fullmatch(link.made_by) else ""
    return Card(f"Linked to {_who(link)}{by}. {remark}".strip())


def not_linked() -> Card:
    return Card(f"This channel is not linked to a chat. An admin can link it: `{COMMAND} link +12025550123`")


def listed(links: Sequence[Link]) -> Card:
    lines = [f"<#{link.channel}> → {_who(link)}" for link in links]
    shown = fitting(lines, TEXT_MOST, lambda number: f"… and {len(lines) - number} more links")
    return Card(shown or "No channel is linked yet.")


def accepted(number: int) -> Card:
    what = "It is" if number == 1 else f"{number} clips are"
    return Card(f"{what} on the way. The notice keeps you posted." if number else "It is on the way already.")


def _who(link: Link) -> str:
    return bold(link.label or ChatId(link.chat), 200)


def _actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def _cancel() -> Block:
    return button("Cancel", CANCEL, "cancel")
