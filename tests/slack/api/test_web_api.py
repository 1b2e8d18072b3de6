"""Calls of a Web API that answers oddly: whatever comes, it is sorted, and nothing is sent twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, Remedy, RetryLater
from bot.slack.api.rate_limit import RateLimiter
from bot.slack.api.web_api import SlackApi
from tests.slack.conftest import Seconds


@dataclass
class OddServer:
    """Answers every call alike; without a body it never answers."""

    body: bytes | None = b'{"ok":true}'
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    calls: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.calls += 1
        if self.body is None:
            await asyncio.Event().wait()
        headers = {**self.headers, "Content-Type": self.content_type}
        return web.Response(body=self.body, status=self.status, headers=headers)


@pytest.fixture
async def server() -> OddServer:
    return OddServer()


@pytest.fixture
def token() -> str:
    return "xoxb-1"


@pytest.fixture
def timeout_s() -> float:
    return 30.0


@pytest.fixture
async def api(
    server: OddServer, session: aiohttp.ClientSession, clock: Seconds, token: str, timeout_s: float
) -> AsyncIterator[SlackApi]:
    application = web.Application()
    application.router.add_route("*", "/api/{method}", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    yield SlackApi(token, session, url, RateLimiter(clock, sleep=clock.sleep), timeout_s=timeout_s)
    await runner.cleanup()


async def post(api: SlackApi) -> None:
    await api.create("chat.postMessage", {"channel": "C0MAP", "text": "hello"})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"ok"', "application/json"),
        (b"{not json", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"", "application/json"),
        (b"ok", "text/plain"),
        (b"<html></html>", "text/html"),
        (b"\x1f\x8b", "application/gzip"),
        (b"{}", "application/json"),
        (b'{"ok":false}', "application/json"),
        (b'{"ok":false,"error":5}', "application/json"),
    ],
)
async def test_an_unreadable_answer_leaves_a_post_unknown_and_a_read_for_later(
    api: SlackApi, server: OddServer, body: bytes, content_type: str
) -> None:
    server.body, server.content_type = body, content_type
    with pytest.raises(OutcomeUnknown):
        await post(api)
    with pytest.raises(RetryLater):
        await api.read("users.info", user="U0ANN")
    with pytest.raises(RetryLater):
        await api.modify("chat.update", {"channel": "C0MAP", "ts": "1.1"})
    assert server.calls == 3


@pytest.mark.parametrize("timeout_s", [0.05])
async def test_no_answer_in_time_leaves_a_post_unknown_and_a_read_for_later(api: SlackApi, server: OddServer) -> None:
    server.body = None
    with pytest.raises(RetryLater):
        await api.read("users.info", user="U0ANN")
    with pytest.raises(OutcomeUnknown):
        await post(api)
    assert server.calls == 2


@pytest.mark.parametrize(
    ("asked", "seconds"), [("7", 7), ("", 1), ("soon", 1), ("-3", 1), ("0", 1), ("9" * 12, 86_400)]
)
async def test_the_pause_that_slack_asks_for_is_passed_on(
    api: SlackApi, server: OddServer, asked: str, seconds: int
) -> None:
    server.status, server.headers = 429, {"Retry-After": asked}
    with pytest.raises(RetryLater) as later:
        await post(api)
    assert later.value.after == timedelta(seconds=seconds)


async def test_nothing_more_is_asked_during_a_long_pause(api: SlackApi, server: OddServer) -> None:
    server.status, server.headers = 429, {"Retry-After": "60"}
    for _ in range(2):
        with pytest.raises(RetryLater):
            await api.read("users.info", user="U0ANN")
    assert server.calls == 1


async def test_an_unknown_code_is_a_sure_no_that_names_it(api: SlackApi, server: OddServer) -> None:
    server.body = b'{"ok":false,"error":"moon_phase_wrong"}'
    with pytest.raises(Refused, match="moon_phase_wrong") as no:
        await post(api)
    assert no.value.code == "moon_phase_wrong"


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("is_archived", Remedy.RESTORE_ROOM),
        ("not_in_channel", Remedy.INVITE_BOT),
        ("channel_not_found", Remedy.INVITE_BOT),
        ("restricted_action_thread_locked", Remedy.RESEND),
        ("file_deleted", Remedy.SEND_FILE_AGAIN),
        ("not_visible", Remedy.SEND_FILE_AGAIN),
        ("moon_phase_wrong", Remedy.RESEND),
        ("file_type_not_allowed", Remedy.NONE),
    ],
)
async def test_a_sure_no_names_what_a_person_can_do(
    api: SlackApi, server: OddServer, code: str, remedy: Remedy
) -> None:
    server.body = b'{"ok":false,"error":"%b"}' % code.encode()
    with pytest.raises(Refused) as no:
        await post(api)
    assert no.value.remedy is remedy
    assert no.value.reason.endswith(".")


@pytest.mark.parametrize(("token", "variable"), [("xoxb-1", "SLACK_BOT_TOKEN"), ("xapp-1", "SLACK_APP_TOKEN")])
async def test_a_token_that_slack_refuses_is_named_by_its_variable(
    api: SlackApi, server: OddServer, variable: str
) -> None:
    server.body = b'{"ok":false,"error":"invalid_auth"}'
    with pytest.raises(RetryLater, match=f"set {variable} again"):
        await api.modify("apps.connections.open", {})


@pytest.mark.parametrize(
    ("token", "fix"), [("xoxb-1", "add it and reinstall the app"), ("xapp-1", "set SLACK_APP_TOKEN again")]
)
async def test_a_missing_scope_says_how_to_get_it_for_this_token(api: SlackApi, server: OddServer, fix: str) -> None:
    server.body = b'{"ok":false,"error":"missing_scope","needed":"some:scope"}'
    with pytest.raises(Refused, match=f"lacks the scope some:scope.*{fix}"):
        await api.modify("apps.connections.open", {})


@pytest.mark.parametrize("code", ["team_added_to_org", "org_login_required", "accesslimited", "token_expired"])
async def test_what_an_operator_or_slack_will_mend_fails_no_delivery(
    api: SlackApi, server: OddServer, code: str
) -> None:
    server.body = b'{"ok":false,"error":"%b"}' % code.encode()
    with pytest.raises(RetryLater) as later:
        await post(api)
    assert later.value.code == code
    assert later.value.after


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited", "message_limit_exceeded"])
async def test_a_limit_told_with_status_200_is_for_later(api: SlackApi, server: OddServer, code: str) -> None:
    server.body = b'{"ok":false,"error":"%b"}' % code.encode()
    with pytest.raises(RelayError) as error:
        await post(api)
    assert isinstance(error.value, RetryLater)


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "service_unavailable"])
async def test_a_failure_that_may_have_done_something_is_unknown_for_a_post(
    api: SlackApi, server: OddServer, code: str
) -> None:
    server.body = b'{"ok":false,"error":"%b"}' % code.encode()
    with pytest.raises(OutcomeUnknown):
        await post(api)
