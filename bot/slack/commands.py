"""The slash command: who asks, for what, and the answer. Only the relay decides what may be done."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.relay.errors import Refused, RelayError
from bot.relay.model import ChannelId, Post, Share
from bot.slack import cards
from bot.slack.cards import Card
from bot.slack.gestures import Order, clip_at
from bot.slack.lookups import Lookups
from bot.slack.ports import DeliveryService, Links


class Commands:
    def __init__(self, clips: DeliveryService, links: Links, lookups: Lookups, *, now: Callable[[], datetime]) -> None:
        self._clips = clips
        self._links = links
        self._lookups = lookups
        self._now = now
        self._verbs: dict[str, Callable[[Order], Awaitable[Card]]] = {
            "link": self._link,
            "unlink": self._unlink,
            "status": self._status,
            "list": self._list,
            "send": self._send,
        }

    async def answer(self, order: Order) -> Card:
        """Raises what the relay raises; whatever is no known verb gets help."""
        verb = self._verbs.get(order.verb)
        return await verb(order) if verb else cards.HELP

    async def _link(self, order: Order) -> Card:
        if not order.rest:
            return cards.USAGE
        return cards.offer(await self._links.choices(order.rest, by=order.by.user))

    async def _unlink(self, order: Order) -> Card:
        return cards.unlinked(*await self._links.unlink(order.by.channel, by=order.by.user))

    async def _status(self, order: Order) -> Card:
        link = await self._links.linked(order.by.channel)
        return cards.standing(link, await invitation(order.by.channel, self._lookups) if link else "")

    async def _list(self, order: Order) -> Card:
        return cards.listed(await self._links.all())

    async def _send(self, order: Order) -> Card:
        """The cause is this one command: sent twice, it is two wishes."""
        clip, by = clip_at(order.rest), order.by
        if await self._links.linked(by.channel) is None:
            return cards.not_linked()
        if remark := await invitation(by.channel, self._lookups):
            raise Refused(remark)
        me = await self._lookups.identity()
        post = Post(me.team, by.channel, message_ts="", root_ts="", user=by.user)
        await self._clips.accept(Share(post, (clip,), self._now().timestamp(), trigger=by.trigger))
        return cards.accepted(1)


async def invitation(channel: ChannelId, lookups: Lookups) -> str:
    """What to say where the bot is not in the channel, and so hears and shows nothing; empty where it is."""
    try:
        place = await lookups.place(channel)
    except Refused as no:
        return no.reason
    except RelayError:
        return ""
    return "" if place.is_member else "The bot is not in this channel and hears nothing here: invite it with /invite."
