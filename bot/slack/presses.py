"""Buttons and message shortcuts: what is done, and what the one who did it is told."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.relay.errors import Refused
from bot.relay.model import ChannelId, ChatId, DeliveryId
from bot.slack import cards
from bot.slack.blocks import ARRIVED, RESEND
from bot.slack.cards import CANCEL, LINK, Card
from bot.slack.commands import invitation
from bot.slack.fields import Body
from bot.slack.gestures import ANY_SOUND, Press, parse_pointed
from bot.slack.lookups import Lookups
from bot.slack.ports import DeliveryService, Links, UserActions
from bot.slack.resolving import resolve

SEND_SHORTCUT, RESEND_SHORTCUT = "send_as_voice_memo", "resend_voice_memo"


class Presses:
    def __init__(
        self,
        clips: DeliveryService,
        links: Links,
        wishes: UserActions,
        lookups: Lookups,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._clips = clips
        self._links = links
        self._wishes = wishes
        self._lookups = lookups
        self._now = now
        self._buttons: dict[str, Callable[[Press], Awaitable[Card | None]]] = {
            RESEND: self._resend,
            ARRIVED: self._arrived,
            LINK: self._link,
            CANCEL: self._cancel,
        }

    async def pressed(self, press: Press) -> Card | None:
        """None where the notice itself shows what came of it. Raises what the relay raises."""
        button = self._buttons.get(press.action)
        return await button(press) if button else None

    async def send(self, payload: Body) -> Card:
        """The shortcut that sends the sound of any message."""
        me = await self._lookups.identity()
        pointed = parse_pointed(payload, me, self._now().timestamp())
        if await self._links.linked(pointed.by.channel) is None:
            return cards.not_linked()
        await self._be_there(pointed.by.channel)
        share = await resolve(pointed.drop, self._lookups, ANY_SOUND) if pointed.drop else None
        if share is None:
            return cards.HIDDEN if pointed.has_hidden else cards.NO_SOUND
        return cards.accepted(len(await self._clips.accept(share)))

    async def resend(self, payload: Body) -> Card:
        """The shortcut that sends again what failed in a message."""
        pointed = parse_pointed(payload, await self._lookups.identity(), 0.0)
        await self._be_there(pointed.by.channel)
        if not pointed.about_ts:
            return cards.NO_CLIP
        number = await self._wishes.resend_message(pointed.by.channel, pointed.about_ts, by=pointed.by.user)
        return cards.accepted(number)

    async def _be_there(self, channel: ChannelId) -> None:
        """Refused where the bot is not: there nothing could be fetched, nor shown what became of it."""
        if remark := await invitation(channel, self._lookups):
            raise Refused(remark)

    async def _resend(self, press: Press) -> None:
        await self._wishes.resend(DeliveryId(press.value), by=press.by.user)

    async def _arrived(self, press: Press) -> None:
        await self._wishes.arrived(DeliveryId(press.value), by=press.by.user)

    async def _link(self, press: Press) -> Card:
        link = await self._links.link(press.by.channel, ChatId(press.value), by=press.by.user)
        return cards.linked(link, await invitation(press.by.channel, self._lookups))

    async def _cancel(self, press: Press) -> Card:
        return cards.CANCELLED
