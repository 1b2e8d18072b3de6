"""Carries webhooks to their subscribers: signed, at least once, again after a stumble, given up in the end."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Subscription
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.events import Event, version_of
from bot.sandbox.linq.webhooks.signing import legacy, standard
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

RETRY_DELAYS_S = (2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Linq's waits between ten attempts, give or take a fifth."""


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
        pace: TimeScale,
        background: BackgroundTasks,
        chance: random.Random,
    ) -> None:
        self._account = account
        self._switches = switches
        self._wire = wire
        self._pace = pace
        self._background = background
        self._chance = chance
        self._session: aiohttp.ClientSession | None = None
        self.withheld: list[Event] = []

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    def post(self, event: Event) -> None:
        """Carry the event without waiting."""
        self._background.start(self.carry(event))

    async def carry(self, event: Event) -> None:
        """Knock once at everybody who asked for such events; who stumbles is tried again in the background."""
        if self._switches.webhooks_withheld:
            self.withheld.append(event)
            return
        letters = [self._letter(event, to) for to in self._subscribers(event)]
        await asyncio.gather(*(self._deliver(each) for each in letters * self._switches.webhook_copies))

    def release(self) -> None:
        """Send what was withheld, in order."""
        waiting, self.withheld = self.withheld, []
        self._background.start(self._carry_all(waiting))

    async def _carry_all(self, events: list[Event]) -> None:
        for event in events:
            await self.carry(event)

    def _subscribers(self, event: Event) -> Iterator[Subscription]:
        for subscription in self._account.subscriptions.values():
            wanted = event.for_all or event.type in subscription.events
            if subscription.is_active and wanted and event.line in (subscription.phone_numbers or [event.line]):
                yield subscription

    def _letter(self, event: Event, to: Subscription) -> PendingWebhook:
        envelope = event.envelope(self._account.partner_id, version_of(to.target_url))
        return PendingWebhook(event, to, json.dumps(envelope).encode())

    async def _deliver(self, letter: PendingWebhook) -> None:
        if self._switches.webhook_delay_s:
            self._background.start(self._persist(letter, self._switches.webhook_delay_s))
        elif await self._stumbles(letter, 1):
            self._background.start(self._retry(letter))

    async def _persist(self, letter: PendingWebhook, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        if await self._stumbles(letter, 1):
            await self._retry(letter)

    async def _retry(self, letter: PendingWebhook) -> None:
        for attempt, delay in enumerate(RETRY_DELAYS_S, start=2):
            await self._pace.pause(delay * self._chance.uniform(0.8, 1.2))
            if not letter.to.is_active or not await self._stumbles(letter, attempt):
                return

    async def _stumbles(self, letter: PendingWebhook, attempt: int) -> bool:
        """One attempt. True: worth another one. Only 5xx, 429, refused connections and silence are."""
        status, trouble, again = None, {}, False
        try:
            status = await self._knock(letter)
            again = status == 429 or status >= 500
        except aiohttp.ClientConnectorDNSError:
            trouble = {"trouble": "no such host"}
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            trouble, again = {"trouble": type(error).__name__}, True
        self._note(letter, attempt, status, trouble)
        return again

    def _note(self, letter: PendingWebhook, attempt: int, status: int | None, trouble: dict[str, str]) -> None:
        event = letter.event
        named = {"event_id": event.id, "subscription_id": letter.to.id, "trace_id": event.trace_id}
        facts = {**named, **event.about(), **trouble}
        self._wire.write("linq", "to_bot", f"webhook {event.type}", status, attempt=attempt, **facts)

    async def _knock(self, letter: PendingWebhook) -> int:
        assert self._session is not None
        now, event, to = int(time.time()), letter.event, letter.to
        headers = {
            "Content-Type": "application/json",
            **standard(to.secret, event.id, now, letter.body),
            **legacy(to.secret, event.type, to.id, now, letter.body),
        }
        patience = aiohttp.ClientTimeout(total=self._switches.webhook_timeout_s)
        async with self._session.post(
            to.target_url, data=letter.body, headers=headers, timeout=patience, allow_redirects=False
        ) as answer:
            await answer.read()
            return answer.status
