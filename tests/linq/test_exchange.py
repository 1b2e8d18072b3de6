"""How single answers are read; what needs a conversation is in test_client."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.linq.client import LinqClient, open_api
from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.model import AttachmentId, ChatId
from tests.linq.conftest import now

CHAT = ChatId("0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f")
Asking = Callable[[web.Response], Awaitable[Any]]


@pytest.fixture
async def answering(session: aiohttp.ClientSession) -> Any:
    """Sends a memo to a Linq that gives exactly this answer."""
    runners = []

    async def ask(answer: web.Response) -> Any:
        async def give(_: web.Request) -> web.Response:
            return answer

        app = web.Application()
        app.router.add_route("*", "/{any:.*}", give)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/partner"
        client = LinqClient(open_api("key", address, session), session, now=now)
        return await client.send(CHAT, attachment=AttachmentId("a"))

    yield ask
    for runner in runners:
        await runner.cleanup()


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
        ("", 10**30, 25 * 3600),
    ],
)
async def test_a_wait_that_linq_asks_for_is_kept_and_nonsense_is_not(
    answering: Asking, header: str, in_body: int | None, seconds: float
) -> None:
    error = {"status": 429, "code": 1007, "message": "Rate limited", "retry_after": in_body}
    headers = {"Retry-After": header} if header else {}
    with pytest.raises(RetryLater) as later:
        await answering(web.json_response({"error": error}, status=429, headers=headers))
    assert later.value.after == timedelta(seconds=seconds)


async def test_a_wait_may_be_a_date(answering: Asking) -> None:
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
async def test_a_refusal_in_any_shape_is_judged_by_its_status(
    answering: Asking, body: str, status: int, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        await answering(web.Response(status=status, text=body, headers={"Location": "/elsewhere"}))


@pytest.mark.parametrize(
    "body", ["", "[]", "Accepted", "{}", '{"voice_memo": {"id": 7}}', "[" * 9999, "null", '"6f0c"']
)
async def test_a_yes_that_names_no_memo_is_unknown(answering: Asking, body: str) -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        await answering(web.Response(status=202, text=body, headers={"X-Trace-ID": "trace"}))
    assert unknown.value.trace_id == "trace"


async def test_a_yes_packed_by_nobodys_rules_is_unknown(answering: Asking) -> None:
    with pytest.raises(OutcomeUnknown):
        await answering(web.Response(status=202, body=b"not gzip", headers={"Content-Encoding": "gzip"}))


async def test_the_trace_in_the_body_does_where_the_header_is_missing(answering: Asking) -> None:
    body = {"error": {"status": 403, "code": 2024}, "trace_id": "from the body"}
    with pytest.raises(Refused) as refused:
        await answering(web.json_response(body, status=403))
    assert (refused.value.code, refused.value.trace_id) == ("2024", "from the body")


async def test_a_packed_answer_is_read(answering: Asking, payload: Callable[[str], Any]) -> None:
    answer = web.Response(status=202, text=json.dumps(payload("voicememo_202")))
    answer.enable_compression(web.ContentCoding.gzip)
    assert (await answering(answer)).id == "6f0c2a1e-8a77-4a0b-9d0e-3a5b1d7c9e10"
