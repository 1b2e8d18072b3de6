"""Events on their way to the bot: who gets to hear them, how often they are tried, and when Slack gives up."""

import asyncio
import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.slack.events.envelopes import BotAnswer, Envelope, Transport
from bot.sandbox.slack.state.serializers import envelope
from bot.sandbox.slack.state.workspace import APP, BOT, TEAM, Body, Channel, Workspace
from bot.sandbox.slack.switches import Switches
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

RETRY_AFTER_S = (0, 60, 300)
TWIN_GAP_S = 0.5
_SCOPE = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "app_mention": "app_mentions:read",
    "file_created": "files:read",
    "file_shared": "files:read",
    "file_public": "files:read",
    "file_change": "files:read",
    "file_deleted": "files:read",
    "file_unshared": "files:read",
    "member_joined_channel": "channels:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
}


@dataclass(frozen=True, slots=True)
class WorkspaceEvent:
    """An inner event, the subscription it belongs to, and the channel whose members may hear it."""

    subscription: str
    event: Body
    channel: Channel | None = None


@dataclass
class EventDelivery:
    """One event on its way: every answer so far, and the last one once it was accepted or given up."""

    event_id: str
    what: str
    answers: list[BotAnswer] = field(default_factory=list)
    _end: asyncio.Future[BotAnswer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def ended(self, timeout: float = 30.0) -> BotAnswer:
        """The answer that accepted it, or the last refusal. Raises TimeoutError."""
        return await asyncio.wait_for(asyncio.shield(self._end), timeout)

    def end(self) -> None:
        if self._end.done():
            return
        if self.answers:
            self._end.set_result(self.answers[-1])
        else:
            self._end.cancel()


class EventDispatcher:
    """``token`` is the verification token old apps compare; ``chance`` decides the order when events are shuffled."""

    def __init__(
        self,
        workspace: Workspace,
        switches: Switches,
        carrier: Transport,
        wire: Wire,
        pace: TimeScale,
        token: str,
        chance: random.Random,
    ) -> None:
        self.disabled = False
        self.background = BackgroundTasks()
        self._workspace, self._switches, self._carrier = workspace, switches, carrier
        self._wire, self._pace, self._token = wire, pace, token
        self._chance = chance
        self._tried: deque[tuple[float, bool]] = deque()
        self._reached = 0
        self._hour = (0, 0)
        self._warned_minute = 0

    def emit(self, happenings: Iterable[WorkspaceEvent]) -> list[EventDelivery | None]:
        """Send what one gesture caused; ``None`` stands for an event the app does not hear."""
        heard = [self._prepared(h) if self._hears(h) else None for h in happenings]
        going = [pair for pair in heard if pair]
        if self._switches.shuffle_events:
            self._chance.shuffle(going)
        if len(going) == 1:
            self._start(*going[0])
        elif going:
            self.background.start(self._start_in_turn(going))
        return [pair and pair[0] for pair in heard]

    async def _start_in_turn(self, going: list[tuple[EventDelivery, Envelope]]) -> None:
        """One after the other, so that the order seen in the wild is the order of arrival."""
        for delivery, parcel in going:
            await asyncio.wait(self._start(delivery, parcel), timeout=TWIN_GAP_S)

    def _start(self, delivery: EventDelivery, parcel: Envelope) -> list[asyncio.Task[None]]:
        copies = range(1 + self._switches.duplicate_events)
        return [self.background.start(self._deliver(delivery, parcel)) for _ in copies]

    def send(self, payload: Body, what: str) -> EventDelivery:
        """Send an outer payload that is no event_callback."""
        delivery = EventDelivery("", what)
        self.background.start(self._deliver(delivery, Envelope("events_api", payload)))
        return delivery

    def _hears(self, happening: WorkspaceEvent) -> bool:
        name, switches = happening.subscription, self._switches
        if self.disabled or name not in switches.subscribed:
            return False
        if (scope := _SCOPE.get(name)) and scope not in switches.scopes:
            return False
        if happening.channel and BOT not in happening.channel.members:
            return False
        return self._reachable(happening) and self._under_hourly_limit()

    def _reachable(self, happening: WorkspaceEvent) -> bool:
        losing = self._switches.lose_events > 0
        if not losing and not self._switches.deaf:
            return True
        self._switches.lose_events -= losing
        self._wire.write("slack", "to_bot", f"event {happening.event['type']}", None, lost=True)
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

    def _prepared(self, happening: WorkspaceEvent) -> tuple[EventDelivery, Envelope]:
        event_id = self._workspace.new_id("Ev")
        shared = bool(happening.channel and happening.channel.is_ext_shared)
        payload = envelope(happening.event, event_id, int(self._workspace.now()), self._token, shared)
        return EventDelivery(event_id, f"event {happening.event['type']}"), Envelope("events_api", payload)

    async def _deliver(self, delivery: EventDelivery, parcel: Envelope) -> None:
        try:
            for wait_s in (*RETRY_AFTER_S, None):
                answer = await self._carrier.carry(parcel)
                self._note(delivery, parcel, answer)
                if answer.accepted or answer.no_retry or wait_s is None or self.disabled:
                    break
                await self._pace.pause(wait_s)
                parcel = parcel.again(answer.reason)
        finally:
            delivery.end()

    def _note(self, delivery: EventDelivery, parcel: Envelope, answer: BotAnswer) -> None:
        delivery.answers.append(answer)
        event = parcel.payload.get("event", {})
        facts = {name: event[name] for name in ("subtype", "channel", "ts") if name in event}
        facts |= {"event_id": delivery.event_id, "attempt": parcel.attempt, "seconds": round(answer.seconds, 4)}
        if answer.reason:
            facts["reason"] = answer.reason
        self._wire.write("slack", "to_bot", delivery.what, answer.status, **facts)
        self._count(answer.accepted)

    def _count(self, accepted: bool) -> None:
        now = self._workspace.now()
        self._tried.append((now, accepted))
        self._reached += accepted
        while self._tried[0][0] < now - 3600:
            self._reached -= self._tried.popleft()[1]
        limit = self._switches.disable_after
        if limit and len(self._tried) >= limit and self._reached < len(self._tried) / 20:
            self.disabled = True
            self._wire.write("slack", "to_bot", "events disabled", None, tried=len(self._tried))

    def enable(self) -> None:
        """Subscriptions start again with a clean record, as when the app's owner turns them back on."""
        self.disabled = False
        self._tried.clear()
        self._reached = 0
