"""Events on their way to the bot: whether it is told of them, how often they are tried, and when Slack gives up."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.json_types import Json
from bot.sandbox.slack.bot_answers import BotAnswer, EventDelivery
from bot.sandbox.slack.events.envelopes import Envelope, Transport
from bot.sandbox.slack.fixtures import APP, BOT, TEAM
from bot.sandbox.slack.state.models import Channel
from bot.sandbox.slack.state.serializers import event_callback
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Switches
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

RETRY_AFTER_S = (0, 60, 300)
TWIN_GAP_S = 0.5
_SCOPE = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "file_created": "files:read",
    "file_shared": "files:read",
    "file_public": "files:read",
    "file_change": "files:read",
    "file_deleted": "files:read",
    "file_unshared": "files:read",
    "member_joined_channel": "channels:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_unarchive": "groups:read",
    "channel_deleted": "channels:read",
    "channel_left": "channels:read",
    "group_left": "groups:read",
}


@dataclass(frozen=True, slots=True)
class WorkspaceEvent:
    """An inner event, the subscription it belongs to, and the channel whose members may be told of it."""

    subscription: str
    event: Json
    channel: Channel | None = None


Pending = tuple[EventDelivery, Envelope]


class EventDispatcher:
    """``token`` is the verification token old apps compare; ``chance`` decides the order of shuffled events."""

    def __init__(
        self,
        workspace: Workspace,
        switches: Switches,
        transport: Transport,
        wire: Wire,
        time_scale: TimeScale,
        token: str,
        chance: random.Random,
    ) -> None:
        self.disabled = False
        self.background = BackgroundTasks()
        self._workspace, self._switches, self._transport = workspace, switches, transport
        self._wire, self._time_scale, self._token, self._chance = wire, time_scale, token, chance
        self._withheld: list[Pending] = []
        self._tried: deque[tuple[float, bool]] = deque()
        self._accepted = 0
        self._hour = (0, 0)
        self._warned_minute = 0

    def dispatch(self, events: Iterable[WorkspaceEvent]) -> list[EventDelivery | None]:
        """Send what one act caused; None stands for an event the app is not told of."""
        prepared = [self._prepare(event) if self._is_told(event) else None for event in events]
        pending = [pair for pair in prepared if pair]
        if self._switches.shuffle_events:
            self._chance.shuffle(pending)
        if self._switches.events_withheld:
            self._withheld += pending
        elif len(pending) == 1:
            self._start(*pending[0])
        elif pending:
            self.background.start(self._start_in_order(pending))
        return [pair and pair[0] for pair in prepared]

    def release(self, order: Literal["as_withheld", "reversed", "shuffled"] = "as_withheld") -> None:
        """Send what ``events_withheld`` kept back."""
        pending, self._withheld = self._withheld, []
        if order == "reversed":
            pending.reverse()
        elif order == "shuffled":
            self._chance.shuffle(pending)
        self.background.start(self._start_in_order(pending))

    async def _start_in_order(self, pending: list[Pending]) -> None:
        """Start one after the other, so that the order seen in the wild is the order of arrival."""
        for delivery, envelope in pending:
            await asyncio.wait(self._start(delivery, envelope), timeout=TWIN_GAP_S)

    def _start(self, delivery: EventDelivery, envelope: Envelope) -> list[asyncio.Task[None]]:
        copies = range(1 + self._switches.duplicate_events)
        return [self.background.start(self._deliver(delivery, envelope)) for _ in copies]

    def send(self, payload: Json, what: str) -> EventDelivery:
        """Send an outer payload that is no event_callback."""
        delivery = EventDelivery("", what)
        self.background.start(self._deliver(delivery, Envelope("events_api", payload)))
        return delivery

    def _is_told(self, event: WorkspaceEvent) -> bool:
        name, switches = event.subscription, self._switches
        if self.disabled or name not in switches.subscribed:
            return False
        if (scope := _SCOPE.get(name)) and scope not in switches.scopes:
            return False
        if event.channel and BOT not in event.channel.members:
            return False
        return self._is_reachable(event) and self._under_hourly_limit()

    def _is_reachable(self, event: WorkspaceEvent) -> bool:
        losing = self._switches.lose_events > 0
        if not losing and not self._switches.deaf:
            return True
        if losing:
            self._switches.lose_events -= 1
        self._wire.write("slack", "to_bot", f"event {event.event['type']}", None, lost=True)
        return False

    def _under_hourly_limit(self) -> bool:
        now = int(self._workspace.now())
        hour, sent = self._hour
        self._hour = (now // 3600, sent + 1 if hour == now // 3600 else 1)
        if self._hour[1] <= self._switches.events_per_hour:
            return True
        if self._warned_minute != now // 60:
            self._warned_minute = now // 60
            self.send_rate_limited()
        return False

    def send_rate_limited(self) -> EventDelivery:
        minute = int(self._workspace.now()) // 60 * 60
        payload = {"token": self._token, "type": "app_rate_limited", "team_id": TEAM}
        return self.send(payload | {"minute_rate_limited": minute, "api_app_id": APP}, "app_rate_limited")

    def _prepare(self, event: WorkspaceEvent) -> Pending:
        event_id = self._workspace.new_id("Ev")
        shared = bool(event.channel and event.channel.is_ext_shared)
        payload = event_callback(event.event, event_id, int(self._workspace.now()), self._token, shared)
        return EventDelivery(event_id, f"event {event.event['type']}"), Envelope("events_api", payload)

    async def _deliver(self, delivery: EventDelivery, envelope: Envelope) -> None:
        try:
            if self._switches.event_delay_s:
                await asyncio.sleep(self._switches.event_delay_s)
            for wait_s in (*RETRY_AFTER_S, None):
                answer = await self._transport.send(envelope)
                self._record(delivery, envelope, answer)
                if answer.accepted or answer.no_retry or wait_s is None or self.disabled:
                    break
                await self._time_scale.sleep(wait_s)
                envelope = envelope.retry(answer.reason)
        finally:
            delivery.end()

    def _record(self, delivery: EventDelivery, envelope: Envelope, answer: BotAnswer) -> None:
        delivery.answers.append(answer)
        facts = _about(envelope.payload.get("event", {}))
        facts |= {"event_id": delivery.event_id, "attempt": envelope.attempt, "seconds": round(answer.seconds, 4)}
        if answer.reason:
            facts["reason"] = answer.reason
        self._wire.write("slack", "to_bot", delivery.what, answer.status, **facts)
        self._count(answer.accepted)

    def _count(self, accepted: bool) -> None:
        now = time.monotonic()
        self._tried.append((now, accepted))
        self._accepted += accepted
        while self._tried[0][0] < now - 3600:
            self._accepted -= self._tried.popleft()[1]
        limit = self._switches.disable_after
        if limit and len(self._tried) >= limit and self._accepted < len(self._tried) / 20:
            self.disabled = True
            self._wire.write("slack", "to_bot", "events disabled", None, tried=len(self._tried))

    def enable(self) -> None:
        """Start again with a clean record, as when the app's owner turns subscriptions back on."""
        self.disabled = False
        self._tried.clear()
        self._accepted = 0


def _about(event: Json) -> Json:
    """Return which message an event is about: the one that was written, changed, deleted or reacted to."""
    item, changed = event.get("item") or {}, event.get("message") or {}
    ts = changed.get("ts") or event.get("deleted_ts") or item.get("ts") or event.get("ts")
    named = {"subtype": event.get("subtype"), "channel": item.get("channel") or event.get("channel"), "ts": ts}
    named |= {"user": event.get("user") if item else None}
    return {name: value for name, value in named.items() if isinstance(value, str)}
