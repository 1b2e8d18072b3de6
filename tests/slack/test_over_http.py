"""The door over HTTP: nothing unsigned comes in, nonsense is told so, and Bolt sees only sense."""

import json
import time
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.sandbox.slack.events.http_transport import signature_headers
from bot.sandbox.slack.server import SlackServer
from bot.slack.over_http import HttpEntrance
from tests.slack.fake_relay import FakeRelay

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PLAIN_EVENT = json.dumps({"type": "event_callback", "team_id": "T0", "event": {"type": "reaction_added"}}).encode()


class Caller:
    """Posts bodies, signed as Slack signs them unless told otherwise."""

    def __init__(self, url: str, secret: str, session: aiohttp.ClientSession) -> None:
        self._url, self._secret, self._session = url, secret.encode(), session

    async def post(self, body: bytes, content_type: str = JSON, *, age_s: int = 0, **headers: str) -> int:
        signed = signature_headers(self._secret, body, int(time.time()) - age_s)
        given = {**signed, "Content-Type": content_type, **{k.replace("_", "-"): v for k, v in headers.items()}}
        async with self._session.post(self._url, data=body, headers=given) as response:
            return response.status


@pytest.fixture
def caller(events_url: str, slack: SlackServer, session: aiohttp.ClientSession) -> Caller:
    return Caller(events_url, slack.signing_secret, session)


async def test_slack_can_verify_the_url(events_url: str, slack: SlackServer) -> None:
    assert await slack.verify_url()


async def test_a_signed_event_is_answered_200(caller: Caller) -> None:
    assert await caller.post(PLAIN_EVENT) == 200


async def test_an_unsigned_request_is_401_whatever_it_says(events_url: str, session: aiohttp.ClientSession) -> None:
    challenge = {"type": "url_verification", "challenge": "x"}
    for body in (PLAIN_EVENT, json.dumps(challenge).encode(), b"ssl_check=1", b"\xff", b""):
        async with session.post(events_url, data=body) as response:
            assert response.status == 401


@pytest.mark.parametrize("age_s", [301 + 5, -301 - 5])
async def test_an_old_or_early_signature_is_401(caller: Caller, age_s: int) -> None:
    assert await caller.post(PLAIN_EVENT, age_s=age_s) == 401


@pytest.mark.parametrize("timestamp", ["soon", "", "-1", "1e9", "9" * 30, "١٢٣"])
async def test_a_timestamp_that_is_no_number_is_401(caller: Caller, timestamp: str) -> None:
    assert await caller.post(PLAIN_EVENT, X_Slack_Request_Timestamp=timestamp) == 401


@pytest.mark.parametrize("given", ["v0=0000", "", "nonsense"])
async def test_a_wrong_signature_is_401(caller: Caller, given: str) -> None:
    assert await caller.post(PLAIN_EVENT, X_Slack_Signature=given) == 401


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{not json", JSON),
        (b"[]", JSON),
        (b'"text"', JSON),
        (b"null", JSON),
        (b"{}", JSON),
        (b"\xff\xfe", JSON),
        (b"[" * 20_000, JSON),
        (b'{"type":"event_callback","event":null}', JSON),
        (b'{"type":"event_callback","event":[]}', JSON),
        (b'{"type":"event_callback","event":{"type":5}}', JSON),
        (b'{"type":"event_callback","event":{"type":"message"},"authorizations":5}', JSON),
        (b"payload=%7Bnot+json", FORM),
        (b"payload=%5B%5D", FORM),
        (b"anything=else", FORM),
        (b"", FORM),
    ],
)
async def test_signed_nonsense_is_400(caller: Caller, body: bytes, content_type: str) -> None:
    assert await caller.post(body, content_type) == 400


async def test_a_message_without_a_place_is_400(caller: Caller) -> None:
    event = {"type": "message", "files": [{"id": "F0X", "mimetype": "audio/mp4"}]}
    body = {"type": "event_callback", "team_id": "T0", "event": event}
    assert await caller.post(json.dumps(body).encode()) == 400


async def test_text_that_is_null_does_no_harm(caller: Caller) -> None:
    event = {"type": "message", "text": None, "channel": "C0MAP", "user": "U0ANN", "ts": "1790000005.606609"}
    body = {"type": "event_callback", "team_id": "T0", "event": event}
    assert await caller.post(json.dumps(body).encode()) == 200


async def test_a_command_without_a_person_is_400(caller: Caller) -> None:
    form = {"command": "/voicememo", "channel_id": "C0MAP", "trigger_id": "1.2.3"}
    assert await caller.post(urlencode(form).encode(), FORM) == 400


@pytest.mark.parametrize("actions", [None, [], "press", {"action_id": "x"}, [[]], [{}], [{"action_id": 7}]])
async def test_a_press_of_nothing_is_400(caller: Caller, actions: object) -> None:
    body = urlencode({"payload": json.dumps({"type": "block_actions", "actions": actions})}).encode()
    assert await caller.post(body, FORM) == 400


async def test_a_body_over_one_megabyte_is_413(caller: Caller) -> None:
    assert await caller.post(b" " * (1024 * 1024 + 1)) == 413


def test_an_empty_secret_is_no_secret(relay: FakeRelay) -> None:
    async def never(request: object) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="empty secret"):
        HttpEntrance(never, "")  # type: ignore[arg-type]  # it is never called
