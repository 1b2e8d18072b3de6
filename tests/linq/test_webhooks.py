"""The entrance over real HTTP: what Linq is answered, and what is stored before it is."""

import base64
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.linq.webhooks import LARGEST_BODY, Entrance
from bot.relay.model import Receipt, ReceiptKind
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.wire import Wire
from tests.linq.conftest import now
from tests.linq.test_client import sent

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
NEW_SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()
NOW = datetime(2026, 11, 22, 6, 0, 5, tzinfo=UTC)

Payload = Callable[[str], Any]


@dataclass
class Memory:
    """Where receipts are stored; can be out of order."""

    is_broken: bool = False
    stored: list[Receipt] = field(default_factory=list)

    async def add(self, receipts: Sequence[Receipt]) -> None:
        if self.is_broken:
            raise RuntimeError("no database")
        self.stored += receipts


def headers_for(body: bytes, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), f"w1.{stamp}.".encode() + body, "sha256")
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": "w1", "webhook-timestamp": stamp, "webhook-signature": signature}


@dataclass
class Caller:
    """Linq at the door."""

    session: aiohttp.ClientSession
    url: str

    async def knock(self, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        sealed = headers_for(body) if headers is None else headers
        async with self.session.post(self.url, data=body, headers=sealed) as answer:
            return answer.status

    async def tell(self, event: object) -> int:
        return await self.knock(json.dumps(event).encode())


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def entrance(memory: Memory) -> Entrance:
    return Entrance(memory.add, secret=SECRET, now=lambda: NOW)


@pytest.fixture
async def linq(entrance: Entrance, session: aiohttp.ClientSession) -> AsyncIterator[Caller]:
    runner = web.AppRunner(served(entrance))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Caller(session, f"http://127.0.0.1:{runner.addresses[0][1]}/linq/webhooks")
    await runner.cleanup()


def served(entrance: Entrance) -> web.Application:
    app = web.Application()
    app.router.add_post("/linq/webhooks", entrance.webhook)
    return app


async def test_a_receipt_is_stored_before_it_is_answered(linq: Caller, memory: Memory, payload: Payload) -> None:
    assert await linq.tell(payload("message_sent")) == 200
    assert [receipt.kind for receipt in memory.stored] == [ReceiptKind.SENT]


async def test_a_store_that_fails_makes_linq_come_again(linq: Caller, memory: Memory, payload: Payload) -> None:
    memory.is_broken = True
    assert await linq.tell(payload("message_sent")) == 500


async def test_a_receipt_whose_event_has_no_id_is_known_by_its_webhooks(
    linq: Caller, memory: Memory, payload: Payload
) -> None:
    """Two under one id would be taken for a repeat, and the second for nothing."""
    assert await linq.tell({**payload("message_sent"), "event_id": None}) == 200
    assert [receipt.id for receipt in memory.stored] == ["w1"]


async def test_a_repeat_is_handed_on_with_the_same_id(linq: Caller, memory: Memory, payload: Payload) -> None:
    """The store knows it by its id; the entrance remembers nothing."""
    assert await linq.tell(payload("message_sent")) == 200
    assert await linq.tell(payload("message_sent")) == 200
    assert len({receipt.id for receipt in memory.stored}) == 1


@pytest.mark.parametrize("name", ["reaction_added", "message_received", "message_sent_text"])
async def test_what_tells_us_nothing_is_welcome_too(linq: Caller, memory: Memory, payload: Payload, name: str) -> None:
    assert await linq.tell(payload(name)) == 200
    assert memory.stored == []


async def test_types_nobody_has_heard_of_are_welcome(linq: Caller, memory: Memory) -> None:
    memory.is_broken = True
    assert await linq.tell({"event_type": "moon.landed", "event_id": "e"}) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"null",
        b"7",
        b'"x"',
        b"{}",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 10_000,
        b"9" * 5000,
    ],
)
async def test_signed_nonsense_is_400(linq: Caller, body: bytes) -> None:
    assert await linq.knock(body) == 400


@pytest.mark.parametrize("body", [b'{"event_type": "message.sent"}', b"\xff", b""])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "w1"},
        {"webhook-id": "w1", "webhook-timestamp": "now", "webhook-signature": "v1,x"},
        {"webhook-id": "w1", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": "v1"},
        {"webhook-id": "w1", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": "v1,é  ,"},
        headers_for(b"something else"),
        headers_for(b"", NEW_SECRET),
    ],
)
async def test_without_a_good_signature_nobody_is_heard(
    linq: Caller, memory: Memory, body: bytes, headers: dict[str, str]
) -> None:
    assert await linq.knock(body, headers) == 401
    assert memory.stored == []


async def test_an_old_signature_is_401(linq: Caller, payload: Payload) -> None:
    body = json.dumps(payload("message_sent")).encode()
    assert await linq.knock(body, headers_for(body, at=datetime(2026, 11, 22, 5, 55, tzinfo=UTC))) == 401


@pytest.mark.parametrize("in_pieces", [False, True])
async def test_a_body_over_one_mebibyte_is_413(linq: Caller, in_pieces: bool) -> None:
    body = b" " * (LARGEST_BODY + 1)

    async def pieces() -> AsyncIterator[bytes]:
        yield body

    sealed = headers_for(body)
    async with linq.session.post(linq.url, data=pieces() if in_pieces else body, headers=sealed) as answer:
        assert answer.status == 413


async def test_a_body_of_just_one_mebibyte_is_read(linq: Caller) -> None:
    event = b'{"event_type": "moon.landed", "event_id": "e"'
    assert await linq.knock(event + b" " * (LARGEST_BODY - len(event) - 1) + b"}") == 200


async def test_a_secret_made_on_the_way_is_trusted_beside_the_old(
    linq: Caller, entrance: Entrance, payload: Payload
) -> None:
    body = json.dumps(payload("message_sent")).encode()
    assert await linq.knock(body, headers_for(body, NEW_SECRET)) == 401
    entrance.trust(NEW_SECRET)
    assert await linq.knock(body, headers_for(body, NEW_SECRET)) == 200
    assert await linq.knock(body) == 200


def test_a_secret_that_cannot_be_one_stops_the_start(memory: Memory) -> None:
    with pytest.raises(ValueError, match="LINQ_WEBHOOK_SECRET"):
        Entrance(memory.add, secret="whsec_???", now=now)


async def test_without_a_secret_everybody_is_refused(
    memory: Memory, session: aiohttp.ClientSession, payload: Payload
) -> None:
    runner = web.AppRunner(served(Entrance(memory.add, now=lambda: NOW)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    caller = Caller(session, f"http://127.0.0.1:{runner.addresses[0][1]}/linq/webhooks")
    assert await caller.tell(payload("message_sent")) == 401
    await runner.cleanup()


async def test_the_local_linqs_own_webhooks_are_understood(
    side: LinqServer, client: Any, wire: Wire, session: aiohttp.ClientSession
) -> None:
    memory = Memory()
    runner = web.AppRunner(served(Entrance(memory.add, secret=side.webhook_secret, now=now)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    side.subscribe(f"http://127.0.0.1:{runner.addresses[0][1]}/linq/webhooks?version=2026-02-03")
    memo = await sent(client, Chats.ANN)  # type: ignore[arg-type]  # a chat id by name
    await wire.until(lambda: len(wire.named("webhook message.read")) == 1)
    assert {receipt.kind for receipt in memory.stored} == {ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ}
    assert {(r.memo, r.trace_id, r.attachments) for r in memory.stored} == {(memo.id, memo.trace_id, memo.attachments)}
    await runner.cleanup()


async def test_nothing_private_is_logged(linq: Caller, payload: Payload, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "memobridge")
    for name in ("message_sent", "message_received", "message_failed"):
        await linq.tell(payload(name))
    await linq.knock(b"+12025550123", {})
    said = " ".join(str(vars(record)) for record in caplog.records if record.name == "memobridge.linq")
    assert "receipt stored" in said
    assert not any(secret in said for secret in ("2025550", "cdn.linqapp", "memo.m4a", "Got it", SECRET))


async def test_a_secret_that_does_not_fit_is_told_once_a_webhook_was_missed_over_it(
    linq: Caller, entrance: Entrance, payload: Payload
) -> None:
    body = json.dumps(payload("message_sent")).encode()
    assert await linq.knock(body, headers_for(body, NEW_SECRET)) == 401
    assert await entrance.ping() == ""  # it may have been anybody
    entrance.doubt()
    assert "LINQ_WEBHOOK_SECRET" in await entrance.ping()
    assert await linq.knock(body) == 200
    assert await entrance.ping() == ""


async def test_a_webhook_that_was_missed_without_a_refusal_says_nothing_of_the_secret(entrance: Entrance) -> None:
    entrance.doubt()
    assert await entrance.ping() == ""
