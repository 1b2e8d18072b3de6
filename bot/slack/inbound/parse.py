"""Slack's events, messages in history and messages under a shortcut → facts. Pure; no input raises anything but
ParseError.

The subtype decides little, the files decide: Slack has sent clips under many subtypes, and under none.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.slack.fields import Body, child, children, identifier, text, timestamp
from bot.slack.files import FileClaim, claim_of
from bot.slack.ids import BotIdentity, SlackRoom
from bot.slack.inbound.message_text import Fragment, fragments_of, without_address

TEXT_KEY, EDIT_KEY, REACTION_KEY, URL_KEY = "text", "edit", "reaction", "url"
CHANGE_KEYS, COMMAND_KEYS = (EDIT_KEY, REACTION_KEY), (TEXT_KEY, URL_KEY)
INTERNAL_PREFIX = "//"


class ParseError(Exception):
    """Slack (or whoever signed it) sent something invalid; sending it again would not help."""


@dataclass(frozen=True)
class PostedMessage:
    """A message as it was posted. ``root_ts``: the thread that it stands in, "" where it stands in none.

    ``sender`` is a user or a bot. ``files`` are Slack's own objects, once each, as far as there is something to fetch.
    ``is_addressed``: it begins with a mention of us, which ``fragments`` are without. ``edited_ts``: when its text was
    last changed, "" for never.
    """

    channel: SlackRoom
    ts: str
    root_ts: str
    sender: str
    fragments: tuple[Fragment, ...]
    files: tuple[Body, ...]
    client_msg_id: str = ""
    is_addressed: bool = False
    is_broadcast: bool = False
    edited_ts: str = ""

    @property
    def is_internal(self) -> bool:
        return bool(self.fragments) and self.fragments[0].text.startswith(INTERNAL_PREFIX)

    @property
    def sent_at(self) -> datetime:
        return time_of(self.ts)


@dataclass(frozen=True)
class EditedMessage:
    """A person changed the text of a message; ``posted`` is how it is now."""

    posted: PostedMessage


@dataclass(frozen=True)
class Withdrawal:
    """A message was deleted, or lost parts: only those with the keys ``kept`` are still there."""

    channel: SlackRoom
    ts: str
    root_ts: str
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReactionChange:
    """A person reacted to a message, or took a reaction back. ``at``: the event's ts, "" where history told of it."""

    channel: SlackRoom
    ts: str
    user: str
    name: str
    is_removed: bool
    at: str = ""
    author: str = ""  # whose message it is


Fact = PostedMessage | EditedMessage | Withdrawal | ReactionChange

NOT_MESSAGES = frozenset({"ekm_access_denied", "message_replied", "tombstone"})
# What people write comes under these; under the others Slack itself says that somebody joined, or pinned something.
WITH_TEXT = frozenset({"", "file_share", "thread_broadcast", "me_message", "bot_message"})
SLACKBOT = "USLACKBOT"


def parse_message(
    event: Body, team: str, me: BotIdentity, allowed_bots: Collection[str] = ()
) -> tuple[PostedMessage | EditedMessage | Withdrawal, ...]:
    """What a ``message`` event tells. Posts of bots tell nothing unless they are allowed by id, ours never do."""
    channel = SlackRoom(team, channel_of(event, "channel"))
    match text(event, "subtype"):
        case "message_deleted":
            return _deleted(event, channel, me)
        case "message_changed":
            return _changed(event, channel, me, allowed_bots)
        case subtype if subtype in NOT_MESSAGES:
            return ()
    if is_by_bot(event, me, allowed_bots):
        return ()
    posted = posted_message(event, channel, me)
    return (posted,) if posted.sender and (posted.files or posted.fragments) else ()


def posted_message(message: Body, channel: SlackRoom, me: BotIdentity) -> PostedMessage:
    """A message, whoever posted it."""
    ts = ts_of(message, "ts")
    root_ts = timestamp(message, "thread_ts")
    subtype = text(message, "subtype")
    fragments = fragments_of(message) if subtype in WITH_TEXT else ()
    addressed = without_address(fragments, me.user)
    return PostedMessage(
        channel=channel,
        ts=ts,
        root_ts="" if root_ts == ts else root_ts,
        sender=identifier(message, "user") or identifier(message, "bot_id"),
        fragments=fragments if addressed is None else addressed,
        files=files_in(message),
        client_msg_id=identifier(message, "client_msg_id"),
        is_addressed=addressed is not None,
        is_broadcast=subtype == "thread_broadcast",
        edited_ts=timestamp(child(message, "edited"), "ts"),
    )


def parse_reaction(event: Body, team: str, me: BotIdentity) -> ReactionChange | None:
    """What ``reaction_added`` or ``reaction_removed`` tells; None for our own, and for those to files."""
    item, user, name = child(event, "item"), identifier(event, "user"), text(event, "reaction")
    if text(item, "type") != "message" or user == me.user or not (user and name):
        return None
    return ReactionChange(
        channel=SlackRoom(team, channel_of(item, "channel")),
        ts=ts_of(item, "ts"),
        user=user,
        name=name[:100],
        is_removed=text(event, "type") == "reaction_removed",
        at=ts_of(event, "event_ts"),
        author=identifier(event, "item_user"),
    )


def files_in(message: Body) -> tuple[Body, ...]:
    """The files that could be fetched, in their order, once each."""
    files = {
        identifier(file, "id"): file for file in children(message, "files") if claim_of(file) is not FileClaim.NONE
    }
    files.pop("", None)
    return tuple(files.values())


def forwarded_files(message: Body) -> list[Body]:
    """Files of the messages that it forwards, as Slack has them."""
    return [file for shared in children(message, "attachments") for file in children(shared, "files")]


def deleted_ts(event: Body) -> str:
    """The message that is gone now, whoever wrote it, also the first one of a thread with replies; "" where none is."""
    if text(event, "subtype") == "message_deleted":
        return timestamp(event, "deleted_ts")
    now = child(event, "message")
    return timestamp(now, "ts") if text(now, "subtype") == "tombstone" else ""


def keys_of(message: Body) -> set[str]:
    """The keys of the parts that a message has now."""
    if text(message, "subtype") == "tombstone":
        return set()
    files = [*children(message, "files"), *forwarded_files(message)]
    keys = {identifier(file, "id") for file in files if text(file, "mode") != "tombstone"}
    return (keys | ({TEXT_KEY} if fragments_of(message) else set())) - {""}


def is_by_bot(message: Body, me: BotIdentity, allowed: Collection[str]) -> bool:
    """Another app's post names its bot, with or without the subtype that once said so. Never our own."""
    user, bot = text(message, "user"), text(message, "bot_id")
    if user in (me.user, SLACKBOT) or (bot and bot == me.bot):
        return True
    is_bot = bool(bot) or text(message, "subtype") == "bot_message"
    return is_bot and not ({user, bot} - {""}) & set(allowed)


def channel_of(body: Body, name: str) -> str:
    """A channel id. Raises ParseError when there is none."""
    channel = identifier(body, name)
    if not channel:
        raise ParseError(f"{name} is no channel id")
    return channel


def ts_of(body: Body, name: str) -> str:
    """A message's ts. Raises ParseError when there is none."""
    ts = timestamp(body, name)
    if not ts:
        raise ParseError(f"{name} is no ts")
    return ts


def time_of(ts: str) -> datetime:
    return datetime.fromtimestamp(min(float(ts), 253_402_300_799.0), UTC)


def _deleted(event: Body, channel: SlackRoom, me: BotIdentity) -> tuple[Withdrawal, ...]:
    before = child(event, "previous_message")
    if text(before, "bot_id") == me.bot and me.bot:
        return ()
    ts = timestamp(event, "deleted_ts") or ts_of(before, "ts")
    root_ts = timestamp(before, "thread_ts")
    return (Withdrawal(channel, ts, "" if root_ts == ts else root_ts),)


def _changed(
    event: Body, channel: SlackRoom, me: BotIdentity, allowed_bots: Collection[str]
) -> tuple[EditedMessage | Withdrawal, ...]:
    """Unfurls, replies, transcripts, and the replies that Slack tells again when their thread's root is deleted, change
    nothing here: only text that a person edited, and parts that are no longer there."""
    now, before = child(event, "message"), child(event, "previous_message")
    is_tombstone = text(now, "subtype") == "tombstone"  # a deleted root that has replies; Slackbot is its author then
    author = before if is_tombstone else now
    if author and is_by_bot(author, me, allowed_bots):
        return ()
    found: list[EditedMessage | Withdrawal] = []
    kept = keys_of(now)
    listed = {identifier(file, "id") for file in children(now, "files")} - {""}
    if is_tombstone or not kept >= listed | keys_of(before):
        found.append(Withdrawal(channel, ts_of(now, "ts"), _root_of(now), tuple(sorted(kept))))
    if not is_tombstone and _is_edited(now, before):
        found.append(EditedMessage(posted_message(now, channel, me)))
    return tuple(fact for fact in found if isinstance(fact, Withdrawal) or fact.posted.sender)


def _is_edited(now: Body, before: Body) -> bool:
    edited_ts = timestamp(child(now, "edited"), "ts")
    if not edited_ts or edited_ts == timestamp(child(before, "edited"), "ts"):
        return False
    return fragments_of(now) != fragments_of(before)


def _root_of(message: Body) -> str:
    root_ts = timestamp(message, "thread_ts")
    return "" if root_ts == timestamp(message, "ts") else root_ts
