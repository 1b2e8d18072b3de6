"""The SDK's Socket Mode client, made to tell what is wrong with its connection."""

import json
import logging
from urllib.request import proxy_bypass

from aiohttp import WSMessage
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.relay.errors import RelayError
from bot.slack.fields import text
from bot.slack.web import Web, quiet

log = logging.getLogger("memobridge.slack")


class Line(SocketModeClient):
    """Asks for its address through our own Web API client, and remembers why it got none. ``ping_s``: between pings."""

    def __init__(self, web: Web, ping_s: float) -> None:
        super().__init__(app_token="", web_client=AsyncWebClient(), logger=quiet, ping_interval=ping_s)
        self.trouble = ""
        self.is_disabled = False
        self._web = web
        self.on_message_listeners.append(self._hear)

    async def open(self) -> None:
        """Connect; tried again and again until it works or the client is closed."""
        await self.connect()  # type: ignore[no-untyped-call]  # the SDK's own is not annotated

    async def shut(self) -> None:
        await self.close()  # type: ignore[no-untyped-call]  # the SDK's own is not annotated

    async def issue_new_wss_url(self) -> str:
        try:
            answer = await self._web.put("apps.connections.open", {})
        except RelayError as error:
            self.trouble = error.reason
            log.warning("no socket", extra={"why": error.reason, "code": error.code})
            raise
        url = text(answer.body, "url")
        if proxy_bypass(URL(url).host or ""):
            self.proxy = None  # the SDK takes proxies from the environment, but knows no NO_PROXY
        return url

    async def _hear(self, message: WSMessage) -> None:
        """Frames that are about the connection itself."""
        try:
            frame = json.loads(message.data)
        except ValueError:
            return
        if not isinstance(frame, dict) or frame.get("type") not in ("hello", "disconnect"):
            return
        log.info("socket " + frame["type"], extra={"reason": text(frame, "reason")})
        if frame["type"] == "hello":
            self.trouble = ""
        self.is_disabled = self.is_disabled or text(frame, "reason") == "link_disabled"
