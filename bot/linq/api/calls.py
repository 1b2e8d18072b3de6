"""One call to Linq's API: its answer as plain JSON, its failure as one of the relay's three errors.

The SDK's own retries are off wherever this is used: it repeats a POST that timed out, which for a voice memo means
several memos on somebody's phone, and Linq has no idempotency key for them.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import aiohttp
import httpx
import linq

from bot.linq.api.error_codes import ANSWER_LOST, NOT_CONNECTED, UNREADABLE, meaning_of
from bot.linq.fields import PayloadError, read
from bot.linq.schemas import ErrorAnswer, ListPage
from bot.relay.errors import RelayError
from bot.relay.retry import parse_retry_after

log = logging.getLogger("memobridge.linq")

LONGEST_WAIT = timedelta(hours=25)
"""A sandbox account that has used up its day is told to wait until midnight; nothing Linq documents takes longer."""

CALL_TIMEOUT_S = 45.0
"""For the whole call. The SDK's timeouts are for each read: an answer that comes byte by byte would never end."""

MOST_PAGES = 20

_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)

T = TypeVar("T")
P = TypeVar("P", bound=ListPage)
Call = Awaitable[linq.AsyncAPIResponse[Any]]


@dataclass(frozen=True)
class Answer:
    """A 2xx: its JSON (None if it had no body), the id under which Linq can trace the call, and Linq's time."""

    body: object
    trace_id: str
    date: str = ""


async def call_api(
    name: str,
    call: Call,
    parse: Callable[[Answer], T],
    *,
    repeatable: bool = True,
    timeout_s: float = CALL_TIMEOUT_S,
) -> T:
    """Await the call and parse its answer. ``name`` is for the log; ``parse`` may raise PayloadError.

    Raises Refused, RetryLater, or (only if not ``repeatable``) OutcomeUnknown.
    """
    response = await _response(name, call, repeatable=repeatable, timeout_s=timeout_s)
    trace_id = response.headers.get("x-trace-id", "")
    try:
        body = json.loads(response.content) if response.content else None
        return parse(Answer(body, trace_id, response.headers.get("date", "")))
    except (ValueError, RecursionError) as error:
        # A 2xx that does not say what it must: it may well have been done.
        reason = str(error) if isinstance(error, PayloadError) else "not JSON"
        log.error("linq.answer_unreadable", extra={"call": name, "reason": reason, "trace": trace_id})
        raise UNREADABLE.error(repeatable=repeatable, trace_id=trace_id) from None


async def pages(name: str, call: Callable[[str | linq.Omit], Call], schema: type[P]) -> AsyncIterator[P]:
    """At most ``MOST_PAGES`` pages of a list; ``call`` takes the cursor."""
    cursor: str | linq.Omit = linq.omit
    for _ in range(MOST_PAGES):
        page = await call_api(name, call(cursor), lambda answer: read(schema, answer.body))
        yield page
        if not page.next_cursor or page.next_cursor == cursor:
            return
        cursor = page.next_cursor


async def _response(name: str, call: Call, *, repeatable: bool, timeout_s: float) -> httpx.Response:
    try:
        async with asyncio.timeout(timeout_s):
            return (await call).http_response
    except linq.APIStatusError as error:
        raise _refusal(name, error.response, repeatable=repeatable) from None
    except (linq.APIConnectionError, TimeoutError) as error:
        was_sent = not _was_never_connected(error)
        log.warning("linq.no_answer", extra={"call": name, "was_sent": was_sent})
        raise (ANSWER_LOST if was_sent else NOT_CONNECTED).error(repeatable=repeatable) from None


def _was_never_connected(error: BaseException | None) -> bool:
    """Whether the request surely never left. The transport's own error says nothing: it calls a connection that broke
    after sending a connect timeout, too (httpx-aiohttp 0.2.0); only aiohttp's, further down the chain, knows."""
    while error is not None:
        if isinstance(error, _NEVER_CONNECTED):
            return True
        error = error.__cause__
    return False


def _refusal(name: str, response: httpx.Response, *, repeatable: bool) -> RelayError:
    answer = _error_answer(response)
    code = "" if answer.error.code is None else str(answer.error.code)
    trace_id = response.headers.get("x-trace-id", "") or answer.trace_id
    log.warning(
        "linq.call_refused",
        extra={"call": name, "status": response.status_code, "code": code, "trace": trace_id},
    )
    return meaning_of(response.status_code, answer.error.code).error(
        repeatable=repeatable, code=code, trace_id=trace_id, after=_wait(response, answer)
    )


def _error_answer(response: httpx.Response) -> ErrorAnswer:
    """A gateway's page in HTML says nothing."""
    try:
        return read(ErrorAnswer, json.loads(response.content))
    except (ValueError, RecursionError):
        return ErrorAnswer()


def _wait(response: httpx.Response, answer: ErrorAnswer) -> timedelta | None:
    """As the header says; where it says nothing, as the body does."""
    in_body = "" if answer.error.retry_after is None else str(answer.error.retry_after)
    headers = response.headers
    asked = parse_retry_after(headers.get("retry-after", ""), headers.get("date", ""), at_most=LONGEST_WAIT)
    return parse_retry_after(in_body, "", at_most=LONGEST_WAIT) if asked is None else asked
