"""The receiver over real HTTP: what Linq is answered, and what is stored before it is."""

import asyncio
import base64
import gzip
import hmac
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.linq.adapter import LinqAdapter
from bot.linq.inbound.http_receiver import LARGEST_BODY, WebhookReceiver
from bot.linq.inbound.ports import LineStatus, Sinks, SubscriptionDisabled, TokenExpiry
from bot.relay.errors import RetryLater
from bot.relay.ids import PersonId, RoomId
from bot.relay.inbound_order import InboundOrder
from bot.relay.model import Message, Receipt, ReceiptKind
from tests.linq.api.test_sender_against_local_linq import sent
from tests.linq.conftest import IDS, PAYLOADS, Payload, now
from tests.linq.local_linq import LocalLinq, Wire

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
NEW_SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()
NOW = datetime(2026, 11, 22, 6, 0, 5, tzinfo=UTC)


@dataclass
class Memory:
    """Where facts are stored, in their order, and rooms that are to be read. ``breaks_at``: it fails from this call on
    with ``trouble``. ``held``: clear it, and the
    next message is not stored until it is set again; ``asked`` is set once that message is there."""

    breaks_at: int | None = None
    trouble: Exception = field(default_factory=lambda: RuntimeError("no database"))
    stored: list[object] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.held.set()
        self.order = InboundOrder(self.open_gap)

    async def open_gap(self, rooms: Sequence[RoomId]) -> None:
        self.stored += rooms

    def sinks(self) -> Sinks:
        return Sinks(self, self, self, self)

    def keep(self, fact: object) -> None:
        if self.breaks_at is not None and len(self.stored) >= self.breaks_at:
            raise self.trouble
        self.stored.append(fact)

    async def accept(self, message: Message) -> None:
        if not self.asked.is_set():
            self.asked.set()
            await self.held.wait()
        self.keep(message)

    async def add(self, receipts: Sequence[Receipt]) -> None:
        for receipt in receipts:
            self.keep(receipt)

    async def save_card(self, person: PersonId, handle: str, name: str, photo_url: str) -> None:
        self.keep((person, handle, name, photo_url))

    async def line_status(self, status: LineStatus) -> None:
        self.keep(status)

    async def subscription_disabled(self, disabled: SubscriptionDisabled) -> None:
        self.keep(disabled)

    async def token_expires(self, expiry: TokenExpiry) -> None:
        self.keep(expiry)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def headers_for(body: bytes, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), f"w1.{stamp}.".encode() + body, "sha256")
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": "w1", "webhook-timestamp": stamp, "webhook-signature": signature}


@dataclass
class Caller:
    """Linq, or a stranger."""

    session: aiohttp.ClientSession
    url: str

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        return (await self.answer(body, headers))[0]

    async def answer(self, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        async with self.session.post(
            self.url, data=body, headers=headers_for(body) if headers is None else headers
        ) as answer:
            return answer.status, (await answer.json())["result"]

    async def tell(self, event: object) -> int:
        return await self.post(json.dumps(event).encode())


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def receiver(memory: Memory, clock: Clock) -> WebhookReceiver:
    return WebhookReceiver(memory.sinks(), memory.order, ids=IDS, secret=SECRET, now=clock)


@pytest.fixture
async def linq(receiver: WebhookReceiver, session: aiohttp.ClientSession) -> AsyncIterator[Caller]:
    runner = await served(receiver)
    yield Caller(session, url_of(runner))
    await runner.cleanup()


async def served(receiver: WebhookReceiver) -> web.AppRunner:
    app = web.Application()
    app.router.add_post("/linq/webhooks", receiver.receive)
    runner = web.AppRunner(app, auto_decompress=False)  # as the bot's server: else aiohttp unpacks before we are asked
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


def url_of(runner: web.AppRunner) -> str:
    return f"http://127.0.0.1:{runner.addresses[0][1]}/linq/webhooks"


# Stored before answered


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("message_received", [Message]),
        ("message_received_stop", [Message, Message]),
        ("message_edited", [Message]),
        ("reaction_added", [Message]),
        ("participant_added", [Message]),
        ("chat_group_name_updated", [Message]),
        ("message_sent", [Receipt, Message]),
        ("message_delivered", [Receipt]),
        ("message_read", [Receipt]),
        ("message_failed", [Receipt]),
        ("contact_card_received", [tuple]),
        ("phone_number_status_updated", [LineStatus]),
        ("webhook_subscription_disabled", [SubscriptionDisabled]),
        ("api_token_expiry_scheduled", [TokenExpiry]),
    ],
)
async def test_every_fact_is_stored_before_the_answer(
    linq: Caller, memory: Memory, payload: Payload, name: str, kinds: list[type]
) -> None:
    assert await linq.tell(payload(name)) == 200
    assert [type(fact) for fact in memory.stored] == kinds


@pytest.mark.parametrize(
    ("name", "breaks_at"), [("message_sent", 0), ("message_sent", 1), ("contact_card_received", 0)]
)
async def test_store_that_fails_makes_linq_deliver_again(
    linq: Caller, memory: Memory, payload: Payload, name: str, breaks_at: int
) -> None:
    memory.breaks_at = breaks_at
    assert await linq.tell(payload(name)) == 500


async def test_event_without_an_id_is_known_by_its_webhooks(linq: Caller, memory: Memory, payload: Payload) -> None:
    """Two under one id would be taken for a repeat, and the second for nothing."""
    assert await linq.tell({**payload("message_delivered"), "event_id": None}) == 200
    [receipt] = memory.stored
    assert isinstance(receipt, Receipt)
    assert receipt.id == "w1"


async def test_repeat_is_handed_on_with_the_same_ids(linq: Caller, memory: Memory, payload: Payload) -> None:
    """The store knows it by its id; the receiver remembers nothing."""
    assert await linq.tell(payload("message_received")) == 200
    assert await linq.tell(payload("message_received")) == 200
    first, second = memory.stored
    assert first == second


def received(payload: Payload, message: str, chat: str) -> object:
    event = payload("message_received")
    event["event_id"] = event["data"]["id"] = message
    event["data"]["chat"]["id"] = chat
    return event


async def test_webhooks_of_a_chat_are_stored_in_order_and_hold_up_no_other(
    linq: Caller, memory: Memory, payload: Payload
) -> None:
    memory.held.clear()
    first = asyncio.create_task(linq.tell(received(payload, "m1", "ann")))
    await memory.asked.wait()
    second = asyncio.create_task(linq.tell(received(payload, "m2", "ann")))
    assert await linq.tell(received(payload, "m3", "ben")) == 200
    memory.held.set()
    assert [await first, await second] == [200, 200]
    stored = [fact.id for fact in memory.stored if isinstance(fact, Message)]
    assert [message.rpartition("#")[2] for message in stored] == ["m3", "m1", "m2"]


async def test_webhook_that_could_not_be_stored_has_its_chat_read_before_the_next_one(
    linq: Caller, memory: Memory, payload: Payload
) -> None:
    memory.breaks_at, memory.trouble = 0, RetryLater("The database cannot be reached.")
    assert await linq.tell(received(payload, "m1", "ann")) == 500
    memory.breaks_at = None
    assert await linq.tell(received(payload, "m2", "ann")) == 200
    [room, message] = memory.stored
    assert isinstance(message, Message)
    assert room == message.room


async def test_types_that_nobody_knows_are_welcome(linq: Caller, memory: Memory) -> None:
    memory.breaks_at = 0
    assert await linq.tell({"event_type": "moon.landed", "event_id": "e"}) == 200


# Refused


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
    assert await linq.post(body) == 400


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
async def test_unsigned_body_is_401(linq: Caller, memory: Memory, body: bytes, headers: dict[str, str]) -> None:
    assert await linq.answer(body, headers) == (401, "not signed by Linq")
    assert memory.stored == []


@pytest.mark.parametrize("in_pieces", [False, True])
async def test_body_over_one_mebibyte_is_413(linq: Caller, in_pieces: bool) -> None:
    body = b" " * (LARGEST_BODY + 1)

    async def pieces() -> AsyncIterator[bytes]:
        yield body

    headers = headers_for(body)
    async with linq.session.post(linq.url, data=pieces() if in_pieces else body, headers=headers) as answer:
        assert answer.status == 413


async def test_body_of_just_one_mebibyte_is_read(linq: Caller) -> None:
    event = b'{"event_type": "moon.landed", "event_id": "e"'
    assert await linq.post(event + b" " * (LARGEST_BODY - len(event) - 1) + b"}") == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
async def test_packed_body_is_415_however_it_is_signed(
    linq: Caller, memory: Memory, payload: Payload, encoding: str
) -> None:
    """It would be unpacked before anybody knows who sent it."""
    body = gzip.compress(json.dumps(payload("message_sent")).encode())
    assert await linq.post(body, {**headers_for(body), "Content-Encoding": encoding}) == 415
    assert memory.stored == []


async def test_identity_is_no_packing(linq: Caller, payload: Payload) -> None:
    body = json.dumps(payload("message_sent")).encode()
    assert await linq.post(body, {**headers_for(body), "Content-Encoding": "identity"}) == 200


# Secrets and clocks


async def test_secret_that_was_made_meanwhile_is_trusted_beside_the_old(
    linq: Caller, receiver: WebhookReceiver, payload: Payload
) -> None:
    body = json.dumps(payload("message_sent")).encode()
    assert await linq.post(body, headers_for(body, NEW_SECRET)) == 401
    receiver.add_secret(NEW_SECRET)
    assert await linq.post(body, headers_for(body, NEW_SECRET)) == 200
    assert await linq.post(body) == 200


def test_secret_that_cannot_be_one_stops_the_start(memory: Memory) -> None:
    with pytest.raises(ValueError, match="LINQ_WEBHOOK_SECRET"):
        WebhookReceiver(memory.sinks(), memory.order, ids=IDS, secret="whsec_???", now=now)


async def test_without_a_secret_everybody_is_refused(
    memory: Memory, clock: Clock, session: aiohttp.ClientSession, payload: Payload
) -> None:
    runner = await served(WebhookReceiver(memory.sinks(), memory.order, ids=IDS, now=clock))
    assert await Caller(session, url_of(runner)).tell(payload("message_sent")) == 401
    await runner.cleanup()


async def test_wrong_secret_is_named_once_a_webhook_was_missed_over_it(
    linq: Caller, receiver: WebhookReceiver, payload: Payload
) -> None:
    body = json.dumps(payload("message_sent")).encode()
    assert await linq.post(body, headers_for(body, NEW_SECRET)) == 401
    assert await receiver.ping() == ""  # it may have been anybody
    receiver.suspect_secret()
    assert "LINQ_WEBHOOK_SECRET" in await receiver.ping()
    assert await linq.post(body) == 200
    assert await receiver.ping() == ""


@pytest.mark.parametrize("minutes", [-60, 60, 6])
async def test_wrong_clock_is_named_as_such(
    linq: Caller, receiver: WebhookReceiver, clock: Clock, payload: Payload, minutes: int
) -> None:
    """Another secret would help nobody."""
    body = json.dumps(payload("message_sent")).encode()
    clock.now = NOW + timedelta(minutes=minutes)
    status, reason = await linq.answer(body)
    assert status == 401
    assert "clock" in reason
    receiver.suspect_secret()
    said = await receiver.ping()
    assert f"{abs(minutes)} minutes apart" in said
    assert "LINQ_WEBHOOK_SECRET" not in said
    clock.now = NOW
    assert await linq.post(body) == 200
    assert await receiver.ping() == ""


async def test_webhook_missed_without_a_refusal_says_nothing_of_the_secret(receiver: WebhookReceiver) -> None:
    receiver.suspect_secret()
    assert await receiver.ping() == ""


# Logs


async def test_refusals_are_logged_once_a_minute_with_their_number(
    linq: Caller, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody can be refused, and must not fill the disk."""
    for _ in range(5):
        await linq.post(b"{}", {})
    clock.now += timedelta(minutes=1)
    await linq.post(b"{}", {})
    refused = [record for record in caplog.records if record.msg == "linq.webhook_refused"]
    assert [vars(record)["times"] for record in refused] == [1, 5]


async def test_nothing_private_is_logged(linq: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "memobridge")
    for path in sorted(Path(PAYLOADS).glob("*.json")):
        await linq.post(path.read_bytes())
    await linq.post(b"+12025550123", {})
    said = " ".join(str(vars(record)) for record in caplog.records if record.name == "memobridge.linq")
    assert "linq.webhook_stored" in said
    private = ("2025550", "cdn.linqapp", "memo.m4a", "Got it", "Example", "Family", "ops@", "lq_ab12", SECRET)
    assert not [secret for secret in private if secret in said]


# The sandbox's own webhooks


async def test_webhooks_of_the_local_linq_are_understood(
    server: LocalLinq, adapter: LinqAdapter, wire: Wire, memory: Memory
) -> None:
    runner = await served(adapter.webhook_receiver(memory.sinks(), memory.order, secret=server.webhook_secret))
    server.subscribe(f"{url_of(runner)}?version=2026-02-03")
    memo = await sent(adapter)
    await wire.until(lambda: len(wire.named("webhook message.read")) == 1)
    receipts = [fact for fact in memory.stored if isinstance(fact, Receipt)]
    assert {receipt.kind for receipt in receipts} == {ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ}
    assert memo.receipt
    known = {(receipt.message, receipt.trace_id, receipt.attachments) for receipt in receipts}
    assert known == {(memo.message, memo.trace_id, memo.receipt.attachments)}
    await runner.cleanup()
