"""One call of Slack's Web API: paced, sent once, its failures sorted. The SDK's own retries are off."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.relay.errors import RetryLater
from bot.slack.errors import APP_TOKEN, BOT_TOKEN, sorted_error
from bot.slack.fields import Body
from bot.slack.pace import Pace

log = logging.getLogger("memobridge.slack")

# The SDK logs the bodies of requests and answers when it may. A logger outside the tree, which nobody can turn up by a
# level or a handler, keeps message text out of every log; what is worth telling, we log ourselves.
quiet = logging.Logger("memobridge.slack.sdk", logging.CRITICAL + 1)

CALL_TIMEOUT_S = 10.0

# Where a body is no JSON object, the SDK itself trips over it, with errors of Python's own.
_TRIPPED = (AttributeError, TypeError, ValueError)


@dataclass(frozen=True)
class Answer:
    body: Body
    headers: Mapping[str, str]


class Web:
    """The Web API for one token. ``base_url`` ends in ``/api/``; proxies are the session's business."""

    def __init__(self, token: str, session: aiohttp.ClientSession, base_url: str, pace: Pace) -> None:
        self._client = AsyncWebClient(token, base_url, session=session, retry_handlers=[], logger=quiet)
        self._client.proxy = None  # read from the environment by the SDK, which knows no NO_PROXY
        self._token = APP_TOKEN if token.startswith("xapp-") else BOT_TOKEN
        self._pace = pace

    async def ask(self, method: str, *, timeout_s: float = CALL_TIMEOUT_S, **params: str | int | bool) -> Answer:
        """Read something. Raises Refused or RetryLater."""
        self._pace.take(method)
        return await self._call(method, "GET", timeout_s, effect=False, params=params)

    async def post(self, method: str, body: Body, *, who: str) -> Answer:
        """Make something new, in the channel that ``body`` names: OutcomeUnknown when it may have been made."""
        self._pace.take(method, place=str(body["channel"]), who=who)
        return await self._call(method, "POST", CALL_TIMEOUT_S, effect=True, json=dict(body))

    async def put(self, method: str, body: Body, *, who: str = "") -> Answer:
        """Bring something into a state, which may be done twice. ``who`` waits for its turn."""
        self._pace.take(method, who=who)
        return await self._call(method, "POST", CALL_TIMEOUT_S, effect=False, json=dict(body))

    async def _call(self, method: str, verb: str, timeout_s: float, *, effect: bool, **args: Any) -> Answer:
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._client.api_call(method, http_verb=verb, **args)
            if isinstance(response.data, dict):
                return Answer(response.data, response.headers)
            raise ValueError("no JSON object")
        except (SlackClientError, aiohttp.ClientError, OSError, *_TRIPPED) as failure:
            error = sorted_error(failure, effect=effect, token=self._token)
            if isinstance(error, RetryLater) and error.code == "ratelimited" and error.after:
                self._pace.hold(method, error.after)
            log.info("call failed", extra={"method": method, "code": error.code, "error": type(error).__name__})
            raise error from failure
