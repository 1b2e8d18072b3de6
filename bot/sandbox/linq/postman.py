"""Carries webhooks to their subscribers: signed, at least once, again after a stumble, given up in the end."""

import asyncio
import json
import random
import time
from collections.abc import Iterable

import aiohttp

from ..pace import Pace
from ..wire import Wire
from .account import Account
from .errands import Errands
from .events import Event, version_of
from .model import Subscription
from .signing import legacy, standard
from .switches import Switches

RETRY_DELAYS_S = (2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Linq's waits between ten attempts, give or take a fifth."""


class Postman:
    """``post`` returns at once; every subscriber gets its own errand, so a slow one holds up nobody else."""

    def __init__(
        self,
        account: Account,
        switches: Switches,
        wire: Wire,
        pace: Pace,
        errands: Errands,
        chance: random.Random,
    ) -> None:
        self._account = account
        self._switches = switches
        self._wire = wire
        self._pace = pace
        self._errands = errands
        self._chance = chance
        self._session: aiohttp.ClientSession | None = None
        self.withheld: list[Event] = []

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    def post(self, event: Event, *, to_all: bool = False) -> list[asyncio.Task[None]]:
        """Send the event to everybody who asked for it; the tasks end when it was taken or given up.

        ``to_all`` does not ask which events a subscriber wants.
        """
        if self._switches.webhooks_withheld:
            self.withheld.append(event)
            return []
        return [
            self._errands.run(self._deliver(event, subscription))
            for subscription in self._subscribers(event, to_all)
            for _ in range(self._switches.webhook_copies)
        ]

    def release(self) -> None:
        """Send what was withheld, in order."""
        waiting, self.withheld = self.withheld, []
        for event in waiting:
            self.post(event)

    def _subscribers(self, event: Event, to_all: bool) -> Iterable[Subscription]:
        for subscription in self._account.subscriptions.values():
            wanted = to_all or event.type in subscription.events
            if subscription.is_active and wanted and event.line in (subscription.phone_numbers or [event.line]):
                yield subscription

    async def _deliver(self, event: Event, to: Subscription) -> None:
        if self._switches.webhook_delay_s:
            await asyncio.sleep(self._switches.webhook_delay_s)
        body = json.dumps(event.envelope(self._account.partner_id, version_of(to.target_url))).encode()
        for attempt, delay in enumerate((*RETRY_DELAYS_S, None), start=1):
            if not to.is_active or not await self._stumbles(event, to, body, attempt) or delay is None:
                return
            await self._pace.pause(delay * self._chance.uniform(0.8, 1.2))

    async def _stumbles(self, event: Event, to: Subscription, body: bytes, attempt: int) -> bool:
        """One attempt. True: worth another one. Only 5xx, 429, refused connections and silence are."""
        status, trouble, again = None, {}, False
        try:
            status = await self._knock(event, to, body)
            again = status == 429 or status >= 500
        except aiohttp.ClientConnectorDNSError:
            trouble = {"trouble": "no such host"}
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            trouble, again = {"trouble": type(error).__name__}, True
        facts = {"event_id": event.id, "subscription_id": to.id, "trace_id": event.trace_id, "attempt": attempt}
        self._wire.write("linq", "to_bot", f"webhook {event.type}", status, **facts, **_about(event), **trouble)
        return again

    async def _knock(self, event: Event, to: Subscription, body: bytes) -> int:
        assert self._session is not None
        now = int(time.time())
        headers = {
            "Content-Type": "application/json",
            **standard(to.secret, event.id, now, body),
            **legacy(to.secret, event.type, to.id, now, body),
        }
        patience = aiohttp.ClientTimeout(total=self._switches.webhook_timeout_s)
        async with self._session.post(
            to.target_url, data=body, headers=headers, timeout=patience, allow_redirects=False
        ) as answer:
            await answer.read()
            return answer.status


def _about(event: Event) -> dict[str, str]:
    """Which message and chat the wire log files this under."""
    data = event.data
    chat = data.get("chat") or {}
    named = {"message_id": data.get("message_id") or data.get("id"), "chat_id": data.get("chat_id") or chat.get("id")}
    return {name: value for name, value in named.items() if value}
