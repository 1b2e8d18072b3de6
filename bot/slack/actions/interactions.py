"""Slash commands, message shortcuts and button clicks → what a person asked for. Pure.

Raises ParseError for what is invalid.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.relay.ids import MessageId, PersonId, RoomId
from bot.slack.actions.public_url import URL_MOST
from bot.slack.fields import Body, child, children, identifier, integer, one_line, text, timestamp
from bot.slack.ids import BotIdentity, SlackRoom, group_id, person_id
from bot.slack.inbound.parse import ParseError, PostedMessage, channel_of, forwarded_files, posted_message, ts_of
from bot.slack.ui.contact_message import EVENT_TYPE
from bot.slack.ui.mrkdwn import unescape
from bot.slack.ui.notice_blocks import marked

COMMAND_MOST = 4 * URL_MOST
VALUE_MOST = 2000  # of a button

_LINK = re.compile(r"<(?:tel:|mailto:|(?=https?://))([^<>|]*)(?:\|[^<>]*)?>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]{2,30})(?:\|[^<>]*)?>|([UW][A-Z0-9]{4,30})")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]{2,30})(?:\|[^<>]*)?>|(S[A-Z0-9]{4,30})")


@dataclass(frozen=True)
class Interaction:
    """Who acted in which channel. ``trigger`` names this one act; ``response_url`` takes answers for half an hour, or
    is empty."""

    channel: SlackRoom
    user: str
    trigger: str
    response_url: str

    @property
    def person(self) -> PersonId:
        return person_id(self.channel.team, self.user)

    @property
    def room(self) -> RoomId:
        return self.channel.id

    @property
    def is_in_home(self) -> bool:
        return not self.channel.channel


@dataclass(frozen=True)
class SlashCommand:
    """``/voicememo verb rest``. ``rest`` is as people typed it, ``markup`` the same with Slack's tags and escapes."""

    by: Interaction
    verb: str
    rest: str
    markup: str


@dataclass(frozen=True)
class MessageShortcut:
    """The message that a shortcut was used on.

    ``about``: the message with the clips, where it was used on what we say of them; None where none is known.
    ``forwarded``: files of messages that it forwards. ``has_hidden``: Slack hides a file of it behind the history limit
    of the workspace's plan.
    """

    by: Interaction
    about: MessageId | None
    posted: PostedMessage
    forwarded: tuple[Body, ...] = ()
    has_hidden: bool = False

    @property
    def files(self) -> tuple[Body, ...]:
        return (*self.posted.files, *self.forwarded)


@dataclass(frozen=True)
class ButtonClick:
    """A clicked button with the value it carries, or the chosen line of a menu; ``thread``: that the message with the
    button begins."""

    by: Interaction
    action: str
    value: str
    thread: RoomId


@dataclass(frozen=True)
class Submission:
    """A submitted modal. ``id`` is its own, however often it is submitted; ``about`` is what it was opened for;
    ``values`` are by input."""

    id: str
    team: str
    user: str
    view: str
    about: str
    values: Mapping[str, str]

    @property
    def person(self) -> PersonId:
        return person_id(self.team, self.user)


def parse_command(form: Body, me: BotIdentity) -> SlashCommand:
    channel = SlackRoom(me.team, channel_of(form, "channel_id"))
    user = identifier(form, "user_id")
    by = Interaction(channel, user, text(form, "trigger_id"), text(form, "response_url"))
    verb, _, markup = text(form, "text").strip().partition(" ")
    return SlashCommand(_checked(by), as_typed(verb).lower(), as_typed(markup), markup.strip()[:COMMAND_MOST])


def parse_shortcut(payload: Body, me: BotIdentity) -> MessageShortcut:
    by, message = _interaction(payload, me), child(payload, "message")
    hidden = any(text(file, "mode") == "hidden_by_limit" for file in children(message, "files"))
    posted = posted_message(message, by.channel, me)
    # What it forwards is read as a message of its own, so that the same rules hold for its files.
    forwarded = posted_message({"ts": posted.ts, "files": forwarded_files(message)}, by.channel, me).files
    known = {identifier(file, "id") for file in posted.files}
    new = tuple(file for file in forwarded if identifier(file, "id") not in known)
    return MessageShortcut(by, _about(message, by.channel, me), posted, new, hidden)


def parse_click(payload: Body, me: BotIdentity) -> ButtonClick:
    clicked = children(payload, "actions")
    if not clicked:
        raise ParseError("no action in it")
    by = _interaction(payload, me) if child(payload, "channel") else _in_home(payload, me)
    value = text(clicked[0], "value") or text(child(clicked[0], "selected_option"), "value")
    ts = timestamp(child(payload, "container"), "message_ts") or timestamp(child(payload, "message"), "ts")
    return ButtonClick(by, text(clicked[0], "action_id"), value[:VALUE_MOST], by.channel.thread(ts).id)


def parse_submission(payload: Body, me: BotIdentity) -> Submission:
    view, user = child(payload, "view"), identifier(child(payload, "user"), "id")
    if not user:
        raise ParseError("nobody submitted it")
    blocks = child(child(view, "state"), "values")
    values = {
        name: _entered(entered)
        for block in blocks
        for name, entered in child(blocks, block).items()
        if isinstance(entered, Mapping)
    }
    own_id, callback, about = identifier(view, "id"), text(view, "callback_id"), text(view, "private_metadata")
    return Submission(own_id, me.team, user, callback, about, values)


def _entered(entered: Body) -> str:
    """What stands in an input, whatever kind it is; of several chosen ones, separated by spaces."""
    if at := integer(entered, "selected_date_time"):
        return str(at)
    chosen = entered.get("selected_users")
    if isinstance(chosen, list):
        return " ".join(each for each in chosen if isinstance(each, str))
    option = text(child(entered, "selected_option"), "value")
    return option or text(entered, "selected_conversation") or text(entered, "value")


def as_typed(markup: str) -> str:
    """What was typed, without the links Slack may have made of numbers and addresses, and without its three escapes."""
    return one_line(unescape(_LINK.sub(r"\1", markup)), COMMAND_MOST)


def people_and_groups(markup: str, team: str) -> list[str]:
    """Mentions (and bare ids) of people and user groups as their ids; whatever else was written, as it is."""
    found = []
    for word in markup.replace(",", " ").split():
        person, group = _PERSON.fullmatch(word), _GROUP.fullmatch(word)
        if person:
            found.append(str(person_id(team, person[1] or person[2])))
        elif group:
            found.append(group_id(team, group[1] or group[2]))
        else:
            found.append(as_typed(word).lower())
    return found


def _about(message: Body, channel: SlackRoom, me: BotIdentity) -> MessageId | None:
    """A notice names its message; what has no mark of ours on it is at least in the thread of one."""
    ts = ts_of(message, "ts")
    if not me.bot or text(message, "bot_id") != me.bot:
        return channel.message(ts)
    marks = [mark for block in children(message, "blocks") if (mark := marked(text(block, "block_id")))]
    if marks:
        return MessageId(marks[0])
    is_contacts = text(child(message, "metadata"), "event_type") == EVENT_TYPE
    root_ts = timestamp(message, "thread_ts")
    return channel.message(root_ts) if root_ts and not is_contacts else None


def _interaction(payload: Body, me: BotIdentity) -> Interaction:
    channel = SlackRoom(me.team, channel_of(child(payload, "channel"), "id"))
    user = identifier(child(payload, "user"), "id")
    return _checked(Interaction(channel, user, text(payload, "trigger_id"), text(payload, "response_url")))


def _in_home(payload: Body, me: BotIdentity) -> Interaction:
    """A click in the App Home stands in no channel, and has no response_url."""
    if text(child(payload, "view"), "type") != "home":
        raise ParseError("neither in a channel nor in the App Home")
    user = identifier(child(payload, "user"), "id")
    return _checked(Interaction(SlackRoom(me.team, ""), user, text(payload, "trigger_id"), ""))


def _checked(by: Interaction) -> Interaction:
    """A trigger becomes part of an id, so there is no space in it."""
    if not by.user or not by.trigger or by.trigger.split() != [by.trigger] or len(by.trigger) > 200:
        raise ParseError("nobody did it, or it has no trigger")
    return by
