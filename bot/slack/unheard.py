"""Clips that Slack never told us of. A connection may be open and deaf, a subscription switched off, events held
back: then a clip stands in its channel's history and no event brought it. It is looked for, and carried all the same.

What was dropped inside a thread is not listed in a channel's history, so this hears of it no sooner than Slack says so.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.relay.errors import Later, RelayError
from bot.relay.model import ChannelId, Link
from bot.slack.fields import Body, timestamp
from bot.slack.lookups import Lookups
from bot.slack.over_http import Dispatch
from bot.slack.parse import Drop, ParseError, parse_message
from bot.slack.ports import Clips, Links

log = logging.getLogger("memobridge.slack")

CHANNELS_A_ROUND = 20  # Slack allows 50 such calls a minute


class Unheard:
    """``grace``: how long an event may take before its clip is looked for. Only what is dropped while this process
    lives, and while the channel is linked, is looked for."""

    def __init__(
        self,
        clips: Clips,
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
        """One round through the linked channels, those first that were looked at longest ago; whether it found one."""
        before = self._deaf_since
        linked = await self._links.all()
        self._heard_up_to = {link.channel: self._since(link) for link in linked}
        for channel in sorted(self._heard_up_to, key=self._heard_up_to.__getitem__)[:CHANNELS_A_ROUND]:
            try:
                await self._look_at(channel)
            except Later:
                break
            except RelayError as no:
                log.info("history not shown", extra={"channel": channel, "code": no.code})
                self._heard_up_to[channel] = self._now() - self._grace
        return self._deaf_since not in (None, before)

    def _since(self, link: Link) -> datetime:
        """What was dropped before the channel was linked is none of ours."""
        known = self._heard_up_to.get(link.channel, self._started)
        return max(known, link.made_at) if link.made_at else known

    async def _look_at(self, channel: ChannelId) -> None:
        """What is younger than ``grace`` may still be told of, and is left for the next round."""
        until = self._now() - self._grace
        since = self._heard_up_to[channel]
        if until <= since:
            return
        for message in reversed(await self._lookups.history(channel, since.timestamp(), until.timestamp())):
            await self._take(channel, message)
        self._heard_up_to[channel] = until

    async def _take(self, channel: ChannelId, message: Body) -> None:
        """The id is the cause: accepting what was accepted before changes nothing, so what is new was never told of."""
        try:
            drop = parse_message({**message, "channel": channel}, await self._lookups.identity(), self._allowed_bots)
        except ParseError:
            return
        if not isinstance(drop, Drop) or drop.unjudged:
            return
        if new := await self._clips.accept(drop.share):
            self._deaf_since = self._now()
            log.error("clip found unheard", extra={"deliveries": list(new), "ts": timestamp(message, "ts")})
