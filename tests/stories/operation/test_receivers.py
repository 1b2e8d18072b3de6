"""The two HTTP entrances: what is not signed is refused, nonsense is named, and a failing database answers 500."""

import asyncio
import gzip
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
IDLE_CONNECTIONS = 1_000


async def post(system: System, path: str, body: bytes, headers: Any) -> tuple[int, str]:
    url = system.bot.url + path
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def post_as_slack(system: System, body: bytes, *, age_s: float = 0, **headers: str) -> int:
    """The status for a body signed by Slack so long ago; ``headers`` replace those it would carry (``_`` for ``-``)."""
    signed = signature_headers(system.slack.signing_secret.encode(), body, int(time.time() - age_s))
    given = JSON | signed | {name.replace("_", "-"): value for name, value in headers.items()}
    return (await post(system, "/slack/events", body, given))[0]


async def post_as_linq(system: System, body: bytes, *, age_s: float = 0, name: str = "e1", **headers: str) -> int:
    """The same for a webhook of Linq's with that id."""
    signed = standard_headers(system.sandbox.linq.webhook_secret, name, int(time.time() - age_s), body)
    given = JSON | signed | {name.replace("_", "-"): value for name, value in headers.items()}
    return (await post(system, "/linq/webhooks", body, given))[0]


def encoded(what: object) -> bytes:
    return json.dumps(what).encode()


async def test_what_is_rightly_signed_is_taken(shared_system: System) -> None:
    assert await post_as_slack(shared_system, encoded(EVENT | {"event": {"type": "app_mention"}})) == 200
    assert await post_as_linq(shared_system, encoded(WEBHOOK)) == 200


@pytest.mark.parametrize("path", ["/slack/events", "/linq/webhooks"])
async def test_what_is_not_signed_is_refused_whatever_it_is(shared_system: System, path: str) -> None:
    for body in (encoded(EVENT), encoded(WEBHOOK), b"", b"null", b"\xff\xfe", b"ssl_check=1", b"x" * 5000):
        status, said = await post(shared_system, path, body, JSON)
        assert (status, "Traceback" in said) == (401, False)


async def test_a_signature_by_another_key_or_over_another_body_is_refused(shared_system: System) -> None:
    now, body = int(time.time()), encoded(WEBHOOK)
    others = standard_headers(new_secret(), "e1", now, body)
    assert await post_as_linq(shared_system, body, webhook_signature=others["webhook-signature"]) == 401
    over_another_body = signature_headers(shared_system.slack.signing_secret.encode(), b"{}", now)
    assert (await post(shared_system, "/slack/events", body, JSON | over_another_body))[0] == 401


@pytest.mark.parametrize("age_s", [330, -330])
async def test_a_signature_expires_after_five_minutes(shared_system: System, age_s: float) -> None:
    """Whoever recorded a request cannot repeat it; nor can one be made for later. Half a minute is left for a machine
    that is slow."""
    assert await post_as_slack(shared_system, encoded(EVENT), age_s=age_s) == 401
    assert await post_as_linq(shared_system, encoded(WEBHOOK), age_s=age_s) == 401


async def test_a_new_time_or_id_on_an_old_signature_is_refused(shared_system: System) -> None:
    old = signature_headers(shared_system.slack.signing_secret.encode(), encoded(EVENT), int(time.time()) - 900)
    assert await post_as_slack(shared_system, encoded(EVENT), X_Slack_Signature=old["X-Slack-Signature"]) == 401
    assert await post_as_linq(shared_system, encoded(WEBHOOK), webhook_id="e2") == 401
    assert await post_as_linq(shared_system, encoded(WEBHOOK), webhook_timestamp=str(int(time.time()) - 1)) == 401


SIGNATURES = ["", " ", "v1", "v1,", ",", "v1,,", "v0=", "v0=é", "v1,YQ==", "v1a,YQ==", "v2,YQ==", "v1," + "A" * 7000]
TIMES = ["", "soon", "1e9", "-1", "٣", "0x5f", "1" * 400, "9" * 12, "NaN"]


async def test_malformed_signatures_and_times_are_refused(shared_system: System) -> None:
    for signature in SIGNATURES:
        assert await post_as_slack(shared_system, encoded(EVENT), X_Slack_Signature=signature) == 401, signature
        assert await post_as_linq(shared_system, encoded(WEBHOOK), webhook_signature=signature) == 401, signature
    for at in TIMES:
        assert await post_as_slack(shared_system, encoded(EVENT), X_Slack_Request_Timestamp=at) == 401, at
        assert await post_as_linq(shared_system, encoded(WEBHOOK), webhook_timestamp=at) == 401, at


async def test_a_header_given_twice_is_refused(shared_system: System) -> None:
    body, now = encoded(WEBHOOK), int(time.time())
    right = standard_headers(shared_system.sandbox.linq.webhook_secret, "e1", now, body)
    twice = [*right.items(), ("webhook-id", "e2"), *JSON.items()]
    assert (await post(shared_system, "/linq/webhooks", body, twice))[0] == 401


async def test_a_compressed_body_is_refused_unread(shared_system: System) -> None:
    """Ten bodies that inflate to a lot once stopped the bot for six seconds; signed or not, none is inflated."""
    packed = gzip.compress(encoded(EVENT))
    for encoding in ("gzip", "deflate", "br", "zstd"):
        assert await post_as_slack(shared_system, packed, Content_Encoding=encoding) == 415
        assert await post_as_linq(shared_system, packed, Content_Encoding=encoding) == 415


NONSENSE = [b"", b"null", b"[]", b'"hi"', b"{", b"\xff\xfe\x00", b"[" * 60_000, b'{"type":"event_callback","event":7}']


async def test_signed_nonsense_is_400(shared_system: System) -> None:
    for nonsense in NONSENSE:
        assert await post_as_slack(shared_system, nonsense) == 400, nonsense[:40]
        assert await post_as_linq(shared_system, nonsense) == 400, nonsense[:40]


async def test_a_body_of_more_than_a_mebibyte_is_413(shared_system: System) -> None:
    huge = b'{"type":"' + b"x" * 1024 * 1024 + b'"}'
    assert await post_as_slack(shared_system, huge) == 413
    assert await post_as_linq(shared_system, huge) == 413


async def test_what_nobody_listens_to_is_200(shared_system: System) -> None:
    """Slack counts anything else as a failure, and Linq drops the event for good."""
    for kind in ("file_created", "app_mention", "a_kind_of_tomorrow"):
        assert await post_as_slack(shared_system, encoded(EVENT | {"event": {"type": kind}})) == 200
    assert await post_as_slack(shared_system, encoded(EVENT | {"type": "an_envelope_of_tomorrow"})) == 200
    assert await post_as_linq(shared_system, encoded(WEBHOOK | {"event_type": "kind.of.tomorrow"})) == 200


async def test_a_signed_url_verification_is_answered_with_its_challenge(shared_system: System) -> None:
    assert await shared_system.slack.verify_url()


async def test_other_routes_and_methods_give_nothing_away(shared_system: System) -> None:
    for path in ("/", "/.env", "/slack", "/clips/abc/memo.m4a", "/slack/events", "/linq/webhooks"):
        status, said = await get(shared_system, path)
        assert status in (404, 405)
        assert "aiohttp" not in said.lower()


async def test_a_thousand_idle_connections_hold_up_no_clip(linked: System) -> None:
    """They are bounded, and close to nothing is logged of them; the ones beyond the bound are hung up on at once."""
    before = len(linked.bot.log)
    host, port = "127.0.0.1", linked.bot.port
    idle = [await asyncio.open_connection(host, port) for _ in range(IDLE_CONNECTIONS)]
    hung_up = [reader for reader, _ in idle if reader.at_eof()]
    for _, writer in idle[:300]:
        writer.close()
    message = await linked.drop()
    await linked.until_shown(message, "read")
    for _, writer in idle:
        writer.close()
    assert len(hung_up) < IDLE_CONNECTIONS
    assert len(linked.bot.log) - before < 50


async def test_a_database_that_is_down_is_500_and_what_came_comes_again(linked: System) -> None:
    """In both directions: nothing is answered 200 that is not stored."""
    linked.sandbox.time_scale.scale = 0.01
    allow_connections(linked, False)
    try:
        message = await linked.drop()
        linked.phone.send(linked.chat, "Anybody there?")
        await linked.until(lambda: bool(message.delivery and message.delivery.answers))
        await linked.until(lambda: bool(linked.sandbox.wire.named("webhook message.received")))
        assert message.delivery is not None
        assert message.delivery.answers[0].status == 500
        assert linked.sandbox.wire.named("webhook message.received")[0].status == 500
        status, said = await get(linked, "/readyz")
        assert (status, json.loads(said)["database"]["ok"]) == (503, False)
    finally:
        allow_connections(linked, True)
    await linked.until_shown(message, "read")
    await linked.until_posted("Anybody there?")
    assert len(linked.memos()) == 1


def allow_connections(system: System, are_allowed: bool) -> None:
    """Let the bot's database take connections, or cut them all and take no more."""
    url = system.settings["DATABASE_URL"]
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {are_allowed}".encode())
        if not are_allowed:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
