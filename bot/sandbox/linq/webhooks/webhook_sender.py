"""Sends webhooks to their subscribers: signed, at least once, retried, dropped in the end."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import aiohttp

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Subscription
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.envelope import Event, version_of
from bot.sandbox.linq.webhooks.signing import legacy_headers, standard_headers
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

RETRY_DELAYS_S = (2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Linq's waits between its ten attempts, give or take a fifth."""
WITHHELD_FOR_S = 30 * 60
"""How long Linq keeps an event that it could not deliver."""


@dataclass(frozen=True)
class PendingWebhook:
    """An event on its way to one subscriber; every attempt carries the same bytes under a fresh signature."""

    event: Event
    to: Subscription
    body: bytes


class WebhookSender:
    """Subscribers do not wait for each other, and nobody waits for retries."""

    def __init__(
        self,
        account: Account,
        switches: Switches,
        wire: Wire,
        time_scale: TimeScale,
        background: BackgroundTasks,
        chance: random.Random,
    ) -> None:
        self._account, self._switches, self._wire = account, switches, wire
        self._time_scale, self._background, self._chance = time_scale, background, chance
        self._session: aiohttp.ClientSession | None = None
        self._withheld: list[tuple[float, Event]] = []

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    def send_soon(self, *events: Event) -> None:
        """Send the events one after the other, without waiting for that; whether and to whom is decided now."""
        prepared = [self._prepare(event) for event in events]
        self._background.start(self._deliver_all(prepared))

    async def send_all(self, events: list[Event]) -> None:
        for event in events:
            await self.send(event)

    async def send(self, event: Event) -> None:
        """Try once at everybody who subscribed to such events; retries follow in the background."""
        await self._deliver_all([self._prepare(event)])

    async def _deliver_all(self, prepared: list[list[PendingWebhook]]) -> None:
        for of_event in prepared:
            await asyncio.gather(*(self._deliver(each) for each in of_event))

    def _prepare(self, event: Event) -> list[PendingWebhook]:
        """Make what is to be sent now: nothing of an event that is lost or withheld."""
        if self._switches.lose_webhooks > 0:
            self._switches.lose_webhooks -= 1
            self._wire.write("linq", "to_bot", f"webhook {event.type}", None, lost=True, **event.about())
            return []
        if self._switches.webhooks_withheld:
            self._withheld.append((time.monotonic(), event))
            return []
        return [self._pending(event, to) for to in self._subscribers(event)] * self._switches.webhook_copies

    def release(self, order: Literal["as_withheld", "reversed", "shuffled"] = "as_withheld") -> None:
        """Send what was withheld; what is older than half an hour of sandbox time is dropped."""
        withheld, self._withheld = self._withheld, []
        oldest = time.monotonic() - WITHHELD_FOR_S * self._time_scale.scale
        events = [event for at, event in withheld if at >= oldest]
        if order == "reversed":
            events.reverse()
        elif order == "shuffled":
            self._chance.shuffle(events)
        self.send_soon(*events)

    def _subscribers(self, event: Event) -> Iterator[Subscription]:
        for subscription in self._account.subscriptions.values():
            wanted = event.for_all or event.type in subscription.events
            for_line = not event.line or event.line in (subscription.phone_numbers or [event.line])
            exists = event.exists_in(version_of(subscription.target_url))
            if subscription.is_active and wanted and for_line and exists:
                yield subscription

    def _pending(self, event: Event, to: Subscription) -> PendingWebhook:
        envelope = event.envelope(self._account.partner_id, version_of(to.target_url))
        return PendingWebhook(event, to, json.dumps(envelope).encode())

    async def _deliver(self, pending: PendingWebhook) -> None:
        if self._switches.webhook_delay_s:
            self._background.start(self._deliver_later(pending, self._switches.webhook_delay_s))
        elif await self._attempt(pending, 1):
            self._background.start(self._retry(pending))

    async def _deliver_later(self, pending: PendingWebhook, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        if await self._attempt(pending, 1):
            await self._retry(pending)

    async def _retry(self, pending: PendingWebhook) -> None:
        for attempt, delay in enumerate(RETRY_DELAYS_S, start=2):
            await self._time_scale.sleep(delay * self._chance.uniform(0.8, 1.2))
            if not pending.to.is_active or not await self._attempt(pending, attempt):
                return

    async def _attempt(self, pending: PendingWebhook, attempt: int) -> bool:
        """Attempt once. True: to be retried, which only 5xx, 429, refused connections and timeouts are."""
        status, trouble, again = None, {}, False
        try:
            status = await self._post(pending)
            again = status == 429 or status >= 500
        except aiohttp.ClientConnectorDNSError:
            trouble = {"trouble": "no such host"}
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            trouble, again = {"trouble": type(error).__name__}, True
        self._log(pending, attempt, status, trouble)
        return again

    def _log(self, pending: PendingWebhook, attempt: int, status: int | None, trouble: dict[str, str]) -> None:
        event = pending.event
        named = {"event_id": event.id, "subscription_id": pending.to.id, "trace_id": event.trace_id}
        facts = {**named, **event.about(), **trouble}
        self._wire.write("linq", "to_bot", f"webhook {event.type}", status, attempt=attempt, **facts)

    async def _post(self, pending: PendingWebhook) -> int:
        assert self._session is not None
        now, event, to = int(time.time()), pending.event, pending.to
        headers = {
            "Content-Type": "application/json",
            **standard_headers(to.secret, event.id, now, pending.body),
            **legacy_headers(to.secret, event.type, to.id, now, pending.body),
        }
        timeout = aiohttp.ClientTimeout(total=self._switches.webhook_timeout_s)
        async with self._session.post(
            to.target_url, data=pending.body, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            await answer.read()
            return answer.status
