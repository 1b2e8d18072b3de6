"""What comes in: Slack's events and Linq's webhooks on one port, or Slack's over a socket of our own."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from pydantic import SecretStr

from bot import server
from bot.app import webhook_watchdog
from bot.app.account import READ_LINES_EVERY_S, AccountEvents
from bot.app.bootstrap import Services, now
from bot.app.connection_gap import ConnectionGap
from bot.app.health import Checks
from bot.app.periodic import PeriodicTasks
from bot.app.shutdown import DRAIN_S, RECEIVERS_S
from bot.app.webhook_watchdog import WebhookWatchdog
from bot.linq.ids import NETWORK as LINQ
from bot.linq.inbound.http_receiver import WebhookReceiver
from bot.linq.inbound.ports import Sinks
from bot.media_route import MediaRoute
from bot.slack.dispatch import Dispatcher
from bot.slack.ids import NETWORK as SLACK
from bot.slack.inbound.http_receiver import Dispatch, HttpReceiver
from bot.slack.inbound.socket_receiver import SocketReceiver

SOCKET_CHECK_EVERY_S = 5.0
SUBSCRIPTION_WAIT_S = 3.0
HOME_EVERY_S = 10.0  # a Home that is open shows a change within so long
NO_EVENTS = (
    "Slack tells of no event: a message was found by reading its channel."
    " Look at Event Subscriptions and Socket Mode in the app's settings."
)


class Receivers:
    """``open`` serves both networks, ``open_health`` only what a worker shows of itself. ``close`` takes nothing new
    and finishes what was taken."""

    def __init__(
        self, services: Services, checks: Checks, metrics: Callable[[], bytes], periodic: PeriodicTasks
    ) -> None:
        self._services = services
        self._settings = services.settings
        self._checks = checks
        self._metrics = metrics
        self._periodic = periodic
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._media_route: MediaRoute | None = None
        self._webhooks: WebhookReceiver | None = None
        self._watchdog: WebhookWatchdog | None = None
        self._socket: SocketReceiver | None = None
        self._slack_suspected_at: float | None = None

    async def open(self) -> int:
        """Gives the port. Raises OSError where it cannot be had."""
        services = self._services
        account = AccountEvents(
            services.database.account,
            services.linq.ids,
            self._settings.linq_api_v3_api_key.get_secret_value(),
            check_webhooks=self._check_subscription,
            list_lines=services.linq.lines,
            now=now,
        )
        self._periodic.start("lines", READ_LINES_EVERY_S, account.read_lines, at_once=True)
        self._checks.warnings["linq account"] = account.health
        self._webhooks = webhooks = services.linq.webhook_receiver(
            Sinks(services.deliveries, services.receipts, services.database.people, account),
            services.inbound_order,
            secret=_shown(self._settings.linq_webhook_secret),
        )
        self._checks.linq.append(webhooks.ping)
        dispatcher = services.slack.dispatcher(
            services.deliveries,
            services.links,
            services.actions,
            services.conversations,
            services.overviews,
            services.openings,
            services.inbound_order,
        )
        self._checks.slack.append(partial(self._slack_silence, dispatcher))
        self._periodic.start("home", HOME_EVERY_S, dispatcher.home.refresh_open)
        secret = _shown(self._settings.slack_signing_secret)
        port = await self._listen(
            slack_events=HttpReceiver(dispatcher.dispatch, secret).events if secret else None,
            linq_webhooks=webhooks.receive,
            clips=self._open_media_route(),
        )
        await self._watch_subscription(webhooks)
        self._connect_socket(dispatcher.dispatch)
        return port

    async def open_health(self) -> int:
        return await self._listen()

    async def close(self) -> None:
        """The receivers first: what they took in the last moment may still have something to say to a person."""
        await asyncio.gather(*(close() for close in self._closers))
        await self._services.slack.drain(DRAIN_S - RECEIVERS_S)
        if self._media_route:
            await self._media_route.close()

    async def suspect(self, network: str) -> None:
        """Something that this network should have told by itself was found by asking."""
        if network == LINQ and self._webhooks:
            self._webhooks.suspect_secret()
            await self._check_subscription()
        if network == SLACK:
            self._slack_suspected_at = time.monotonic()
            if self._socket:
                self._socket.suspect_connection()

    async def _slack_silence(self, dispatcher: Dispatcher) -> str:
        """The next event ends it: our own notices cause some, too."""
        suspected_at = self._slack_suspected_at
        return NO_EVENTS if suspected_at is not None and dispatcher.last_event_at < suspected_at else ""

    async def _listen(self, **handlers: server.Handler | None) -> int:
        app = server.routes(
            checks=self._checks.problems, warnings=self._checks.warnings, metrics=self._metrics, **handlers
        )
        listener = server.Listener(app, stop_within_s=RECEIVERS_S)
        port = await listener.start(self._settings.host, self._settings.port)
        self._closers.append(listener.close)
        return port

    def _open_media_route(self) -> server.Handler | None:
        services = self._services
        if services.temporary_urls is None:
            return None
        self._media_route = MediaRoute(
            services.temporary_urls, services.networks, services.voice, services.spool.path, services.url_tokens.is_ours
        )
        return self._media_route.clip

    def _connect_socket(self, dispatch: Dispatch) -> None:
        token = _shown(self._settings.slack_app_token)
        if not token:
            return
        self._socket = socket = self._services.slack.socket_receiver(dispatch, token)
        socket.start()
        self._closers.append(partial(socket.stop, RECEIVERS_S))
        self._checks.slack.append(socket.ping)

        async def is_up() -> bool:
            return not await socket.ping()

        gap = ConnectionGap(is_up, self._services.backfill.open_gaps, clock=time.monotonic)
        self._periodic.start("socket gap", SOCKET_CHECK_EVERY_S, gap.check)

    async def _watch_subscription(self, webhooks: WebhookReceiver) -> None:
        """Mostly the subscription is there when this returns. While Linq hangs, the start does not wait for it."""
        subscriber = self._services.linq.subscriber
        if subscriber is None:
            return
        self._watchdog = WebhookWatchdog(
            lambda has_secret: subscriber.ensure(has_secret=has_secret),
            webhooks.add_secret,
            has_secret=bool(_shown(self._settings.linq_webhook_secret)),
            clock=time.monotonic,
        )
        self._checks.linq.append(self._watchdog.health)
        first = self._periodic.start("subscription", webhook_watchdog.EVERY_S, self._watchdog.check, at_once=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(SUBSCRIPTION_WAIT_S):
                await first.wait()

    async def _check_subscription(self) -> None:
        if self._watchdog:
            await self._watchdog.suspect()


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
