"""Calls of Slack's Web API: within its rate limits, sent once, failures sorted. The SDK's own retries are off."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.relay.errors import RetryLater
from bot.slack.api.errors import APP_TOKEN, BOT_TOKEN, sort_error
from bot.slack.api.rate_limit import RATE_LIMITED, RateLimiter
from bot.slack.fields import Body

log = logging.getLogger("memobridge.slack")

# The SDK logs the bodies of requests and answers when it may. A logger outside the tree, which nobody can turn up by a
# level or a handler, keeps message text out of every log; what is worth telling, we log ourselves.
silent_logger = logging.Logger("memobridge.slack.sdk", logging.CRITICAL + 1)

CALL_TIMEOUT_S = 10.0

# Where a body is no JSON object, the SDK itself fails on it, with errors of Python's own.
_SDK_FAILURES = (AttributeError, TypeError, ValueError)


@dataclass(frozen=True)
class ApiAnswer:
    body: Body
    headers: Mapping[str, str]


class SlackApi:
    """The Web API for one token. ``base_url`` ends in ``/api/``; proxies are the session's business."""

    def __init__(
        self,
        token: str,
        session: aiohttp.ClientSession,
        base_url: str,
        limiter: RateLimiter,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self._client = AsyncWebClient(token, base_url, session=session, retry_handlers=[], logger=silent_logger)
        self._client.proxy = None  # read from the environment by the SDK, which knows no NO_PROXY
        self._token_kind = APP_TOKEN if token.startswith("xapp-") else BOT_TOKEN
        self._limiter = limiter
        self._timeout_s = timeout_s

    async def read(
        self,
        method: str,
        *,
        is_backfill: bool = False,
        **params: str | int | bool,
    ) -> ApiAnswer:
        """Raises Refused or RetryLater. ``is_backfill``: within the smaller budget for reading history."""
        await self._limiter.acquire(method, channel=str(params.get("channel", "")), is_backfill=is_backfill)
        return await self._call(method, "GET", effect=False, params=params)

    async def create(
        self, method: str, body: Body, *, goes_first: bool = False, just_before: Callable[[], None] = lambda: None
    ) -> ApiAnswer:
        """Make something new: OutcomeUnknown when it may have been made. ``goes_first``: before what else waits in that
        channel. ``just_before`` is called when its turn has come, and may raise."""
        await self._limiter.acquire(method, channel=_channel(body), goes_first=goes_first)
        just_before()
        return await self._call(method, "POST", effect=True, **_encoded(method, body))

    async def modify(self, method: str, body: Body, *, has_turn: bool = False, goes_first: bool = False) -> ApiAnswer:
        """Bring something into a state, which may be done twice. ``has_turn``: the caller has waited for it already."""
        if not has_turn:
            await self._limiter.acquire(method, channel=_channel(body), goes_first=goes_first)
        return await self._call(method, "POST", effect=False, **_encoded(method, body))

    async def wait_turn(self, method: str, channel: str, *, goes_first: bool) -> bool:
        """Take a turn for a later ``modify`` of that channel; whether it had to be waited for."""
        return await self._limiter.acquire(method, channel=channel, goes_first=goes_first)

    async def _call(self, method: str, verb: str, *, effect: bool, **args: Any) -> ApiAnswer:
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._client.api_call(method, http_verb=verb, **args)
            if isinstance(response.data, dict):
                return ApiAnswer(response.data, response.headers)
            raise ValueError("no JSON object")
        except (SlackClientError, aiohttp.ClientError, OSError, *_SDK_FAILURES) as failure:
            error = sort_error(failure, effect=effect, token=self._token_kind)
            if isinstance(error, RetryLater) and error.code == RATE_LIMITED and error.after:
                self._limiter.hold(method, error.after)
            log.info("slack.call_failed", extra={"method": method, "code": error.code, "outcome": type(error).__name__})
            raise error from failure


def _channel(body: Body) -> str:
    return str(body.get("channel") or body.get("channel_id") or "")


def _encoded(method: str, body: Body) -> dict[str, Any]:
    """JSON, but for methods of files, which take only the fields of a form: what is nested is JSON in one of them."""
    if not method.startswith("files."):
        return {"json": dict(body)}
    fields = {name: json.dumps(value) if isinstance(value, list) else value for name, value in body.items()}
    return {"data": {name: value for name, value in fields.items() if value not in ("", None)}}
