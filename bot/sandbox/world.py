"""The whole toy world: a Slack and a Linq on ports of 127.0.0.1, one wire log for both."""

from types import TracebackType

from bot.sandbox.linq import LinqSide
from bot.sandbox.pace import Pace
from bot.sandbox.slack import SlackSide
from bot.sandbox.wire import Wire


class Sandbox:
    """``async with Sandbox() as sandbox``: both sides listen (port 0: any free one) until the block ends."""

    def __init__(
        self, *, slack_port: int = 0, linq_port: int = 0, pace: Pace | None = None, socket_mode: bool = False
    ) -> None:
        self.wire, self.pace, self.socket_mode = Wire(), pace or Pace(), socket_mode
        self.slack = SlackSide(self.wire, self.pace)
        self.linq = LinqSide(self.wire, self.pace)
        self._ports = (slack_port, linq_port)

    async def __aenter__(self) -> "Sandbox":
        """Raises OSError when a port is taken."""
        slack_port, linq_port = self._ports
        try:
            await self.slack.start(slack_port)
            await self.linq.start(linq_port)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        await self.slack.stop()
        await self.linq.stop()

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
