"""Webhook subscriptions: one per address, the secret shown once, changes in part."""

import base64

import pytest
from linq import APIStatusError, AsyncLinqAPIV3
from linq.types import WebhookSubscriptionCreateResponse
from standardwebhooks import Webhook

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.wire import Wire
from tests.sandbox.linq_callers import Caller, Receiver, code_of

pytest_plugins = ["tests.sandbox.linq_fixtures"]

TARGET = "https://bot.example.com/linq/webhooks?version=2026-02-03"


async def subscribe(api: AsyncLinqAPIV3, target: str = TARGET) -> WebhookSubscriptionCreateResponse:
    return await api.webhook_subscriptions.create(target_url=target, subscribed_events=["message.sent"])


async def test_a_new_subscription_shows_its_secret_once(linq_caller: Caller) -> None:
    made = await subscribe(linq_caller.api)

    assert made.signing_secret.startswith("whsec_")
    assert len(base64.b64decode(made.signing_secret.removeprefix("whsec_"))) == 32
    raw = await linq_caller.api.webhook_subscriptions.with_raw_response.retrieve(made.id)
    assert "signing_secret" not in await raw.text()
    assert made.signing_secret not in await raw.text()


async def test_a_new_subscription_answers_201(linq_caller: Caller) -> None:
    raw = await linq_caller.api.webhook_subscriptions.with_raw_response.create(
        target_url=TARGET, subscribed_events=["message.sent"]
    )

    assert raw.status_code == 201


async def test_an_address_can_be_used_only_once(linq_caller: Caller) -> None:
    await subscribe(linq_caller.api)

    with pytest.raises(APIStatusError) as refused:
        await subscribe(linq_caller.api)
    assert code_of(refused) == (409, 2015)


async def test_an_address_must_be_https_unless_it_is_this_machine(linq_caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await subscribe(linq_caller.api, "http://bot.example.com/linq/webhooks")
    assert code_of(refused) == (400, 1005)

    assert (await subscribe(linq_caller.api, "http://127.0.0.1:9/linq/webhooks")).is_active


@pytest.mark.parametrize(("events", "code"), [([], 1001), (["message.levitated"], 1005)])
async def test_events_must_be_known_and_at_least_one(linq_caller: Caller, events: list[str], code: int) -> None:
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.webhook_subscriptions.create(
            target_url=TARGET, subscribed_events=[], extra_body={"subscribed_events": events}
        )
    assert code_of(refused) == (400, code)


async def test_an_update_leaves_out_what_it_does_not_name(linq_caller: Caller) -> None:
    made = await subscribe(linq_caller.api)

    paused = await linq_caller.api.webhook_subscriptions.update(made.id, is_active=False)
    widened = await linq_caller.api.webhook_subscriptions.update(
        made.id, subscribed_events=["message.sent", "message.read"], phone_numbers=["+12025550100"]
    )
    cleared = await linq_caller.api.webhook_subscriptions.update(made.id, phone_numbers=[])

    assert (paused.is_active, paused.target_url, paused.subscribed_events) == (False, TARGET, ["message.sent"])
    assert (widened.is_active, widened.phone_numbers) == (False, ["+12025550100"])
    assert (cleared.phone_numbers, cleared.subscribed_events) == (None, ["message.sent", "message.read"])


async def test_a_deleted_subscription_is_not_found(linq_caller: Caller) -> None:
    made = await subscribe(linq_caller.api)
    await linq_caller.api.webhook_subscriptions.delete(made.id)

    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.webhook_subscriptions.retrieve(made.id)
    assert code_of(refused) == (404, 2010)
    assert (await linq_caller.api.webhook_subscriptions.list()).subscriptions == []


async def test_a_subscription_signs_with_its_own_secret_and_hears_only_its_events(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    default = (await linq_caller.api.webhook_subscriptions.list()).subscriptions[0]
    await linq_caller.api.webhook_subscriptions.delete(default.id)
    made = await subscribe(linq_caller.api, linq_receiver.url)

    await linq_caller.send(Chats.ANN)
    await linq_caller.send(Chats.FAMILY)
    await linq_wire.until(lambda: len(linq_receiver.got) == 2)

    for got in linq_receiver.got:
        assert got.headers["X-Webhook-Event"] == "message.sent"
        Webhook(made.signing_secret).verify(got.body, got.headers)


async def test_a_subscription_hears_only_of_its_lines(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    default = (await linq_caller.api.webhook_subscriptions.list()).subscriptions[0]
    await linq_caller.api.webhook_subscriptions.update(default.id, phone_numbers=["+12025550101"])
    other = linq_side.account.add_chat("+12025550199", line="+12025550101")

    linq_side.phone.send(Chats.ANN, "unheard")
    linq_side.phone.send(other.id, "heard")
    await linq_wire.until(lambda: len(linq_receiver.got) == 1)

    assert b"unheard" not in linq_receiver.got[0].body


async def test_asking_for_the_default_subscription_again_moves_it(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.subscribe("http://127.0.0.1:1/a")
    linq_side.subscribe("http://127.0.0.1:1/b")

    assert [each.target_url for each in (await linq_caller.api.webhook_subscriptions.list()).subscriptions] == [
        "http://127.0.0.1:1/b"
    ]


async def test_all_event_types_are_listed(linq_caller: Caller) -> None:
    assert len((await linq_caller.api.webhook_events.list()).events) == 75
