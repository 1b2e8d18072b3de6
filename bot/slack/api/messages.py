"""Reading messages back: does a thread still exist, how is a message now, which of our posts carries a mark."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

from bot.relay.errors import ROOT_GONE, Refused
from bot.slack.api.identity import Identity
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import Body, child, children, text, timestamp
from bot.slack.ids import SlackRoom

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far our clock may be ahead of Slack's: everything that looks for a post since some time looks this much further
back. One figure for all of them, and as much as Slack's signatures allow."""

ROOTS_BACK = timedelta(days=7)
EXISTENCE_REMEMBERED_FOR_S = 60.0
REMEMBERED_MOST = 10_000
PAGE_SIZE = 200
PAGES = 5

GONE = frozenset({"thread_not_found", "message_not_found"})


class Messages:
    """``clock`` gives seconds that only ever grow, ``now`` the time of day."""

    def __init__(
        self, api: SlackApi, identity: Identity, clock: Callable[[], float], now: Callable[[], datetime]
    ) -> None:
        self._api = api
        self._identity = identity
        self._clock = clock
        self._now = now
        self._exists: dict[tuple[str, str], tuple[float, bool]] = {}

    async def exists(self, channel: str, ts: str, *, trusts_new: bool = False) -> bool:
        """Whether this message at the channel's root is there, so that a reply to it lands in its thread; remembered
        for a minute.

        Slack posts a reply to a deleted message at the channel's root, without an error (getmunin/munin#885). What is
        left of a deleted message that had replies counts as deleted: whether replies still reach its thread is unknown.

        ``trusts_new``: a message of the last minute counts as being there unless an event told otherwise, as asking
        for each would use up Slack's 50 calls a minute.
        """
        until, known = self._exists.get((channel, ts), (float("-inf"), False))
        if self._clock() < until:
            return known
        if trusts_new and abs(self._now().timestamp() - float(ts)) < EXISTENCE_REMEMBERED_FOR_S:
            return True
        message = await self.read_root(channel, ts)
        self.note(channel, ts, exists=message is not None)
        return message is not None

    async def require(self, channel: str, root_ts: str, *, trusts_new: bool = False) -> None:
        """Refused (``ROOT_GONE``) when the thread's first message is deleted."""
        if not await self.exists(channel, root_ts, trusts_new=trusts_new):
            raise Refused("The thread's first message was deleted in Slack.", code=ROOT_GONE)

    def note(self, channel: str, ts: str, *, exists: bool) -> None:
        """An event, or an answer of Slack's, has just told so."""
        if len(self._exists) >= REMEMBERED_MOST:
            self._exists.clear()
        self._exists[channel, ts] = (self._clock() + EXISTENCE_REMEMBERED_FOR_S, exists)

    async def read(self, channel: str, ts: str) -> Body | None:
        """The message as it is now, at the root or in a thread; None when it was deleted."""
        try:
            answer = await self._api.read(
                "conversations.replies", channel=channel, ts=ts, oldest=ts, latest=ts, inclusive=True, limit=3
            )
        except Refused as no:
            if no.code in GONE:
                return None
            raise
        return _found(answer.body, ts)

    async def read_root(self, channel: str, ts: str) -> Body | None:
        """The same for a message at the channel's root, out of a budget of its own (a method's 50 calls a minute):
        twenty conversations that were shown anew took three of four calls that list replies, and the histories of
        their threads, for which what is new waits after a start, were not read within a minute.

        One message is a history whose ends it is: https://docs.slack.dev/reference/methods/conversations.history.
        """
        answer = await self._api.read(
            "conversations.history", channel=channel, oldest=ts, latest=ts, inclusive=True, limit=1
        )
        return _found(answer.body, ts)

    async def own_posts(self, room: SlackRoom, since: datetime | None) -> AsyncIterator[Body]:
        """What we have posted in a channel, or in a thread of it, since then."""
        me = await self._identity.get()
        async for message in self._listed(room, since and since - CLOCK_TOLERANCE):
            if me.bot and text(message, "bot_id") == me.bot:
                yield message

    async def threads_with_replies(self, channel: SlackRoom, since: datetime | None) -> AsyncIterator[SlackRoom]:
        """The channel's threads that got a reply since then, as far as their roots are a week old at most."""
        since = (since or self._now()) - CLOCK_TOLERANCE
        async for message in self._listed(channel, since - ROOTS_BACK):
            if float(timestamp(message, "latest_reply") or 0) >= since.timestamp():
                yield channel.thread(timestamp(message, "ts"))

    async def _listed(self, room: SlackRoom, oldest: datetime | None) -> AsyncIterator[Body]:
        """The messages at a channel's root, or in a thread, page by page."""
        where: dict[str, Any] = {"channel": room.channel, "include_all_metadata": True, "limit": PAGE_SIZE}
        if oldest:
            where["oldest"] = f"{oldest.timestamp():.6f}"
        if room.root_ts:
            where["ts"] = room.root_ts
        method = "conversations.replies" if room.root_ts else "conversations.history"
        for _ in range(PAGES):
            answer = await self._api.read(method, **where)
            for message in children(answer.body, "messages"):
                yield message
            where["cursor"] = text(child(answer.body, "response_metadata"), "next_cursor")
            if not where["cursor"]:
                return


def _found(body: Body, ts: str) -> Body | None:
    found = next((each for each in children(body, "messages") if timestamp(each, "ts") == ts), None)
    return None if found is None or text(found, "subtype") == "tombstone" else found


def is_marked(message: Body, event_type: str, key: str, value: str, block_id: str) -> bool:
    """Whether it carries this mark: in its metadata or, as not every app is shown that, on one of its blocks."""
    metadata = child(message, "metadata")
    by_metadata = text(metadata, "event_type") == event_type
    if by_metadata and text(child(metadata, "event_payload"), key) == value:
        return True
    return any(text(block, "block_id") == block_id for block in children(message, "blocks"))
