"""Slack's message events → shares and withdrawals. Pure; the subtype decides little, the files decide.

No input raises anything but ParseError.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.relay.model import ChannelId, Post, Share, UserId
from bot.slack.fields import Body, identifier, part, parts, text, timestamp
from bot.slack.files import Judgement, clip_of, judge


class ParseError(Exception):
    """Slack (or whoever signed it) sent something that makes no sense; sending it again would not help."""


@dataclass(frozen=True)
class Identity:
    """Who this bot is in Slack: its team, its bot user and its bot id."""

    team: str
    user: str
    bot: str


@dataclass(frozen=True)
class Drop:
    """Files shared in a message. ``unjudged`` are those among its clips that only files.info can call audio or not."""

    share: Share
    unjudged: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Withdrawal:
    """A message was deleted, or lost files: only ``kept_files`` are still there."""

    channel: ChannelId
    message_ts: str
    kept_files: tuple[str, ...] = ()


NEWS = frozenset({"ekm_access_denied", "message_replied", "tombstone"})
HEARD = (Judgement.AUDIO, Judgement.UNKNOWN)


def parse_message(event: Body, me: Identity, allowed_bots: Collection[str] = ()) -> Drop | Withdrawal | None:
    """What a ``message`` event means for us; None for nothing. Posts of bots mean nothing unless allowed by id."""
    match text(event, "subtype"):
        case "message_deleted":
            return _deleted(event)
        case "message_changed":
            return _changed(event)
        case subtype if subtype in NEWS:
            return None
    if _by_bot(event, me, allowed_bots):
        return None
    return parse_drop(event, place(event, "channel"), me)


def parse_drop(
    message: Body,
    channel: ChannelId,
    me: Identity,
    *,
    user: UserId | None = None,
    heard: Sequence[Judgement] = HEARD,
) -> Drop | None:
    """The clips of a message, in its order, once each; None when it has none. ``user``: who wants them sent."""
    files = {identifier(file, "id"): file for file in parts(message, "files") if judge(file) in heard}
    files.pop("", None)
    if not files:
        return None
    ts = moment(message, "ts")
    post = Post(
        team=me.team,
        channel=channel,
        message_ts=ts,
        root_ts=timestamp(message, "thread_ts") or ts,
        user=user or UserId(identifier(message, "user")),
    )
    clips = tuple(clip_of(file) for file in files.values())
    unjudged = frozenset(name for name, file in files.items() if judge(file) is Judgement.UNKNOWN)
    return Drop(Share(post, clips, asked_at=float(ts), twin=identifier(message, "client_msg_id")), unjudged)


def place(body: Body, name: str) -> ChannelId:
    """A channel id. Raises ParseError when there is none."""
    channel = identifier(body, name)
    if not channel:
        raise ParseError(f"{name} is no channel id")
    return ChannelId(channel)


def moment(body: Body, name: str) -> str:
    """A message's ts. Raises ParseError when there is none."""
    ts = timestamp(body, name)
    if not ts:
        raise ParseError(f"{name} is no ts")
    return ts


def _by_bot(event: Body, me: Identity, allowed: Collection[str]) -> bool:
    """Another app's post names its bot, with or without the subtype that once said so. Never our own."""
    user, bot = text(event, "user"), text(event, "bot_id")
    if user == me.user or (bot and bot == me.bot):
        return True
    is_bot = bool(bot) or text(event, "subtype") == "bot_message"
    return is_bot and not ({user, bot} - {""}) & set(allowed)


def _deleted(event: Body) -> Withdrawal | None:
    before = part(event, "previous_message")
    if before and not parts(before, "files"):
        return None
    return Withdrawal(place(event, "channel"), timestamp(event, "deleted_ts") or moment(before, "ts"))


def _changed(event: Body) -> Withdrawal | None:
    """An edit withdraws nothing, nor do unfurls, replies and transcripts: only files that are no longer there."""
    now, before = part(event, "message"), part(event, "previous_message")
    listed, kept = _files(now), _files(now, standing=True)
    if kept >= listed | _files(before, standing=True):
        return None
    return Withdrawal(place(event, "channel"), moment(now, "ts"), tuple(sorted(kept)))


def _files(message: Body, standing: bool = False) -> set[str]:
    """The ids of a message's files; ``standing``: without those of which only a tombstone is left."""
    files = parts(message, "files")
    return {identifier(f, "id") for f in files if not standing or text(f, "mode") != "tombstone"} - {""}
