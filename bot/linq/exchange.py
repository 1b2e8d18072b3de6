"""One call to Linq's API: its answer as plain JSON, its failure as one of the relay's three errors.

The SDK's own retries are off wherever this is used: it repeats a POST that timed out, which for a voice memo means
several memos on somebody's phone, and Linq has no idempotency key for them.
"""

import json
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import aiohttp
import httpx
import linq

from bot.linq.shapes import Page, ParseError, RefusalAnswer, shaped
from bot.linq.verdicts import ANSWER_LOST, NONSENSE, NOT_CONNECTED, verdict
from bot.relay.errors import RelayError

log = logging.getLogger("memobridge.linq")

LONGEST_WAIT = timedelta(hours=25)
"""A sandbox account that has used up its day is told to wait until midnight; nothing Linq documents takes longer."""

MOST_PAGES = 20

_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)

T = TypeVar("T")
P = TypeVar("P", bound=Page)
Call = Awaitable[linq.AsyncAPIResponse[Any]]


@dataclass(frozen=True)
class Said:
    """A 2xx: its JSON (None if it had no body), and the id under which Linq can trace the call."""

    body: object
    trace_id: str


async def ask(what: str, call: Call, into: Callable[[Said], T], *, repeatable: bool = True) -> T:
    """``what`` names the call in the log, ``into`` reads its answer and may raise ParseError.

    Raises Refused, RetryLater, or (only if not ``repeatable``) OutcomeUnknown.
    """
    response = await _answer(what, call, repeatable=repeatable)
    trace_id = response.headers.get("x-trace-id", "")
    try:
        return into(Said(json.loads(response.content) if response.content else None, trace_id))
    except (ValueError, RecursionError) as error:
        # A 2xx that does not say what it must: it may well have been done.
        cause = str(error) if isinstance(error, ParseError) else "not JSON"
        log.error("linq made no sense", extra={"call": what, "cause": cause, "trace": trace_id})
        raise NONSENSE.error(repeatable=repeatable, trace_id=trace_id) from None


async def pages(what: str, call: Callable[[str | linq.Omit], Call], shape: type[P]) -> AsyncIterator[P]:
    """At most ``MOST_PAGES`` pages of a list; ``call`` takes the cursor."""
    cursor: str | linq.Omit = linq.omit
    for _ in range(MOST_PAGES):
        page = await ask(what, call(cursor), lambda said: shaped(shape, said.body))
        yield page
        if not page.next_cursor or page.next_cursor == cursor:
            return
        cursor = page.next_cursor


async def _answer(what: str, call: Call, *, repeatable: bool) -> httpx.Response:
    try:
        return (await call).http_response
    except linq.APIStatusError as error:
        raise _refusal(what, error.response, repeatable=repeatable) from None
    except linq.APIConnectionError as error:
        was_sent = not _was_never_connected(error)
        log.warning("linq gave no answer", extra={"call": what, "was_sent": was_sent})
        raise (ANSWER_LOST if was_sent else NOT_CONNECTED).error(repeatable=repeatable) from None


def _was_never_connected(error: BaseException | None) -> bool:
    """Whether the request surely never left. The transport's own error says nothing: it calls a connection that broke
    after sending a connect timeout, too (httpx-aiohttp 0.2.0); only aiohttp's, further down the chain, knows."""
    while error is not None:
        if isinstance(error, _NEVER_CONNECTED):
            return True
        error = error.__cause__
    return False


def _refusal(what: str, response: httpx.Response, *, repeatable: bool) -> RelayError:
    said = _said(response)
    code = "" if said.error.code is None else str(said.error.code)
    trace_id = response.headers.get("x-trace-id", "") or said.trace_id
    log.warning(
        "linq refused",
        extra={"call": what, "status": response.status_code, "code": code, "trace": trace_id},
    )
    after = _retry_after(response.headers, said.error.retry_after)
    return verdict(response.status_code, said.error.code).error(
        repeatable=repeatable, code=code, trace_id=trace_id, after=after
    )


def _said(response: httpx.Response) -> RefusalAnswer:
    """A gateway's page in HTML says nothing."""
    try:
        return shaped(RefusalAnswer, json.loads(response.content))
    except (ValueError, RecursionError):
        return RefusalAnswer()


def _retry_after(headers: httpx.Headers, in_body: int | None) -> timedelta | None:
    """Seconds or a date (RFC 9110); the body's own number where the header says nothing. Never negative or endless."""
    wait = _seconds(headers.get("retry-after", ""), headers.get("date", ""))
    if wait is None:
        wait = in_body
    return None if wait is None else min(max(timedelta(seconds=min(wait, 1e6)), timedelta()), LONGEST_WAIT)


def _seconds(wait: str, now: str) -> float | None:
    """A date counts from the answer's own, so that nobody's clock matters."""
    try:
        seconds = float(wait)
        return seconds if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        return (parsedate_to_datetime(wait) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
