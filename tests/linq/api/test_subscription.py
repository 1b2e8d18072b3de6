import pytest

from bot.linq.adapter import LinqAdapter
from bot.linq.api.limits import WEBHOOK_EVENTS
from bot.linq.api.subscription import Subscriber
from bot.relay.errors import RetryLater
from tests.linq.local_linq import LocalLinq, Subscription, Wire

ORIGIN = "https://bot.example.com"
TARGET = f"{ORIGIN}/linq/webhooks?version=2026-02-03"


@pytest.fixture
def subscriber(adapter: LinqAdapter) -> Subscriber:
    assert adapter.subscriber
    return adapter.subscriber


def subscriptions(server: LocalLinq) -> list[Subscription]:
    return list(server.account.subscriptions.values())


async def test_first_start_creates_one_and_learns_its_secret(subscriber: Subscriber, server: LocalLinq) -> None:
    status = await subscriber.ensure(has_secret=False)
    (made,) = subscriptions(server)
    assert status.is_ok
    assert status.secret == made.secret
    assert (made.target_url, set(made.events), made.is_active) == (TARGET, set(WEBHOOK_EVENTS), True)
    assert made.secret not in repr(status)


async def test_start_with_the_secret_changes_nothing(subscriber: Subscriber, server: LocalLinq, wire: Wire) -> None:
    await subscriber.ensure(has_secret=False)
    (made,) = subscriptions(server)
    status = await subscriber.ensure(has_secret=True)
    assert (status.is_ok, status.secret) == (True, "")
    assert subscriptions(server) == [made]
    assert not wire.named("subscriptions.update")


async def test_starts_without_the_secret_never_pile_up(subscriber: Subscriber, server: LocalLinq) -> None:
    for _ in range(3):
        status = await subscriber.ensure(has_secret=False)
        (only,) = subscriptions(server)
        assert status.secret == only.secret


@pytest.mark.parametrize(
    ("target", "events", "is_active"),
    [
        (TARGET, list(WEBHOOK_EVENTS), False),
        (TARGET, ["message.sent", "reaction.added"], True),
        (f"{ORIGIN}/linq/webhooks", list(WEBHOOK_EVENTS), True),
        (f"{ORIGIN}/linq/webhooks?version=2025-01-01", ["message.sent"], False),
    ],
    ids=["switched off", "wrong events", "no version", "all at once"],
)
async def test_broken_subscription_is_mended_and_keeps_its_secret(
    subscriber: Subscriber, server: LocalLinq, target: str, events: list[str], is_active: bool
) -> None:
    server.subscribe(target).events = events
    subscriptions(server)[0].is_active = is_active
    assert not (await subscriber.check(has_secret=True)).is_ok
    status = await subscriber.ensure(has_secret=True)
    (mended,) = subscriptions(server)
    assert status.is_ok
    assert mended.secret == server.webhook_secret
    assert (mended.target_url, mended.is_active) == (TARGET, True)
    assert set(mended.events) == {*events, *WEBHOOK_EVENTS}
    assert (await subscriber.check(has_secret=True)).is_ok


async def test_subscriptions_elsewhere_are_named_and_left_alone(subscriber: Subscriber, server: LocalLinq) -> None:
    other = server.subscribe("https://crm.example.com/linq/webhooks")
    other.is_active = False
    await subscriber.ensure(has_secret=False)
    status = await subscriber.ensure(has_secret=True)
    assert "1 more elsewhere" in status.sentence
    assert other in subscriptions(server)
    assert not other.is_active


async def test_check_changes_nothing(subscriber: Subscriber, server: LocalLinq, wire: Wire) -> None:
    assert not (await subscriber.check(has_secret=True)).is_ok
    server.subscribe(TARGET)
    without = await subscriber.check(has_secret=False)
    assert without.is_ok
    assert "without LINQ_WEBHOOK_SECRET each start creates it again" in without.sentence
    assert {entry.what for entry in wire.entries} == {"subscriptions.list"}


async def test_second_process_leaves_the_first_ones_alone(subscriber: Subscriber, server: LocalLinq) -> None:
    """Both saw that there was none; Linq lets only one make it."""
    first = await subscriber._create(has_secret=False)
    second = await subscriber._create(has_secret=True)
    (only,) = subscriptions(server)
    assert (first.secret, second.secret) == (only.secret, "")
    assert second.is_ok


async def test_lost_answer_is_made_good_by_the_next_try(subscriber: Subscriber, server: LocalLinq) -> None:
    server.switches.next("subscriptions.create", "lose_answer")
    with pytest.raises(RetryLater):
        await subscriber.ensure(has_secret=False)
    status = await subscriber.ensure(has_secret=False)
    (only,) = subscriptions(server)
    assert status.secret == only.secret


async def test_missing_events_are_named(subscriber: Subscriber, server: LocalLinq) -> None:
    server.subscribe(TARGET).events = [event for event in WEBHOOK_EVENTS if event != "message.edited"]
    status = await subscriber.check(has_secret=True)
    assert not status.is_ok
    assert status.missing_events == ("message.edited",)
    assert "message.edited" in status.sentence
