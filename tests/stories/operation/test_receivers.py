"""Who knocks at the two doors: what is not signed is turned away, nonsense is named, and a failing memory says so."""

import json
import time
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.sandbox.linq.webhooks.signing import new_secret, standard_headers
from bot.sandbox.slack.events.http_transport import signature_headers
from tests.stories.system import System, get

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENT = {"type": "event_callback", "event": {"type": "reaction_added"}, "event_id": "Ev1", "team_id": "T1"}
WEBHOOK = {"event_type": "chat.created", "event_id": "e1", "data": {}}
JSON = {"Content-Type": "application/json"}


async def knock(system: System, path: str, body: bytes, headers: Any) -> tuple[int, str]:
    url = system.bot.url + path
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def slack_says(system: System, body: bytes, *, age_s: float = 0, **headers: str) -> int:
    """The status for a body signed by Slack so long ago; ``headers`` replace those it would carry (``_`` for ``-``)."""
    signed = signature_headers(system.sandbox.slack.signing_secret.encode(), body, int(time.time() - age_s))
    given = JSON | signed | {name.replace("_", "-"): value for name, value in headers.items()}
    return (await knock(system, "/slack/events", body, given))[0]


async def linq_says(system: System, body: bytes, *, age_s: float = 0, name: str = "e1", **headers: str) -> int:
    """The same for a webhook of Linq's, called ``name``."""
    signed = standard_headers(system.sandbox.linq.webhook_secret, name, int(time.time() - age_s), body)
    given = JSON | signed | {name.replace("_", "-"): value for name, value in headers.items()}
    return (await knock(system, "/linq/webhooks", body, given))[0]


def sealed(what: object) -> bytes:
    return json.dumps(what).encode()


async def test_what_is_rightly_signed_comes_in(shared_system: System) -> None:
    assert await slack_says(shared_system, sealed(EVENT)) == 200
    assert await linq_says(shared_system, sealed(WEBHOOK)) == 200


@pytest.mark.parametrize("path", ["/slack/events", "/linq/webhooks"])
async def test_what_is_not_signed_stays_outside_whatever_it_is(shared_system: System, path: str) -> None:
    for body in (sealed(EVENT), sealed(WEBHOOK), b"", b"null", b"\xff\xfe", b"ssl_check=1", b"x" * 5000):
        status, said = await knock(shared_system, path, body, JSON)
        assert (status, "Traceback" in said) == (401, False)


async def test_a_signature_of_somebody_else_or_over_something_else_is_refused(shared_system: System) -> None:
    now, body = int(time.time()), sealed(WEBHOOK)
    others = standard_headers(new_secret(), "e1", now, body)
    assert await linq_says(shared_system, body, webhook_signature=others["webhook-signature"]) == 401
    over_another_body = signature_headers(shared_system.sandbox.slack.signing_secret.encode(), b"{}", now)
    assert (await knock(shared_system, "/slack/events", sealed(EVENT), JSON | over_another_body))[0] == 401


@pytest.mark.parametrize("age_s", [301, -301])
async def test_a_signed_request_is_worth_nothing_after_five_minutes(shared_system: System, age_s: float) -> None:
    """Whoever recorded one cannot play it again; nor can one be made for later."""
    assert await slack_says(shared_system, sealed(EVENT), age_s=age_s) == 401
    assert await linq_says(shared_system, sealed(WEBHOOK), age_s=age_s) == 401


async def test_a_new_time_or_name_on_an_old_signature_is_refused(shared_system: System) -> None:
    old = signature_headers(shared_system.sandbox.slack.signing_secret.encode(), sealed(EVENT), int(time.time()) - 900)
    assert await slack_says(shared_system, sealed(EVENT), X_Slack_Signature=old["X-Slack-Signature"]) == 401
    assert await linq_says(shared_system, sealed(WEBHOOK), webhook_id="e2") == 401
    assert await linq_says(shared_system, sealed(WEBHOOK), webhook_timestamp=str(int(time.time()) - 1)) == 401


TRICKS = ["", " ", "v1", "v1,", ",", "v1,,", "v0=", "v0=é", "v1,YQ==", "v1a,YQ==", "v2,YQ==", "v1," + "A" * 7000]


@pytest.mark.parametrize("trick", TRICKS)
async def test_odd_signatures_are_refused_without_a_stumble(shared_system: System, trick: str) -> None:
    assert await slack_says(shared_system, sealed(EVENT), X_Slack_Signature=trick) == 401
    assert await linq_says(shared_system, sealed(WEBHOOK), webhook_signature=trick) == 401


@pytest.mark.parametrize("trick", ["", "soon", "1e9", "-1", "٣", "0x5f", "1" * 400, "9" * 12, "NaN"])
async def test_odd_times_are_refused_without_a_stumble(shared_system: System, trick: str) -> None:
    assert await slack_says(shared_system, sealed(EVENT), X_Slack_Request_Timestamp=trick) == 401
    assert await linq_says(shared_system, sealed(WEBHOOK), webhook_timestamp=trick) == 401


async def test_a_header_that_comes_twice_does_not_smuggle_anything_in(shared_system: System) -> None:
    body, now = sealed(WEBHOOK), int(time.time())
    right = standard_headers(shared_system.sandbox.linq.webhook_secret, "e1", now, body)
    twice = [*right.items(), ("webhook-id", "e2"), *JSON.items()]
    assert (await knock(shared_system, "/linq/webhooks", body, twice))[0] == 401


NONSENSE = [b"", b"null", b"[]", b'"hi"', b"{", b"\xff\xfe\x00", b"[" * 60_000, b'{"type":"event_callback","event":7}']


@pytest.mark.parametrize("nonsense", NONSENSE, ids=range(len(NONSENSE)))
async def test_signed_nonsense_is_400(shared_system: System, nonsense: bytes) -> None:
    assert await slack_says(shared_system, nonsense) == 400
    assert await linq_says(shared_system, nonsense) == 400


async def test_a_body_of_more_than_a_mebibyte_is_413(shared_system: System) -> None:
    huge = b'{"type":"' + b"x" * 1024 * 1024 + b'"}'
    assert await slack_says(shared_system, huge) == 413
    assert await linq_says(shared_system, huge) == 413


async def test_what_nobody_listens_to_is_200(shared_system: System) -> None:
    """Slack counts anything else as a failure, and Linq drops the event for good."""
    for kind in ("file_created", "app_mention", "a_kind_of_tomorrow"):
        assert await slack_says(shared_system, sealed(EVENT | {"event": {"type": kind}})) == 200
    assert await slack_says(shared_system, sealed(EVENT | {"type": "an_envelope_of_tomorrow"})) == 200
    assert await linq_says(shared_system, sealed(WEBHOOK | {"event_type": "kind.of.tomorrow"})) == 200


async def test_a_signed_url_verification_is_answered_with_its_challenge(shared_system: System) -> None:
    assert await shared_system.sandbox.slack.verify_url()


async def test_other_routes_and_methods_give_nothing_away(shared_system: System) -> None:
    for path in ("/", "/.env", "/slack", "/clips/abc/memo.m4a", "/slack/events", "/linq/webhooks"):
        status, said = await get(shared_system, path)
        assert status in (404, 405)
        assert "aiohttp" not in said.lower()


async def test_a_database_that_is_down_is_500_and_what_came_comes_again(linked: System) -> None:
    linked.sandbox.time_scale.scale = 0.01
    set_open(linked, False)
    try:
        message = await linked.drop()
        await linked.until(lambda: bool(message.delivery and message.delivery.answers))
        assert message.delivery is not None
        assert message.delivery.answers[0].status == 500
        failed = WEBHOOK | {"event_type": "message.failed", "data": {"message_id": "m"}}
        assert await linq_says(linked, sealed(failed)) == 500
        status, said = await get(linked, "/readyz")
        assert (status, json.loads(said)["database"]["ok"]) == (503, False)
    finally:
        set_open(linked, True)
    await linked.until_shown(message, "read", timeout=60)
    assert len(linked.memos()) == 1
    linked.sandbox.time_scale.scale = 1.0


def set_open(system: System, is_open: bool) -> None:
    """Let the bot's database take connections, or cut them all and take no more."""
    url = system.settings["DATABASE_URL"]
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {is_open}".encode())
        if not is_open:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
