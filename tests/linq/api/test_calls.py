"""How single answers are read; what needs a conversation is in test_sender_against_local_linq."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.linq.adapter import LinqAdapter
from bot.linq.api.calls import call_api
from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.model import Sent
from bot.relay.ports.networks import Outgoing
from tests.linq.conftest import IDS, Payload, now
from tests.linq.made import ATTACHMENT, MESSAGE, memo

Asking = Callable[[web.StreamResponse], Awaitable[Sent]]


@pytest.fixture
async def answering(session: aiohttp.ClientSession) -> AsyncIterator[Asking]:
    """Sends a memo to a Linq that gives exactly this answer."""
    async with AsyncExitStack() as stack:

        async def ask(answer: web.StreamResponse) -> Sent:
            async def give(_: web.Request) -> web.StreamResponse:
                return answer

            app = web.Application()
            app.router.add_route("*", "/{any:.*}", give)
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/partner"
            adapter = LinqAdapter("key", address, session, now=now)
            stack.push_async_callback(adapter.close)
            return await adapter.sender.send(Outgoing(memo(ATTACHMENT)))

        yield ask


@pytest.mark.parametrize(
    ("header", "in_body", "seconds"),
    [
        ("7", None, 7),
        ("7.5", 3, 7.5),
        ("36000", None, 36000),
        ("", 9, 9),
        ("soon", 9, 9),
        ("soon", None, 10),
        ("", None, 10),
        ("-5", None, 10),
        ("0", None, 10),
        ("inf", None, 10),
        ("nan", None, 10),
        ("1e300", None, 25 * 3600),
        ("9" * 400, None, 10),
        ("", 10**18, 25 * 3600),
        ("", 10**30, 10),
    ],
)
async def test_wait_that_linq_asks_for_is_kept_and_nonsense_is_not(
    answering: Asking, header: str, in_body: int | None, seconds: float
) -> None:
    error = {"status": 429, "code": 1007, "message": "Rate limited", "retry_after": in_body}
    headers = {"Retry-After": header} if header else {}
    with pytest.raises(RetryLater) as later:
        await answering(web.json_response({"error": error}, status=429, headers=headers))
    assert later.value.after == timedelta(seconds=seconds)


async def test_wait_may_be_a_date(answering: Asking) -> None:
    at = now() + timedelta(hours=3)
    with pytest.raises(RetryLater) as later:
        await answering(web.Response(status=429, headers={"Retry-After": format_datetime(at, usegmt=True)}))
    assert later.value.after
    assert abs(later.value.after - timedelta(hours=3)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "body", ["", "[]", "7", '"no"', "<html>", '{"error": "no"}', '{"error": {"code": "x"}}', "[" * 9999]
)
@pytest.mark.parametrize(
    ("status", "expected"), [(403, Refused), (302, OutcomeUnknown), (500, OutcomeUnknown), (429, RetryLater)]
)
async def test_refusal_in_any_shape_is_judged_by_its_status(
    answering: Asking, body: str, status: int, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        await answering(web.Response(status=status, text=body, headers={"Location": "/elsewhere"}))


@pytest.mark.parametrize(
    "body", ["", "[]", "Accepted", "{}", '{"voice_memo": {"id": 7}}', "[" * 9999, "null", '"6f0c"']
)
async def test_2xx_that_names_no_memo_is_unknown(answering: Asking, body: str) -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        await answering(web.Response(status=202, text=body, headers={"X-Trace-ID": "trace"}))
    assert unknown.value.trace_id == "trace"


async def test_unparseable_2xx_is_outcome_unknown(answering: Asking) -> None:
    with pytest.raises(OutcomeUnknown):
        await answering(web.Response(status=202, body=b"not gzip", headers={"Content-Encoding": "gzip"}))


async def test_trace_in_the_body_is_used_where_the_header_is_missing(answering: Asking) -> None:
    body = {"error": {"status": 403, "code": 2024}, "trace_id": "from the body"}
    with pytest.raises(Refused) as refused:
        await answering(web.json_response(body, status=403))
    assert (refused.value.code, refused.value.trace_id) == ("2024", "from the body")


async def test_compressed_answer_is_read(answering: Asking, payload: Payload) -> None:
    answer = web.Response(status=202, text=json.dumps(payload("voicememo_202")))
    answer.enable_compression(web.ContentCoding.gzip)
    assert (await answering(answer)).message == IDS.message(MESSAGE)


async def test_redirect_is_not_followed(answering: Asking, session: aiohttp.ClientSession) -> None:
    """It would take the API key, and the message, somewhere else."""
    asked = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", note)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    elsewhere = f"http://127.0.0.1:{runner.addresses[0][1]}/elsewhere"
    with pytest.raises(OutcomeUnknown):
        await answering(web.Response(status=307, headers={"Location": elsewhere}))
    assert asked == []
    await runner.cleanup()


async def test_proxy_of_the_environment_is_not_used(
    answering: Asking, payload: Payload, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert (await answering(web.json_response(payload("voicememo_202"), status=202))).message


@pytest.mark.parametrize(("repeatable", "expected"), [(False, OutcomeUnknown), (True, RetryLater)])
async def test_call_that_never_ends_is_given_up(repeatable: bool, expected: type[Exception]) -> None:
    """An answer may come byte by byte: each read is in time, and the call never ends."""

    async def drip() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(expected):
        await call_api("drip", drip(), lambda _: None, repeatable=repeatable, timeout_s=0.01)
