"""Webhooks: signed, versioned, told in order in good weather, and repeated until they are taken."""

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
from tests.sandbox.linq_callers import Caller, Receiver

pytest_plugins = ["tests.sandbox.linq_fixtures"]


def told(wire: Wire) -> list[str]:
    """The webhooks that were taken, in order."""
    return [entry.what.removeprefix("webhook ") for entry in knocks(wire) if entry.status == 200]


def knocks(wire: Wire) -> list[Entry]:
    return [entry for entry in wire.entries if entry.direction == "to_bot"]


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(each.body) for each in receiver.got]


async def test_one_to_one_imessage_is_sent_delivered_and_read_under_one_trace(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    accepted = await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 3)

    memo = linq_side.memo(accepted.id)
    assert told(linq_wire) == ["message.sent", "message.delivered", "message.read"]
    assert {body["trace_id"] for body in bodies(linq_receiver)} == {memo.trace_id}
    assert {body["data"]["id"] for body in bodies(linq_receiver)} == {memo.id}
    assert {body["data"]["parts"][0]["id"] for body in bodies(linq_receiver)} == {memo.attachment_id}
    assert memo.status == "read"


async def test_a_delivered_event_tells_no_reading_yet(
    linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 3)

    sent, delivered, read = (body["data"] for body in bodies(linq_receiver))
    assert sent["sent_at"]
    assert sent["delivered_at"] is None
    assert delivered["delivered_at"]
    assert delivered["read_at"] is None
    assert read["read_at"]


@pytest.mark.parametrize("chat", [Chats.FAMILY, Chats.SAM_BY_SMS])
async def test_groups_and_sms_end_with_sent(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire, chat: str
) -> None:
    await linq_caller.send(chat)
    await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: "message.read" in told(linq_wire))

    assert linq_side.memos(chat)[0].status == "sent"
    assert told(linq_wire).count("message.delivered") == 1


async def test_rcs_confirms_delivery(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    await linq_caller.send(Chats.RITA_BY_RCS)

    await linq_wire.until(lambda: told(linq_wire)[-1:] == ["message.read"])


async def test_bodies_are_what_linqs_own_types_allow(
    linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 3)

    kinds = (MessageSentWebhookEvent, MessageDeliveredWebhookEvent, MessageReadWebhookEvent)
    for kind, body in zip(kinds, bodies(linq_receiver), strict=True):
        kind.model_validate(body)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", body["created_at"])
        assert (body["api_version"], body["webhook_version"]) == ("v3", "2026-02-03")


async def test_the_standard_signature_convinces_linqs_library(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.admin.stray(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 1)

    got = linq_receiver.got[0]
    event = linq_caller.api.webhooks.unwrap(got.body.decode(), headers=got.headers)
    Webhook(linq_side.webhook_secret).verify(got.body, got.headers)
    assert got.headers["webhook-id"] == event.event_id == bodies(linq_receiver)[0]["event_id"]


async def test_the_standard_signature_follows_its_published_formula(
    linq_side: LinqServer, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.admin.stray(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 1)

    headers, body = linq_receiver.got[0].headers, linq_receiver.got[0].body
    key = base64.b64decode(linq_side.webhook_secret.removeprefix("whsec_"))
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


async def test_the_legacy_signature_keys_on_the_secret_as_written(
    linq_side: LinqServer, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.admin.stray(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 1)

    headers, body = linq_receiver.got[0].headers, linq_receiver.got[0].body
    message = f"{headers['X-Webhook-Timestamp']}.".encode() + body
    expected = hmac.new(linq_side.webhook_secret.encode(), message, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == expected
    assert headers["X-Webhook-Event"] == "message.sent"


async def test_the_target_url_pins_the_old_payload(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.subscribe(linq_receiver.url.replace("2026-02-03", "2025-01-01"))

    accepted = await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 3)

    delivered = bodies(linq_receiver)[1]
    assert delivered["webhook_version"] == "2025-01-01"
    data = delivered["data"]
    assert (data["chat_id"], data["is_group"], data["is_from_me"]) == (Chats.ANN, False, True)
    assert (data["message"]["id"], data["message"]["is_delivered"]) == (accepted.id, True)
    assert "direction" not in data


async def test_a_failure_is_flat_and_carries_its_code(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.fail_next(Failure(4005, "Recipient does not support this message type", 1204))

    accepted = await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: told(linq_wire) == ["message.failed"])

    body = bodies(linq_receiver)[0]
    MessageFailedWebhookEvent.model_validate(body)
    data = body["data"]
    assert (data["message_id"], data["chat_id"]) == (accepted.id, Chats.ANN)
    assert (data["code"], data["detail_code"]) == (4005, 1204)
    assert linq_side.memo(accepted.id).status == "failed"


async def test_a_failed_memo_may_arrive_after_all(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    reason = "Message delivery failed. Please retry the message."
    linq_side.switches.fail_next(Failure(4001, reason, after_sent=True, then_delivered=True))

    await linq_caller.send(Chats.ANN)

    await linq_wire.until(lambda: told(linq_wire) == ["message.sent", "message.failed", "message.delivered"])


async def test_a_failure_may_name_no_message(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.failed_names_no_message = True
    linq_side.switches.fail_next(Failure())

    accepted = await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: told(linq_wire) == ["message.failed"])

    body = bodies(linq_receiver)[0]
    assert "message_id" not in body["data"]
    assert body["trace_id"] == linq_side.memo(accepted.id).trace_id


async def test_a_stumble_is_repeated_under_the_same_id_with_a_fresh_signature(
    linq_side: LinqServer, linq_receiver: Receiver, linq_wire: Wire, linq_pace: TimeScale
) -> None:
    linq_pace.scale = 0.001
    linq_receiver.answers = [500, 429, 503]

    event_id = linq_side.admin.emit("message.sent", {})
    await linq_wire.until(lambda: len(told(linq_wire)) == 1)

    assert [entry.status for entry in knocks(linq_wire)] == [500, 429, 503, 200]
    assert [entry.facts["attempt"] for entry in knocks(linq_wire)] == [1, 2, 3, 4]
    for got in linq_receiver.got:
        assert got.headers["webhook-id"] == event_id
        Webhook(linq_side.webhook_secret).verify(got.body, got.headers)


async def test_other_client_errors_are_never_repeated(
    linq_side: LinqServer, linq_receiver: Receiver, linq_wire: Wire, linq_pace: TimeScale
) -> None:
    linq_pace.scale = 0.0
    linq_receiver.answers = [401]

    linq_side.admin.emit("message.sent", {"id": "first"})
    await linq_wire.until(lambda: len(knocks(linq_wire)) == 1)
    linq_side.admin.emit("message.sent", {"id": "second"})
    await linq_wire.until(lambda: len(told(linq_wire)) == 1)

    assert [entry.facts["message_id"] for entry in knocks(linq_wire)] == ["first", "second"]


async def test_after_ten_attempts_an_event_is_given_up(
    linq_side: LinqServer, linq_receiver: Receiver, linq_wire: Wire, linq_pace: TimeScale
) -> None:
    linq_pace.scale = 0.0
    linq_receiver.answers = [500] * 10

    linq_side.admin.emit("message.sent", {"id": "first"})
    await linq_wire.until(lambda: len(knocks(linq_wire)) == 10)
    linq_side.admin.emit("message.sent", {"id": "second"})
    await linq_wire.until(lambda: len(told(linq_wire)) == 1)

    assert [entry.facts["message_id"] for entry in knocks(linq_wire)] == ["first"] * 10 + ["second"]


async def test_a_refused_connection_is_tried_again(
    linq_side: LinqServer, linq_wire: Wire, linq_pace: TimeScale
) -> None:
    linq_pace.scale = 0.0
    linq_side.subscribe("http://127.0.0.1:1/linq/webhooks")

    linq_side.admin.emit("message.sent", {})

    await linq_wire.until(lambda: len(knocks(linq_wire)) == 10)
    assert {entry.status for entry in knocks(linq_wire)} == {None}


async def test_a_silent_subscriber_is_tried_again(linq_side: LinqServer, linq_wire: Wire, linq_pace: TimeScale) -> None:
    linq_pace.scale = 0.0
    linq_side.switches.webhook_timeout_s = 0.05
    held: list[asyncio.StreamWriter] = []  # since Python 3.13 one that nobody holds is closed
    silent = await asyncio.start_server(lambda _reader, writer: held.append(writer), "127.0.0.1", 0)
    linq_side.subscribe(f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/linq/webhooks")

    linq_side.admin.emit("message.sent", {})

    await linq_wire.until(lambda: len(knocks(linq_wire)) == 10)
    assert {entry.facts["trouble"] for entry in knocks(linq_wire)} == {"TimeoutError"}
    silent.close()
    for writer in held:
        writer.close()


async def test_withheld_webhooks_come_when_released(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.webhooks_withheld = True
    await linq_caller.send(Chats.ANN)
    linq_side.admin.emit("message.edited", {})
    assert knocks(linq_wire) == []

    linq_side.switches.webhooks_withheld = False
    linq_side.admin.release_webhooks()

    await linq_wire.until(lambda: "message.edited" in told(linq_wire))


async def test_webhooks_may_come_twice_under_one_id(
    linq_side: LinqServer, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.webhook_copies = 2

    linq_side.admin.emit("message.sent", {})
    await linq_wire.until(lambda: len(told(linq_wire)) == 2)

    assert len({got.headers["webhook-id"] for got in linq_receiver.got}) == 1


async def test_webhooks_may_come_in_reverse(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.webhooks_reversed = True
    linq_side.switches.webhook_delay_s = 0.01

    await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 3)

    assert [body["event_type"] for body in bodies(linq_receiver)] == [
        "message.read",
        "message.delivered",
        "message.sent",
    ]


async def test_a_webhook_may_beat_the_answer(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.webhook_before_answer = True

    await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: len(told(linq_wire)) == 3)

    order = [entry.what for entry in linq_wire.entries]
    assert order.index("webhook message.sent") < order.index("voicememo")
    assert told(linq_wire) == ["message.sent", "message.delivered", "message.read"]


async def test_events_of_an_unknown_type_reach_every_subscriber(
    linq_side: LinqServer, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.admin.emit("message.levitated", {"id": "x"})

    await linq_wire.until(lambda: told(linq_wire) == ["message.levitated"])


async def test_a_disabled_subscription_hears_nothing(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.admin.disable_subscriptions()
    linq_side.admin.emit("message.sent", {"id": "unheard"})
    disabled = (await linq_caller.api.webhook_subscriptions.list()).subscriptions[0]
    assert not disabled.is_active

    await linq_caller.api.webhook_subscriptions.update(disabled.id, is_active=True)
    linq_side.admin.emit("message.sent", {"id": "heard"})
    await linq_wire.until(lambda: len(told(linq_wire)) == 1)

    assert bodies(linq_receiver)[0]["data"]["id"] == "heard"


async def test_memos_told_to_stand_still_move_only_by_hand(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.progresses_automatically = False
    accepted = await linq_caller.send(Chats.ANN)

    linq_side.advance(accepted.id, "delivered")

    await linq_wire.until(lambda: told(linq_wire) == ["message.delivered"])
    assert linq_side.memo(accepted.id).status == "delivered"
