"""The SDK's Socket Mode client, made to tell what is wrong with its connection."""

import json
import logging
from urllib.request import proxy_bypass

from aiohttp import WSMessage
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.relay.errors import RelayError
from bot.slack.api.web_api import SlackApi, silent_logger
from bot.slack.fields import text

log = logging.getLogger("memobridge.slack")


class SocketClient(SocketModeClient):
    """Gets its address through our own Web API client, and remembers why it got none. ``ping_s``: between pings."""

    def __init__(self, api: SlackApi, ping_s: float) -> None:
        super().__init__(app_token="", web_client=AsyncWebClient(), logger=silent_logger, ping_interval=ping_s)
        self.trouble = ""
        self.is_disabled = False
        self._api = api
        self.on_message_listeners.append(self._note_frame)

    async def open(self) -> None:
        """Connect; tried again and again until it works or the client is closed."""
        await self.connect()  # type: ignore[no-untyped-call]  # the SDK's own is not annotated

    async def shut(self) -> None:
        await self.close()  # type: ignore[no-untyped-call]  # the SDK's own is not annotated

    async def issue_new_wss_url(self) -> str:
        try:
            answer = await self._api.modify("apps.connections.open", {})
        except RelayError as error:
            self.trouble = error.reason
            log.warning("slack.socket_unavailable", extra={"reason": error.reason, "code": error.code})
            raise
        url = text(answer.body, "url")
        if proxy_bypass(URL(url).host or ""):
            self.proxy = None  # the SDK takes proxies from the environment, but knows no NO_PROXY
        return url

    async def _note_frame(self, message: WSMessage) -> None:
        """Frames that are about the connection itself."""
        try:
            frame = json.loads(message.data)
        except (TypeError, ValueError):
            return
        if not isinstance(frame, dict) or frame.get("type") not in ("hello", "disconnect"):
            return
        log.info("slack.socket_" + frame["type"], extra={"reason": text(frame, "reason")})
        if frame["type"] == "hello":
            self.trouble = ""
        self.is_disabled = self.is_disabled or text(frame, "reason") == "link_disabled"
