"""The receiver over HTTP: nothing unsigned is read, what is invalid is refused, the rest is dispatched."""

import gzip
import json
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.slack.inbound.http_receiver import HttpReceiver
from tests.slack.fake_workspace import CLIPS, SECRET
from tests.slack.signed_requests import FORM, JSON, SignedRequests, enveloped, signature

PLAIN_EVENT = json.dumps(enveloped({"type": "channel_archive"})).encode()


async def test_slack_can_verify_the_url(requests: SignedRequests) -> None:
    answer = await requests.payload({"type": "url_verification", "challenge": "abc"})
    assert (answer.status, answer.text) == (200, "abc")
    answer = await requests.payload({"type": "url_verification", "challenge": "half \ud800 of a pair"})
    assert (answer.status, answer.text) == (200, "half ? of a pair")


async def test_a_signed_event_is_answered_200(requests: SignedRequests) -> None:
    assert (await requests.post(PLAIN_EVENT)).status == 200


async def test_an_unsigned_request_is_401_whatever_it_says(events_url: str, session: aiohttp.ClientSession) -> None:
    challenge = {"type": "url_verification", "challenge": "x"}
    for body in (PLAIN_EVENT, json.dumps(challenge).encode(), b"ssl_check=1", b"\xff", b""):
        async with session.post(events_url, data=body) as response:
            assert response.status == 401


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
async def test_a_compressed_body_is_415_before_it_is_read(
    events_url: str, session: aiohttp.ClientSession, encoding: str
) -> None:
    packed = gzip.compress(PLAIN_EVENT)
    headers = {"Content-Encoding": encoding, "Content-Type": JSON, **signature(packed, "1")}
    async with session.post(events_url, data=packed, headers=headers) as response:
        assert response.status == 415


@pytest.mark.parametrize("age_s", [360, -360])
async def test_a_signature_of_another_time_is_401(requests: SignedRequests, age_s: int) -> None:
    assert (await requests.post(PLAIN_EVENT, age_s=age_s)).status == 401


@pytest.mark.parametrize("at", ["soon", "", "-1", "1e9", "9" * 30, "１２３"])
async def test_a_timestamp_that_is_no_number_is_401(requests: SignedRequests, at: str) -> None:
    assert (await requests.post(PLAIN_EVENT, at=at)).status == 401


@pytest.mark.parametrize("given", ["v0=0000", "", "nonsense"])
async def test_a_wrong_signature_is_401(requests: SignedRequests, given: str) -> None:
    assert (await requests.post(PLAIN_EVENT, X_Slack_Signature=given)).status == 401


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
        (b"payload=%7Bnot+json", FORM),
        (b"payload=%5B%5D", FORM),
        (b"anything=else", FORM),
        (b"", FORM),
    ],
)
async def test_a_signed_body_that_is_invalid_is_400(requests: SignedRequests, body: bytes, content_type: str) -> None:
    assert (await requests.post(body, content_type)).status == 400


async def test_a_message_without_a_place_is_400(requests: SignedRequests) -> None:
    event = {"type": "message", "files": [{"id": "F0X", "mimetype": "audio/mp4"}]}
    assert (await requests.event(event)).status == 400


async def test_odd_fields_around_an_event_do_no_harm(requests: SignedRequests) -> None:
    event = {"type": "message", "text": None, "channel": CLIPS, "user": "U0ANN", "ts": "1790000005.606609"}
    odds: list[object] = [5, [], [None], [[]], {"a": 1}, "x"]
    for odd in odds:
        assert (await requests.event(event, authorizations=odd, team_id=odd, context_team_id=odd)).status == 200


async def test_a_command_without_a_person_or_a_trigger_is_400(requests: SignedRequests) -> None:
    form = {"command": "/voicememo", "channel_id": CLIPS}
    for one in ({"trigger_id": "1.2.3"}, {"user_id": "U0ANN"}, {"user_id": "U0ANN", "trigger_id": "1 2"}):
        assert (await requests.post(urlencode(form | one).encode(), FORM)).status == 400


@pytest.mark.parametrize("actions", [None, [], "press", {"action_id": "x"}, [[]], [{}], [{"action_id": 7}]])
async def test_a_click_on_nothing_is_400(requests: SignedRequests, actions: object) -> None:
    body = urlencode({"payload": json.dumps({"type": "block_actions", "actions": actions})}).encode()
    assert (await requests.post(body, FORM)).status == 400


@pytest.mark.parametrize("kind", ["view_submission", "block_suggestion", "shortcut", "message_action", "new_kind"])
@pytest.mark.parametrize("odd", [{}, {"user": 5}, {"view": []}, {"team": "x", "channel": None, "message": []}])
async def test_an_interaction_nobody_listens_to_never_is_our_fault(
    requests: SignedRequests, kind: str, odd: dict[str, object]
) -> None:
    body = urlencode({"payload": json.dumps({"type": kind, "callback_id": "unknown", **odd})}).encode()
    assert (await requests.post(body, FORM)).status in (200, 400)


async def test_an_unknown_command_and_an_ssl_check_are_answered_200(requests: SignedRequests) -> None:
    assert (await requests.post(b"command=%2Fother&user_id=U0ANN&channel_id=C0&trigger_id=1", FORM)).status == 200
    assert (await requests.post(b"ssl_check=1&token=x", FORM)).status == 200


async def test_a_body_over_one_megabyte_is_413(requests: SignedRequests) -> None:
    assert (await requests.post(b" " * (1024 * 1024 + 1))).status == 413


def test_an_empty_secret_is_refused() -> None:
    async def never(payload: object) -> None:
        raise AssertionError

    assert SECRET
    with pytest.raises(ValueError, match="empty secret"):
        HttpReceiver(never, "")  # type: ignore[arg-type]  # it is never called
