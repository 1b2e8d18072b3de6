"""Slash commands, message shortcuts and pressed buttons → what a person asked for. Pure.

Raises ParseError for what makes no sense, and Refused with a sentence where a person can write it better.
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from bot.relay.errors import Refused
from bot.relay.model import ChannelId, Clip, UserId
from bot.slack.blocks import marked
from bot.slack.escaping import unescape
from bot.slack.fields import Body, identifier, part, parts, shown, text, timestamp
from bot.slack.files import NAME_MOST, Judgement
from bot.slack.parse import Drop, Identity, ParseError, moment, parse_drop, place

# Whoever points at a file means it: where Slack cannot say yet what it is, the bytes will.
ANY_SOUND = (Judgement.AUDIO, Judgement.VIDEO, Judgement.UNKNOWN)

_WRAPPED = re.compile(r"<(?:tel:|mailto:|(?=https?://))([^<>|]*)(?:\|[^<>]*)?>")
# A name of ASCII labels; underscores stand in some that are real, such as those of buckets. Its last one is no number
# in any notation, so that no address of a machine passes for a name; signs that some clients read as the end of the
# host (a backslash, an escaped slash) stand in none.
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?!0x)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_INNER_NAMES = {"local", "localhost", "localdomain", "internal", "intranet", "private", "lan", "home", "corp"}
_INNER_NAMES |= {"onion", "arpa", "test", "invalid"}
_URL_MOST = 2000


@dataclass(frozen=True)
class Gesture:
    """Who acted where. ``trigger`` names this one act; ``answer_url`` takes answers for half an hour, or is empty."""

    channel: ChannelId
    user: UserId
    trigger: str
    answer_url: str


@dataclass(frozen=True)
class Order:
    """A slash command: ``/voicememo verb rest``."""

    by: Gesture
    verb: str
    rest: str


@dataclass(frozen=True)
class Pointed:
    """A message shortcut: the message it was used on, and what in it could be sent.

    ``about_ts``: the message with the clips, where it was used on what we say of them; empty where none is known.
    ``has_hidden``: Slack hides a file of it behind the history limit of the workspace's plan.
    """

    by: Gesture
    about_ts: str
    drop: Drop | None
    has_hidden: bool = False


@dataclass(frozen=True)
class Press:
    """A pressed button with the value it carries."""

    by: Gesture
    action: str
    value: str


def parse_order(form: Body) -> Order:
    user = UserId(identifier(form, "user_id"))
    gesture = Gesture(place(form, "channel_id"), user, text(form, "trigger_id"), text(form, "response_url"))
    verb, _, rest = plain(text(form, "text")).partition(" ")
    return Order(_whole(gesture), verb.lower(), rest.strip())


def parse_pointed(payload: Body, me: Identity, asked_at: float) -> Pointed:
    """Any audio or video will do. ``asked_at``: seconds since 1970."""
    gesture, message = _gesture(payload), part(payload, "message")
    drop = parse_drop(message, gesture.channel, me, user=gesture.user, heard=ANY_SOUND)
    if drop is not None:
        drop = replace(drop, share=replace(drop.share, asked_at=asked_at, trigger=gesture.trigger, twin=""))
    hidden = any(text(file, "mode") == "hidden_by_limit" for file in parts(message, "files"))
    return Pointed(gesture, _about(message, me), drop, hidden)


def parse_press(payload: Body) -> Press:
    pressed = parts(payload, "actions")
    if not pressed:
        raise ParseError("no action in it")
    return Press(_gesture(payload), text(pressed[0], "action_id"), identifier(pressed[0], "value"))


def plain(typed: str) -> str:
    """What was typed, without the links Slack may have made of numbers and addresses, and without its three escapes."""
    return shown(unescape(_WRAPPED.sub(r"\1", typed)), 2 * _URL_MOST)


def clip_at(url: str) -> Clip:
    """The clip at a public https address, which is forwarded as it stands. Judged by its text: nobody looks it up."""
    host = _public_host(url)
    if host == "slack.com" or host.endswith(".slack.com"):
        raise Refused("Files in Slack are private, so Linq cannot fetch that link. Use the message shortcut instead.")
    name = shown(unquote(urlsplit(url).path).rpartition("/")[2], NAME_MOST)
    return Clip(file_id="", name=name or host, given_url=url)


def _public_host(url: str) -> str:
    """The host name. Refused unless the address is one that anybody on the internet could fetch safely."""
    try:
        split = urlsplit(url)
        host, port = (split.hostname or "").removesuffix("."), split.port
    except ValueError:
        host, port, split = "", None, urlsplit("")
    if split.scheme != "https" or not url.isprintable() or " " in url or len(url) > _URL_MOST:
        raise Refused("Give the https address of an audio file, like https://example.com/memo.m4a.")
    if not host.isascii():
        raise Refused("That name has letters beyond a–z: give it in the form that begins xn--, as browsers copy it.")
    is_inner = host.rpartition(".")[2] in _INNER_NAMES
    if "@" in split.netloc or port == 0 or is_inner or not _NAME.fullmatch(host):
        raise Refused("That address is not on the public internet, so Linq could not fetch it.")
    return host


def _about(message: Body, me: Identity) -> str:
    """A notice names its message; what has no mark of ours on it stands at least in the thread of one."""
    ts = moment(message, "ts")
    if not me.bot or text(message, "bot_id") != me.bot:
        return ts
    marks = [mark for block in parts(message, "blocks") if (mark := marked(text(block, "block_id"))) is not None]
    return marks[0] if marks else timestamp(message, "thread_ts")


def _gesture(payload: Body) -> Gesture:
    channel = place(part(payload, "channel"), "id")
    user = UserId(identifier(part(payload, "user"), "id"))
    return _whole(Gesture(channel, user, text(payload, "trigger_id"), text(payload, "response_url")))


def _whole(gesture: Gesture) -> Gesture:
    if not (gesture.user and gesture.trigger):
        raise ParseError("nobody did it, or it has no trigger")
    return gesture
