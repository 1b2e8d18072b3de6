"""Clips that Slack never told us of. A connection may be open and deaf, a subscription switched off, events held
back: then a clip stands in its channel's history and no event brought it. It is looked for, and carried all the same.

What was dropped inside a thread is not listed in a channel's history, so this hears of it no sooner than Slack says so.
"""

import logging
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.relay.errors import RelayError, RetryLater
from bot.relay.model import ChannelId, Link
from bot.slack.fields import Body, timestamp
from bot.slack.lookups import Lookups
from bot.slack.over_http import Dispatch
from bot.slack.parse import Drop, Identity, ParseError, parse_message
from bot.slack.ports import DeliveryService, Links

log = logging.getLogger("memobridge.slack")

CALLS_A_ROUND = 20  # Slack allows 50 a minute


@dataclass
class Stretch:
    """A part of a channel's history that is being read, from its end backwards: so Slack tells it.

    ``unread_until``: where reading goes on, in seconds since 1970. ``drops``: found so far, the newest first.
    """

    since: datetime
    until: datetime
    unread_until: float
    drops: list[Drop] = field(default_factory=list)


class Unheard:
    """``grace``: how long an event may take before its clip is looked for. Only what is dropped while this process
    lives, and while the channel is linked, is looked for."""

    def __init__(
        self,
        clips: DeliveryService,
        links: Links,
        lookups: Lookups,
        *,
        now: Callable[[], datetime],
        grace: timedelta,
        allowed_bots: Collection[str] = (),
    ) -> None:
        self._clips = clips
        self._links = links
        self._lookups = lookups
        self._now = now
        self._grace = grace
        self._allowed_bots = frozenset(allowed_bots)
        self._started = now()
        self._heard_up_to: dict[ChannelId, datetime] = {}
        self._stretches: dict[ChannelId, Stretch] = {}
        self._deaf_since: datetime | None = None

    def listening(self, dispatch: Dispatch) -> Dispatch:
        """``dispatch``, while every event that comes through it proves that we hear."""

        async def heard(request: AsyncBoltRequest) -> BoltResponse:
            if request.body.get("type") == "event_callback":
                self._deaf_since = None
            return await dispatch(request)

        return heard

    async def ping(self) -> str:
        """Empty unless a clip was found that no event told of, and no event came since: not even that of its notice."""
        if self._deaf_since is None:
            return ""
        return f"Slack has told of no event since {self._deaf_since:%H:%M} UTC, though clips were dropped."

    async def look(self) -> bool:
        """One round through the linked channels, those first that were looked at longest ago; whether it found one.

        Each in turn is asked for one more page, so that one where much is said keeps no other waiting.
        """
        before = self._deaf_since
        linked = await self._links.all()
        self._heard_up_to = {link.channel: self._since(link) for link in linked}
        waiting = deque(sorted(self._heard_up_to, key=self._heard_up_to.__getitem__))
        for _ in range(CALLS_A_ROUND):
            if not waiting:
                break
            channel = waiting.popleft()
            try:
                if not await self._look_at(channel):
                    waiting.append(channel)
            except RetryLater:
                break
            except RelayError as no:
                log.info("history not shown", extra={"channel": channel, "code": no.code})
                self._heard_up_to[channel] = self._now() - self._grace
        return self._deaf_since not in (None, before)

    def _since(self, link: Link) -> datetime:
        """What was dropped before the channel was linked is none of ours."""
        known = self._heard_up_to.get(link.channel, self._started)
        return max(known, link.made_at) if link.made_at else known

    async def _look_at(self, channel: ChannelId) -> bool:
        """Read one page; whether all was read, and the clips in it carried in their order.

        What is younger than ``grace`` may still be told of, and is left for a later round. So is what a round has not
        come to: nothing counts as heard before all up to it was read.
        """
        since, until = self._heard_up_to[channel], self._now() - self._grace
        if until <= since:
            return True
        stretch = self._stretch(channel, since, until)
        me = await self._lookups.identity()
        page, has_more = await self._lookups.history(channel, stretch.since.timestamp(), stretch.unread_until)
        stretch.drops += [drop for message in page if (drop := self._drop(channel, message, me))]
        stretch.unread_until = min([stretch.unread_until, *(float(timestamp(m, "ts") or "inf") for m in page)])
        if has_more and page:
            return False
        for drop in reversed(stretch.drops):
            await self._take(drop)
        self._heard_up_to[channel] = stretch.until
        return True

    def _stretch(self, channel: ChannelId, since: datetime, until: datetime) -> Stretch:
        """Where an earlier round has begun with one, the same."""
        begun = self._stretches.get(channel)
        if begun is None or begun.since != since:
            begun = self._stretches[channel] = Stretch(since, until, until.timestamp())
        return begun

    def _drop(self, channel: ChannelId, message: Body, me: Identity) -> Drop | None:
        try:
            found = parse_message({**message, "channel": channel}, me, self._allowed_bots)
        except ParseError:
            return None
        return found if isinstance(found, Drop) and not found.unjudged else None

    async def _take(self, drop: Drop) -> None:
        """The id is the cause: accepting what was accepted before changes nothing, so what is new was never told of."""
        if new := await self._clips.accept(drop.share):
            self._deaf_since = self._now()
            log.error("clip found unheard", extra={"deliveries": list(new), "ts": drop.share.post.message_ts})
