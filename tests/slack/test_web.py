"""Calls of a Web API that answers nonsense: whatever comes, it is sorted, and nothing is sent twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, RetryLater
from bot.slack.pace import Pace
from bot.slack.web import Web
from tests.slack.conftest import Seconds


@dataclass
class Nonsense:
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
async def nonsense() -> Nonsense:
    return Nonsense()


@pytest.fixture
def token() -> str:
    return "xoxb-1"


@pytest.fixture
async def calls(nonsense: Nonsense, session: aiohttp.ClientSession, clock: Seconds, token: str) -> AsyncIterator[Web]:
    application = web.Application()
    application.router.add_route("*", "/api/{method}", nonsense.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Web(token, session, f"http://127.0.0.1:{runner.addresses[0][1]}/api/", Pace(clock))
    await runner.cleanup()


async def post(calls: Web, *, who: str = "n1", channel: str = "C0MAP") -> None:
    await calls.post("chat.postMessage", {"channel": channel, "text": "hello"}, who=who)


async def edit(calls: Web, *, who: str) -> None:
    await calls.put("chat.update", {"channel": "C0MAP", "ts": "1.1", "text": "hello"}, who=who)


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
async def test_an_answer_without_sense_leaves_a_post_unknown_and_a_question_for_later(
    calls: Web, nonsense: Nonsense, body: bytes, content_type: str
) -> None:
    nonsense.body, nonsense.content_type = body, content_type
    with pytest.raises(OutcomeUnknown):
        await post(calls)
    with pytest.raises(RetryLater):
        await calls.ask("users.info", user="U0ANN")
    assert nonsense.calls == 2


async def test_no_answer_in_time_leaves_a_question_for_later(calls: Web, nonsense: Nonsense) -> None:
    nonsense.body = None
    with pytest.raises(RetryLater):
        await calls.ask("users.info", timeout_s=0.05, user="U0ANN")


@pytest.mark.parametrize(
    ("asked", "seconds"), [("7", 7), ("", 1), ("soon", 1), ("-3", 1), ("²", 1), ("9" * 12, 86_400)]
)
async def test_the_pause_that_slack_asks_for_is_passed_on(
    calls: Web, nonsense: Nonsense, asked: str, seconds: int
) -> None:
    nonsense.status, nonsense.headers = 429, {"Retry-After": asked}
    with pytest.raises(RetryLater) as later:
        await post(calls)
    assert later.value.after == timedelta(seconds=seconds)


async def test_nothing_more_is_asked_during_the_pause_that_slack_asks_for(calls: Web, nonsense: Nonsense) -> None:
    nonsense.status, nonsense.headers = 429, {"Retry-After": "7"}
    for _ in range(2):
        with pytest.raises(RetryLater):
            await calls.ask("users.info", user="U0ANN")
    assert nonsense.calls == 1


async def test_a_busy_channel_holds_up_the_posts_of_no_other(calls: Web) -> None:
    for number in range(5):
        await post(calls, who=f"n{number}")
    with pytest.raises(RetryLater):
        await post(calls, who="sixth")
    await post(calls, who="sixth", channel="C0MAQ")


@pytest.mark.parametrize(("act", "burst", "wait_s"), [(post, 5, 1.0), (edit, 10, 1.5)])
async def test_who_was_told_to_wait_is_not_overtaken(
    calls: Web, clock: Seconds, act: Callable[..., Awaitable[None]], burst: int, wait_s: float
) -> None:
    for number in range(burst):
        await act(calls, who=f"n{number}")
    for who in ("first", "second"):
        with pytest.raises(RetryLater):
            await act(calls, who=who)
    clock.now += wait_s
    with pytest.raises(RetryLater):
        await act(calls, who="second")
    await act(calls, who="first")


async def test_an_unknown_code_is_a_sure_no_that_names_it(calls: Web, nonsense: Nonsense) -> None:
    nonsense.body = b'{"ok":false,"error":"moon_phase_wrong"}'
    with pytest.raises(Refused, match="moon_phase_wrong") as no:
        await post(calls)
    assert no.value.code == "moon_phase_wrong"


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("is_archived", "unarchive it, then press Resend"),
        ("not_in_channel", "invite it with /invite"),
        ("restricted_action_thread_locked", "unlock it"),
        ("file_deleted", "upload it again"),
        ("not_visible", "upload a copy"),
        ("moon_phase_wrong", "Try again; if it stays so, show this code to whoever runs the bot"),
    ],
)
async def test_a_sure_no_says_what_to_do_about_it(calls: Web, nonsense: Nonsense, code: str, fix: str) -> None:
    nonsense.body = b'{"ok":false,"error":"%b"}' % code.encode()
    with pytest.raises(Refused, match=fix):
        await post(calls)


@pytest.mark.parametrize(("token", "variable"), [("xoxb-1", "SLACK_BOT_TOKEN"), ("xapp-1", "SLACK_APP_TOKEN")])
async def test_a_token_that_slack_does_not_take_is_named_by_its_variable(
    calls: Web, nonsense: Nonsense, variable: str
) -> None:
    nonsense.body = b'{"ok":false,"error":"invalid_auth"}'
    with pytest.raises(RetryLater, match=f"set {variable} anew"):
        await calls.put("apps.connections.open", {})


@pytest.mark.parametrize(
    ("token", "fix"), [("xoxb-1", "add it and reinstall the app"), ("xapp-1", "set SLACK_APP_TOKEN anew")]
)
async def test_a_missing_scope_is_got_in_the_way_of_the_token(calls: Web, nonsense: Nonsense, fix: str) -> None:
    nonsense.body = b'{"ok":false,"error":"missing_scope","needed":"some:scope"}'
    with pytest.raises(Refused, match=f"lacks the scope some:scope.*{fix}"):
        await calls.put("apps.connections.open", {})


@pytest.mark.parametrize("code", ["team_added_to_org", "org_login_required", "accesslimited", "token_expired"])
async def test_what_the_operator_or_slack_will_mend_fails_no_clip(calls: Web, nonsense: Nonsense, code: str) -> None:
    nonsense.body = b'{"ok":false,"error":"%b"}' % code.encode()
    with pytest.raises(RetryLater) as later:
        await post(calls)
    assert later.value.code == code
    assert later.value.after


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited", "message_limit_exceeded"])
async def test_a_limit_told_with_status_200_is_for_later(calls: Web, nonsense: Nonsense, code: str) -> None:
    nonsense.body = b'{"ok":false,"error":"%b"}' % code.encode()
    with pytest.raises(RelayError) as error:
        await post(calls)
    assert isinstance(error.value, RetryLater)
