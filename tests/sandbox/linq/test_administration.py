"""What Linq does by itself: lines, health, chats that move, account events, webhooks from nowhere."""

import pytest
from linq import APIStatusError
from linq.types import (
    APITokenExpiryScheduledWebhookEvent,
    PhoneNumberStatusUpdatedWebhookEvent,
    WebhookSubscriptionDisabledWebhookEvent,
)

from bot.sandbox.linq.fixtures import LINE, SECOND_LINE, Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import Caller, Receiver, code_of


async def test_line_change_is_told_and_listed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.admin.set_line(LINE, status="FLAGGED", reputation="CRITICAL")

    [body] = await receiver.until("phone_number.status_updated")
    PhoneNumberStatusUpdatedWebhookEvent.model_validate(body)
    data = body["data"]
    assert (data["previous_status"], data["new_status"]) == ("ACTIVE", "FLAGGED")
    assert (data["previous_reputation"], data["new_reputation"]) == ("HEALTHY", "CRITICAL")
    lines = (await caller.api.phone_numbers.list()).phone_numbers
    assert {line.phone_number: line.reputation.status for line in lines} == {LINE: "CRITICAL", SECOND_LINE: "HEALTHY"}


async def test_line_that_is_added_is_listed_and_can_be_written_to(linq: LinqServer, caller: Caller) -> None:
    linq.admin.add_line("+12025550102")
    said = linq.phone.write_to_line("+12025559999", "hello", line="+12025550102")
    assert "+12025550102" in [line.phone_number for line in (await caller.api.phone_numbers.list()).phone_numbers]
    assert linq.account.chats[said.chat_id].me.address == "+12025550102"


async def test_chat_health_is_told_with_messages(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.admin.set_chat_health(Chats.ANN, "AT_RISK")
    linq.phone.send(Chats.ANN, "hello")

    [body] = await receiver.until("message.received")
    assert body["data"]["chat"]["health_status"]["status"] == "AT_RISK"
    assert (await caller.api.chats.retrieve(Chats.ANN)).health_status.doc_url.endswith("#at-risk")
    assert [each["event_type"] for each in receiver.bodies()] == ["message.received"]


async def test_chat_moves_to_a_new_id(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    moved = linq.admin.move_chat(Chats.ANN, line=SECOND_LINE)

    linq.phone.send(moved.id, "here I am")
    [body] = await receiver.until("message.received")
    assert (body["data"]["chat"]["id"], body["data"]["chat"]["owner_handle"]["handle"]) == (moved.id, SECOND_LINE)
    with pytest.raises(APIStatusError) as refused:
        await caller.send(Chats.ANN)
    assert code_of(refused) == (409, 2013)
    assert (await caller.send(moved.id)).status == "queued"
    assert len(await receiver.until("chat.created")) == 1


async def test_disabled_subscription_is_told(linq: LinqServer, receiver: Receiver) -> None:
    linq.admin.disable_subscriptions(tell=True)

    [body] = await receiver.until("webhook_subscription.disabled")
    WebhookSubscriptionDisabledWebhookEvent.model_validate(body)
    assert body["data"]["actor"]["type"] == "system"
    assert "?" not in body["data"]["webhook_subscription"]["target_url"]
    assert not any(each.is_active for each in linq.account.subscriptions.values())


async def test_token_expiry_is_told(linq: LinqServer, receiver: Receiver) -> None:
    linq.admin.schedule_token_expiry(in_days=2)

    [body] = await receiver.until("api_token.expiry_scheduled")
    APITokenExpiryScheduledWebhookEvent.model_validate(body)
    assert body["data"]["change"]["to"] == body["data"]["api_token"]["expires_at"]


async def test_stray_memo_is_told_but_not_listed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.admin.stray(Chats.ANN, "delivered")

    [body] = await receiver.until("message.delivered")
    assert body["data"]["direction"] == "outbound"
    assert [message async for message in caller.api.chats.messages.list(Chats.ANN)] == []


async def test_stray_text_is_told_and_listed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.admin.stray(Chats.ANN, text="from the dashboard")

    [body] = await receiver.until("message.sent")
    assert (body["data"]["direction"], body["data"]["parts"][0]["value"]) == ("outbound", "from the dashboard")
    [listed] = [message async for message in caller.api.chats.messages.list(Chats.ANN)]
    assert listed.is_from_me


async def test_withheld_webhooks_are_dropped_after_half_an_hour(
    linq: LinqServer, receiver: Receiver, time_scale: TimeScale
) -> None:
    linq.switches.webhooks_withheld = True
    linq.phone.send(Chats.ANN, "too late")
    linq.switches.webhooks_withheld = False
    time_scale.scale = 0.0
    linq.admin.release_webhooks()
    time_scale.scale = 1.0
    linq.phone.send(Chats.ANN, "in time")

    assert [body["data"]["parts"][0]["value"] for body in await receiver.until("message.received")] == ["in time"]


async def test_withheld_webhooks_may_come_in_reverse(linq: LinqServer, receiver: Receiver, wire: Wire) -> None:
    linq.switches.webhooks_withheld = True
    for text in ("one", "two"):
        linq.phone.send(Chats.ANN, text)
    linq.switches.webhooks_withheld = False
    linq.admin.release_webhooks("reversed")

    bodies = await receiver.until("message.received", 2)
    assert [body["data"]["parts"][0]["value"] for body in bodies] == ["two", "one"]


async def test_lost_webhook_is_never_sent(linq: LinqServer, receiver: Receiver, wire: Wire) -> None:
    linq.switches.lose_webhooks = 1
    linq.phone.send(Chats.ANN, "lost")
    await wire.until(lambda: bool(wire.named("webhook message.received")))
    linq.phone.send(Chats.ANN, "told")

    assert [body["data"]["parts"][0]["value"] for body in await receiver.until("message.received")] == ["told"]
