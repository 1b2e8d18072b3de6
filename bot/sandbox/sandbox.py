"""The whole toy world: a Slack and a Linq on ports of 127.0.0.1, one wire log for both, and a port to steer it."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from types import TracebackType

from aiohttp import web

from bot.sandbox.control.application import control_application
from bot.sandbox.linq import LinqServer
from bot.sandbox.local_server import LocalServer
from bot.sandbox.page import Director, Page
from bot.sandbox.slack import SlackServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire


class Sandbox:
    """``async with Sandbox() as sandbox``: everything listens (port 0: any free one) until the block ends.

    ``control_port`` None: no control port; ``pages``: more routes for it. ``socket_mode``: the bot connects to Slack.
    """

    def __init__(
        self,
        *,
        slack_port: int = 0,
        linq_port: int = 0,
        control_port: int | None = None,
        pace: TimeScale | None = None,
        socket_mode: bool = False,
        pages: Iterable[web.RouteDef] = (),
    ) -> None:
        self.wire, self.pace, self.socket_mode = Wire(), pace or TimeScale(), socket_mode
        self.slack = SlackServer(self.wire, self.pace)
        self.linq = LinqServer(self.wire, self.pace)
        self.control_url = ""
        self._ports, self._pages = (slack_port, linq_port, control_port), list(pages)
        self._running = AsyncExitStack()

    async def __aenter__(self) -> "Sandbox":
        """Raises OSError when a port is taken; nothing is left running then."""
        try:
            await self._start()
        except BaseException:
            await self._running.aclose()
            raise
        return self

    async def _start(self) -> None:
        slack_port, linq_port, control_port = self._ports
        self._running.push_async_callback(self.slack.stop)
        await self.slack.start(slack_port)
        self._running.push_async_callback(self.linq.stop)
        await self.linq.start(linq_port)
        if control_port is not None:
            await self.open_control(control_port)

    async def open_control(self, port: int = 0, director: Director | None = None) -> None:
        """Open the control port and the page on it; ``director`` runs the bot behind it. Raises OSError when taken."""
        routes = [*self.slack.control_routes(), *self.linq.control_routes(), *self._pages]
        application = control_application(self.wire, self.environment(), routes)
        Page(self, director).mount(application)
        door = LocalServer(application)
        self._running.push_async_callback(door.stop)
        await door.start(port)
        self.control_url = door.origin

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    def meet(self, bot_url: str) -> None:
        """Tell both sides where the bot listens: an origin, the paths are the bot's usual ones."""
        origin = bot_url.rstrip("/")
        self.slack.connect("" if self.socket_mode else f"{origin}/slack/events")
        self.linq.subscribe(f"{origin}/linq/webhooks?version=2026-02-03")

    def environment(self) -> dict[str, str]:
        """The variables a bot needs to live in this world."""
        variables = {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "LINQ_API_V3_API_KEY": self.linq.api_key,
            "LINQ_API_V3_BASE_URL": self.linq.base_url,
            "LINQ_WEBHOOK_SECRET": self.linq.webhook_secret,
        }
        return variables | {"SLACK_APP_TOKEN": self.slack.app_token} if self.socket_mode else variables
