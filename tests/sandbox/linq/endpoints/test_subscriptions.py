"""Webhook subscriptions: one per address, the secret shown once, changes in part."""

import base64

import pytest
from linq import APIStatusError, AsyncLinqAPIV3
from linq.types import WebhookSubscriptionCreateResponse
from standardwebhooks import Webhook

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import Caller, Receiver, code_of

TARGET = "https://bot.example.com/linq/webhooks?version=2026-02-03"


async def subscribe(api: AsyncLinqAPIV3, target: str = TARGET) -> WebhookSubscriptionCreateResponse:
    return await api.webhook_subscriptions.create(target_url=target, subscribed_events=["message.sent"])


async def test_secret_is_shown_once(caller: Caller) -> None:
    made = await subscribe(caller.api)

    assert made.signing_secret.startswith("whsec_")
    assert len(base64.b64decode(made.signing_secret.removeprefix("whsec_"))) == 32
    raw = await caller.api.webhook_subscriptions.with_raw_response.retrieve(made.id)
    assert "signing_secret" not in await raw.text()
    assert made.signing_secret not in await raw.text()


async def test_create_answers_201(caller: Caller) -> None:
    raw = await caller.api.webhook_subscriptions.with_raw_response.create(
        target_url=TARGET, subscribed_events=["message.sent"]
    )

    assert raw.status_code == 201


async def test_target_url_is_unique(caller: Caller) -> None:
    await subscribe(caller.api)

    with pytest.raises(APIStatusError) as refused:
        await subscribe(caller.api)
    assert code_of(refused) == (409, 2015)


async def test_target_url_must_be_https_or_local(caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await subscribe(caller.api, "http://bot.example.com/linq/webhooks")
    assert code_of(refused) == (400, 1005)

    assert (await subscribe(caller.api, "http://127.0.0.1:9/linq/webhooks")).is_active


@pytest.mark.parametrize(("events", "code"), [([], 1001), (["message.levitated"], 1005)])
async def test_events_must_be_known_and_not_empty(caller: Caller, events: list[str], code: int) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.webhook_subscriptions.create(
            target_url=TARGET, subscribed_events=[], extra_body={"subscribed_events": events}
        )
    assert code_of(refused) == (400, code)


async def test_update_is_partial(caller: Caller) -> None:
    made = await subscribe(caller.api)

    paused = await caller.api.webhook_subscriptions.update(made.id, is_active=False)
    widened = await caller.api.webhook_subscriptions.update(
        made.id, subscribed_events=["message.sent", "message.read"], phone_numbers=["+12025550100"]
    )
    cleared = await caller.api.webhook_subscriptions.update(made.id, phone_numbers=[])

    assert (paused.is_active, paused.target_url, paused.subscribed_events) == (False, TARGET, ["message.sent"])
    assert (widened.is_active, widened.phone_numbers) == (False, ["+12025550100"])
    assert (cleared.phone_numbers, cleared.subscribed_events) == (None, ["message.sent", "message.read"])


async def test_deleted_subscription_is_not_found(caller: Caller) -> None:
    made = await subscribe(caller.api)
    await caller.api.webhook_subscriptions.delete(made.id)

    with pytest.raises(APIStatusError) as refused:
        await caller.api.webhook_subscriptions.retrieve(made.id)
    assert code_of(refused) == (404, 2010)
    assert (await caller.api.webhook_subscriptions.list()).subscriptions == []


async def test_subscription_has_own_secret_and_events(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire
) -> None:
    default = (await caller.api.webhook_subscriptions.list()).subscriptions[0]
    await caller.api.webhook_subscriptions.delete(default.id)
    made = await subscribe(caller.api, receiver.url)

    await caller.send(Chats.ANN)
    await caller.send(Chats.FAMILY)
    await wire.until(lambda: len(receiver.got) == 2)

    for got in receiver.got:
        assert got.headers["X-Webhook-Event"] == "message.sent"
        Webhook(made.signing_secret).verify(got.body, got.headers)


async def test_subscription_is_limited_to_its_lines(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire
) -> None:
    default = (await caller.api.webhook_subscriptions.list()).subscriptions[0]
    await caller.api.webhook_subscriptions.update(default.id, phone_numbers=["+12025550101"])
    other = linq.account.add_chat("+12025550199", line="+12025550101")

    linq.phone.send(Chats.ANN, "unheard")
    linq.phone.send(other.id, "heard")
    await wire.until(lambda: len(receiver.got) == 1)

    assert b"unheard" not in receiver.got[0].body


async def test_default_subscription_is_moved(linq: LinqServer, caller: Caller) -> None:
    linq.subscribe("http://127.0.0.1:1/a")
    linq.subscribe("http://127.0.0.1:1/b")

    assert [each.target_url for each in (await caller.api.webhook_subscriptions.list()).subscriptions] == [
        "http://127.0.0.1:1/b"
    ]


async def test_event_types_are_listed(caller: Caller) -> None:
    assert len((await caller.api.webhook_events.list()).events) == 75
