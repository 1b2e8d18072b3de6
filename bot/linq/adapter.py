"""The Linq adapter as the rest of the bot sees it: one network for the relay, one handler for its webhooks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from bot.linq import schemas
from bot.linq.api.blocking import LinqBlocking
from bot.linq.api.calls import call_api
from bot.linq.api.client import ANSWER_S, open_api
from bot.linq.api.downloads import LinqMediaSource
from bot.linq.api.erasure import LinqErasure
from bot.linq.api.opening import LinqOpening
from bot.linq.api.rooms import LinqRooms
from bot.linq.api.sender import LinqSender
from bot.linq.api.subscription import Subscriber
from bot.linq.api.uploads import LinqMediaStore
from bot.linq.fields import read
from bot.linq.ids import DEFAULT_ACCOUNT, NETWORK, LinqIds
from bot.linq.inbound.history import LinqHistory
from bot.linq.inbound.http_receiver import WebhookReceiver
from bot.linq.inbound.line_history import LineHistory
from bot.linq.inbound.ports import Sinks
from bot.relay.ids import RoomId
from bot.relay.inbound_order import InboundOrder
from bot.relay.ports.networks import AudioConverter, FileConverter, Network, RoomFinder, RoomOpener


@dataclass(frozen=True)
class Line:
    """One of our own numbers. ``reputation``: HEALTHY, AT_RISK or CRITICAL; ``kind``: iMessage or RCS."""

    id: RoomId
    number: str = field(repr=False)
    reputation: str = ""
    kind: str = ""

    @property
    def is_at_risk(self) -> bool:
        return self.reputation not in ("", "HEALTHY")


class LinqAdapter:
    """``session`` carries uploads and downloads; the SDK has connections of its own, which ``close`` ends.

    ``public_url`` is where the outside reaches this bot. Without it ``subscriber`` is None: then somebody else looks
    after the webhook subscription.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str,
        session: aiohttp.ClientSession,
        *,
        now: Callable[[], datetime],
        account: str = DEFAULT_ACCOUNT,
        public_url: str | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._now = now
        self._api = open_api(api_key, base_url, answer_s=answer_s)
        self.ids = LinqIds(account)
        self.sender = LinqSender(self._api, self.ids, now=now)
        self.uploads = LinqMediaStore(self._api, session, self.ids)
        self.downloads = LinqMediaSource(self._api, session, base_url)
        self.history = LineHistory(self._api, self.ids, LinqHistory(self._api, self.ids, now=now))
        self.blocking = LinqBlocking(self._api)
        rooms = LinqRooms(self._api, self.ids, now=now)
        self.rooms: RoomFinder = rooms
        self.opening: RoomOpener = LinqOpening(self._api, self.ids, now=now)
        self.erasure = LinqErasure(self._api, self.ids, rooms)
        self.subscriber = Subscriber(self._api, public_url) if public_url else None

    def network(self, *, audio: AudioConverter | None = None, files: FileConverter | None = None) -> Network:
        """The ports for the relay. The converters make files fit for ``api.limits``."""
        return Network(
            name=NETWORK,
            voice_alone=True,
            single_reaction=True,
            source=self.downloads,
            media=self.uploads,
            audio=audio,
            files=files,
            sender=self.sender,
            status=self.sender,
            history=self.history,
            blocking=self.blocking,
        )

    def webhook_receiver(self, sinks: Sinks, order: InboundOrder, *, secret: str = "") -> WebhookReceiver:
        """Raises ValueError for a secret that cannot be one."""
        return WebhookReceiver(sinks, order, ids=self.ids, now=self._now, secret=secret)

    async def lines(self) -> Sequence[Line]:
        """The account's own numbers. Also the cheapest call that shows whether Linq takes our key."""
        call = self._api.phone_numbers.with_raw_response.list()
        listed = await call_api("phone_numbers.list", call, lambda answer: read(schemas.LinesAnswer, answer.body))
        return [
            Line(self.ids.line(line.phone_number), line.phone_number, line.reputation.status, line.line_type)
            for line in listed.phone_numbers
            if line.phone_number
        ]

    async def ping(self) -> None:
        """Readiness: the error says why not."""
        await self.lines()

    async def close(self) -> None:
        await self._api.close()
