"""Backfill: reads a channel's or a thread's history, for what no event told. Implements the relay's ``History``.

What is read is parsed as events are, so that both give the same messages with the same ids. A deletion shows by absence
only, an edit by its time, a reaction without one.

Slack lists a thread only where one asks for it, and does not list the threads with new replies: they show by the
``latest_reply`` of their root. So roots are looked at further back than the time that is asked for: a day, or a week
after more than ten minutes of silence. Replies to still older roots are found only by reading their thread as a room.
"""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.relay.errors import Refused
from bot.relay.ids import RoomId
from bot.relay.model import Message
from bot.relay.ports.networks import HistoryPage
from bot.slack.api.identity import Identity
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import Body, child, children, text, timestamp
from bot.slack.ids import BotIdentity, SlackRoom, parse_room
from bot.slack.inbound.parse import (
    EditedMessage,
    Fact,
    ParseError,
    PostedMessage,
    ReactionChange,
    parse_message,
    time_of,
)
from bot.slack.inbound.resolve import MessageBuilder

PAGE_SIZE = 200  # an app that Slack limits gets 15 at most, and one call a minute: it takes longer
SHORT_SILENCE = timedelta(minutes=10)
ROOTS_BACK, ROOTS_BACK_AFTER_SILENCE = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Progress:
    """How far reading has come; the relay keeps it as an opaque cursor.

    ``history``: Slack's cursor to what is older, "" at the end. ``threads``: roots whose replies are read first;
    ``replies``: Slack's cursor within the first of them.
    """

    history: str = ""
    threads: tuple[str, ...] = ()
    replies: str = ""

    def cursor(self) -> str:
        return json.dumps(asdict(self)) if self.threads or self.history else ""

    @staticmethod
    def parse(cursor: str) -> "Progress":
        if not cursor:
            return Progress()
        fields: dict[str, Any] = json.loads(cursor)
        return Progress(**{**fields, "threads": tuple(fields["threads"])})


class SlackHistory:
    """``now`` gives the time of day. ``allowed_bots``: ids of bots whose messages are carried, too."""

    def __init__(
        self,
        api: SlackApi,
        identity: Identity,
        builder: MessageBuilder,
        now: Callable[[], datetime],
        allowed_bots: Collection[str] = (),
    ) -> None:
        self._api = api
        self._identity = identity
        self._builder = builder
        self._now = now
        self._allowed_bots = frozenset(allowed_bots)

    async def read(self, room: RoomId, since: datetime, cursor: str = "") -> HistoryPage:
        """One call's worth: of a channel, a page of its root, or of a thread with news."""
        place, progress = parse_room(room), Progress.parse(cursor)
        if place.root_ts:
            progress = replace(progress, threads=(place.root_ts,))
        if progress.threads:
            return await self._read_thread(place, since, progress)
        return await self._read_channel(place, since, progress)

    async def _read_channel(self, channel: SlackRoom, since: datetime, progress: Progress) -> HistoryPage:
        is_short = self._now() - since <= SHORT_SILENCE
        oldest = since - (ROOTS_BACK if is_short else ROOTS_BACK_AFTER_SILENCE)
        found, history = await self._call("conversations.history", channel, oldest, progress.history)
        me = await self._identity.get()
        ahead = Progress(history, tuple(_threads_with_news(found, since, me)))
        return await self._page(channel, since, found, ahead)

    async def _read_thread(self, room: SlackRoom, since: datetime, progress: Progress) -> HistoryPage:
        """The replies of one thread. Where it is the room itself, it is the whole of it."""
        root_ts, *others = progress.threads
        try:
            found, replies = await self._call(
                "conversations.replies", room, since, progress.replies, ts=root_ts, inclusive=True
            )
        except Refused as no:
            if no.code not in ("thread_not_found", "message_not_found"):
                raise
            found, replies = [], ""
        threads = (root_ts, *others) if replies else tuple(others)
        ahead = replace(progress, threads=threads, replies=replies)
        inside = [message for message in found if room.root_ts or timestamp(message, "ts") != root_ts]
        return await self._page(room, since, inside, ahead)

    async def _call(
        self, method: str, room: SlackRoom, oldest: datetime, cursor: str, **more: Any
    ) -> tuple[list[Body], str]:
        where: dict[str, Any] = {
            "channel": room.channel,
            "oldest": _ts(oldest),
            "limit": PAGE_SIZE,
            "include_all_metadata": True,
        }
        answer = await self._api.read(
            method, is_backfill=True, **where, **more, **({"cursor": cursor} if cursor else {})
        )
        return children(answer.body, "messages"), text(child(answer.body, "response_metadata"), "next_cursor")

    async def _page(self, room: SlackRoom, since: datetime, found: list[Body], ahead: Progress) -> HistoryPage:
        me = await self._identity.get()
        channel = SlackRoom(room.team, room.channel)
        messages = [
            await self._message(fact, room)
            for message in found
            for fact in self._facts(message, channel, me, since)
            if not (room.root_ts and isinstance(fact, PostedMessage) and not fact.root_ts)
        ]
        return HistoryPage(messages, ahead.cursor())

    def _facts(self, message: Body, channel: SlackRoom, me: BotIdentity, since: datetime) -> Iterator[Fact]:
        """What events would have told of a message since then: that it was posted, that it was edited, and who reacted
        to what we posted."""
        ts = timestamp(message, "ts")
        if me.bot and text(message, "bot_id") == me.bot:
            yield from _reactions(message, channel, me)
            return
        try:
            facts = parse_message({**message, "channel": channel.channel}, channel.team, me, self._allowed_bots)
        except ParseError:
            return
        for fact in facts:
            if not isinstance(fact, PostedMessage):
                continue
            if time_of(ts) >= since:
                yield fact
            if fact.edited_ts and time_of(fact.edited_ts) >= since:
                yield EditedMessage(fact)

    async def _message(self, fact: Fact, room: SlackRoom) -> Message:
        match fact:
            case EditedMessage():
                return await self._builder.edit(fact)
            case ReactionChange():
                return self._builder.reaction(fact, room.root_ts)
            case PostedMessage():
                message = await self._builder.message(fact, may_guess=True)
                is_at_root = fact.is_broadcast and not room.root_ts  # shown in the channel, so it was said there
                return replace(message, thread=None) if is_at_root else message
        raise AssertionError("history tells of nothing else")


def _threads_with_news(found: list[Body], since: datetime, me: BotIdentity) -> Iterator[str]:
    for message in found:
        latest = timestamp(message, "latest_reply")
        if latest and time_of(latest) >= since and not _has_notice_alone(message, me):
            yield timestamp(message, "ts")


def _has_notice_alone(root: Body, me: BotIdentity) -> bool:
    """Whether the thread of a clip holds one reply, and that is ours. Each thread costs a call and Slack allows about
    one a second, so forty clips before a restart would hold up their channel for forty seconds."""
    return bool(root.get("files")) and root.get("reply_count") == 1 and root.get("reply_users") == [me.user]


def _reactions(message: Body, channel: SlackRoom, me: BotIdentity) -> Iterator[ReactionChange]:
    ts = timestamp(message, "ts")
    for reaction in children(message, "reactions"):
        users, name = reaction.get("users"), text(reaction, "name")
        for user in users if isinstance(users, list) and name and ts else ():
            if isinstance(user, str) and user.isalnum() and user != me.user:
                yield ReactionChange(channel, ts, user, name, is_removed=False)


def _ts(at: datetime) -> str:
    return f"{at.timestamp():.6f}"
