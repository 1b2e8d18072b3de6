"""The whole sandbox: a Slack and a Linq on ports of 127.0.0.1, one wire log for both, and a port to control them."""

from contextlib import AsyncExitStack
from types import TracebackType

from aiohttp import web

from bot.sandbox.control.application import control_application
from bot.sandbox.control.linq_routes import LinqRoutes
from bot.sandbox.control.slack_routes import SlackRoutes
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.local_server import LocalServer
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire


class Sandbox:
    """``async with Sandbox() as sandbox``: everything listens (port 0: any free one) until the block ends.

    ``socket_mode``: the bot connects to Slack.
    """

    def __init__(
        self,
        *,
        slack_port: int = 0,
        linq_port: int = 0,
        time_scale: TimeScale | None = None,
        socket_mode: bool = False,
    ) -> None:
        self.wire, self.time_scale, self.socket_mode = Wire(), time_scale or TimeScale(), socket_mode
        self.slack = SlackServer(self.wire, self.time_scale)
        self.linq = LinqServer(self.wire, self.time_scale)
        self.control_url = ""
        self._ports = (slack_port, linq_port)
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
        slack_port, linq_port = self._ports
        self._running.push_async_callback(self.slack.stop)
        await self.slack.start(slack_port)
        self._running.push_async_callback(self.linq.stop)
        await self.linq.start(linq_port)

    def control_application(self) -> web.Application:
        """Make the control port's application, for the page to be added to."""
        routes = [*SlackRoutes(self.slack).routes(), *LinqRoutes(self.linq).routes()]
        return control_application(self.wire, self.environment(), routes)

    async def open_control(self, port: int = 0, application: web.Application | None = None) -> None:
        """Open the control port. Raises OSError when it is taken."""
        server = LocalServer(application or self.control_application())
        self._running.push_async_callback(server.stop)
        await server.start(port)
        self.control_url = server.origin

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    def meet(self, bot_url: str) -> None:
        """Tell both sides where the bot listens: an origin; the paths are the bot's usual ones."""
        origin = bot_url.rstrip("/")
        self.slack.connect("" if self.socket_mode else f"{origin}/slack/events")
        self.linq.subscribe(f"{origin}/linq/webhooks?version=2026-02-03")

    def environment(self) -> dict[str, str]:
        """Return the variables a bot needs to live here."""
        variables = {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "LINQ_API_V3_API_KEY": self.linq.api_key,
            "LINQ_API_V3_BASE_URL": self.linq.base_url,
            "LINQ_WEBHOOK_SECRET": self.linq.webhook_secret,
        }
        return variables | {"SLACK_APP_TOKEN": self.slack.app_token} if self.socket_mode else variables
