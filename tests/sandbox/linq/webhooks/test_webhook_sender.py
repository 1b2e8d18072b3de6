"""Webhooks: signed, versioned, told in order on a good day, and repeated until they are taken."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from typing import Any

import pytest
from linq.types import (
    MessageDeliveredWebhookEvent,
    MessageFailedWebhookEvent,
    MessageReadWebhookEvent,
    MessageSentWebhookEvent,
)
from standardwebhooks import Webhook

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Failure
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Entry, Wire
from tests.sandbox.linq.clients import Caller, Receiver


def told(wire: Wire) -> list[str]:
    """The webhooks that were taken, in order."""
    return [entry.what.removeprefix("webhook ") for entry in knocks(wire) if entry.status == 200]


def knocks(wire: Wire) -> list[Entry]:
    return [entry for entry in wire.entries if entry.direction == "to_bot"]


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(each.body) for each in receiver.got]


async def test_direct_imessage_is_sent_delivered_read(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire
) -> None:
    accepted = await caller.send(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 3)

    memo = linq.memo(accepted.id)
    assert told(wire) == ["message.sent", "message.delivered", "message.read"]
    assert {body["trace_id"] for body in bodies(receiver)} == {memo.trace_id}
    assert {body["data"]["id"] for body in bodies(receiver)} == {memo.id}
    assert {body["data"]["parts"][0]["id"] for body in bodies(receiver)} == {memo.attachment_id}
    assert memo.status == "read"


async def test_events_carry_their_times(caller: Caller, receiver: Receiver, wire: Wire) -> None:
    await caller.send(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 3)

    sent, delivered, read = (body["data"] for body in bodies(receiver))
    assert sent["sent_at"]
    assert sent["delivered_at"] is None
    assert delivered["delivered_at"]
    assert delivered["read_at"] is None
    assert read["read_at"]


@pytest.mark.parametrize("chat", [Chats.FAMILY, Chats.SAM_BY_SMS])
async def test_groups_and_sms_end_with_sent(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire, chat: str
) -> None:
    await caller.send(chat)
    await caller.send(Chats.ANN)
    await wire.until(lambda: "message.read" in told(wire))

    assert linq.memos(chat)[0].status == "sent"
    assert told(wire).count("message.delivered") == 1


async def test_rcs_reports_delivery(linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire) -> None:
    await caller.send(Chats.RITA_BY_RCS)

    await wire.until(lambda: told(wire)[-1:] == ["message.read"])


async def test_bodies_match_linqs_types(caller: Caller, receiver: Receiver, wire: Wire) -> None:
    await caller.send(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 3)

    kinds = (MessageSentWebhookEvent, MessageDeliveredWebhookEvent, MessageReadWebhookEvent)
    for kind, body in zip(kinds, bodies(receiver), strict=True):
        kind.model_validate(body)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", body["created_at"])
        assert (body["api_version"], body["webhook_version"]) == ("v3", "2026-02-03")


async def test_standard_signature_passes_linqs_library(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire
) -> None:
    linq.admin.stray(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 1)

    got = receiver.got[0]
    event = caller.api.webhooks.unwrap(got.body.decode(), headers=got.headers)
    Webhook(linq.webhook_secret).verify(got.body, got.headers)
    assert got.headers["webhook-id"] == event.event_id == bodies(receiver)[0]["event_id"]


async def test_standard_signature_formula(linq: LinqServer, receiver: Receiver, wire: Wire) -> None:
    linq.admin.stray(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 1)

    headers, body = receiver.got[0].headers, receiver.got[0].body
    key = base64.b64decode(linq.webhook_secret.removeprefix("whsec_"))
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


async def test_legacy_signature_formula(linq: LinqServer, receiver: Receiver, wire: Wire) -> None:
    linq.admin.stray(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 1)

    headers, body = receiver.got[0].headers, receiver.got[0].body
    message = f"{headers['X-Webhook-Timestamp']}.".encode() + body
    expected = hmac.new(linq.webhook_secret.encode(), message, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == expected
    assert headers["X-Webhook-Event"] == "message.sent"


async def test_target_url_pins_payload_version(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire
) -> None:
    linq.subscribe(receiver.url.replace("2026-02-03", "2025-01-01"))

    accepted = await caller.send(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 3)

    delivered = bodies(receiver)[1]
    assert delivered["webhook_version"] == "2025-01-01"
    data = delivered["data"]
    assert (data["chat_id"], data["is_group"], data["is_from_me"]) == (Chats.ANN, False, True)
    assert (data["message"]["id"], data["message"]["is_delivered"]) == (accepted.id, True)
    assert "direction" not in data


async def test_failed_event_is_flat(linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire) -> None:
    linq.switches.fail_next(Failure(4005, "Recipient does not support this message type", 1204))

    accepted = await caller.send(Chats.ANN)
    await wire.until(lambda: told(wire) == ["message.failed"])

    body = bodies(receiver)[0]
    MessageFailedWebhookEvent.model_validate(body)
    data = body["data"]
    assert (data["message_id"], data["chat_id"]) == (accepted.id, Chats.ANN)
    assert (data["code"], data["detail_code"]) == (4005, 1204)
    assert linq.memo(accepted.id).status == "failed"


async def test_failed_memo_may_be_delivered(linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire) -> None:
    reason = "Message delivery failed. Please retry the message."
    linq.switches.fail_next(Failure(4001, reason, after_sent=True, then_delivered=True))

    await caller.send(Chats.ANN)

    await wire.until(lambda: told(wire) == ["message.sent", "message.failed", "message.delivered"])


async def test_failed_event_may_name_no_message(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire
) -> None:
    linq.switches.failed_names_no_message = True
    linq.switches.fail_next(Failure())

    accepted = await caller.send(Chats.ANN)
    await wire.until(lambda: told(wire) == ["message.failed"])

    body = bodies(receiver)[0]
    assert "message_id" not in body["data"]
    assert body["trace_id"] == linq.memo(accepted.id).trace_id


async def test_retry_keeps_id_and_signs_again(
    linq: LinqServer, receiver: Receiver, wire: Wire, time_scale: TimeScale
) -> None:
    time_scale.scale = 0.001
    receiver.answers = [500, 429, 503]

    event_id = linq.admin.emit("message.sent", {})
    await wire.until(lambda: len(told(wire)) == 1)

    assert [entry.status for entry in knocks(wire)] == [500, 429, 503, 200]
    assert [entry.facts["attempt"] for entry in knocks(wire)] == [1, 2, 3, 4]
    for got in receiver.got:
        assert got.headers["webhook-id"] == event_id
        Webhook(linq.webhook_secret).verify(got.body, got.headers)


async def test_other_4xx_is_not_retried(
    linq: LinqServer, receiver: Receiver, wire: Wire, time_scale: TimeScale
) -> None:
    time_scale.scale = 0.0
    receiver.answers = [401]

    linq.admin.emit("message.sent", {"id": "first"})
    await wire.until(lambda: len(knocks(wire)) == 1)
    linq.admin.emit("message.sent", {"id": "second"})
    await wire.until(lambda: len(told(wire)) == 1)

    assert [entry.facts["message_id"] for entry in knocks(wire)] == ["first", "second"]


async def test_event_is_dropped_after_ten_attempts(
    linq: LinqServer, receiver: Receiver, wire: Wire, time_scale: TimeScale
) -> None:
    time_scale.scale = 0.0
    receiver.answers = [500] * 10

    linq.admin.emit("message.sent", {"id": "first"})
    await wire.until(lambda: len(knocks(wire)) == 10)
    linq.admin.emit("message.sent", {"id": "second"})
    await wire.until(lambda: len(told(wire)) == 1)

    assert [entry.facts["message_id"] for entry in knocks(wire)] == ["first"] * 10 + ["second"]


async def test_refused_connection_is_retried(linq: LinqServer, wire: Wire, time_scale: TimeScale) -> None:
    time_scale.scale = 0.0
    linq.subscribe("http://127.0.0.1:1/linq/webhooks")

    linq.admin.emit("message.sent", {})

    await wire.until(lambda: len(knocks(wire)) == 10)
    assert {entry.status for entry in knocks(wire)} == {None}


async def test_timeout_is_retried(linq: LinqServer, wire: Wire, time_scale: TimeScale) -> None:
    time_scale.scale = 0.0
    linq.switches.webhook_timeout_s = 0.05
    held: list[asyncio.StreamWriter] = []  # since Python 3.13 one that nobody holds is closed
    silent = await asyncio.start_server(lambda _reader, writer: held.append(writer), "127.0.0.1", 0)
    linq.subscribe(f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/linq/webhooks")

    linq.admin.emit("message.sent", {})

    await wire.until(lambda: len(knocks(wire)) == 10)
    assert {entry.facts["trouble"] for entry in knocks(wire)} == {"TimeoutError"}
    silent.close()
    for writer in held:
        writer.close()


async def test_withheld_webhooks_are_released(linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire) -> None:
    linq.switches.webhooks_withheld = True
    await caller.send(Chats.ANN)
    linq.admin.emit("message.edited", {})
    assert knocks(wire) == []

    linq.switches.webhooks_withheld = False
    linq.admin.release_webhooks()

    await wire.until(lambda: "message.edited" in told(wire))


async def test_webhook_copies_share_an_id(linq: LinqServer, receiver: Receiver, wire: Wire) -> None:
    linq.switches.webhook_copies = 2

    linq.admin.emit("message.sent", {})
    await wire.until(lambda: len(told(wire)) == 2)

    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


async def test_webhooks_reversed(linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire) -> None:
    linq.switches.webhooks_reversed = True
    linq.switches.webhook_delay_s = 0.01

    await caller.send(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 3)

    assert [body["event_type"] for body in bodies(receiver)] == [
        "message.read",
        "message.delivered",
        "message.sent",
    ]


async def test_webhook_before_the_answer(linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire) -> None:
    linq.switches.webhook_before_answer = True

    await caller.send(Chats.ANN)
    await wire.until(lambda: len(told(wire)) == 3)

    order = [entry.what for entry in wire.entries]
    assert order.index("webhook message.sent") < order.index("voicememo")
    assert told(wire) == ["message.sent", "message.delivered", "message.read"]


async def test_unknown_event_type_reaches_subscribers(linq: LinqServer, receiver: Receiver, wire: Wire) -> None:
    linq.admin.emit("message.levitated", {"id": "x"})

    await wire.until(lambda: told(wire) == ["message.levitated"])


async def test_disabled_subscription_gets_nothing(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire
) -> None:
    linq.admin.disable_subscriptions()
    linq.admin.emit("message.sent", {"id": "unheard"})
    disabled = (await caller.api.webhook_subscriptions.list()).subscriptions[0]
    assert not disabled.is_active

    await caller.api.webhook_subscriptions.update(disabled.id, is_active=True)
    linq.admin.emit("message.sent", {"id": "heard"})
    await wire.until(lambda: len(told(wire)) == 1)

    assert bodies(receiver)[0]["data"]["id"] == "heard"


async def test_progress_by_hand(linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire) -> None:
    linq.switches.progresses_automatically = False
    accepted = await caller.send(Chats.ANN)

    linq.advance(accepted.id, "delivered")

    await wire.until(lambda: told(wire) == ["message.delivered"])
    assert linq.memo(accepted.id).status == "delivered"
