import linq
import pytest

from bot.linq.limits import WEBHOOK_EVENTS
from bot.linq.subscription import Subscriber
from bot.relay.errors import RetryLater
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Subscription
from bot.sandbox.wire import Wire

ORIGIN = "https://bot.example.com"
TARGET = f"{ORIGIN}/linq/webhooks?version=2026-02-03"


@pytest.fixture
def subscriber(api: linq.AsyncLinqAPIV3) -> Subscriber:
    return Subscriber(api, ORIGIN)


def subscriptions(side: LinqServer) -> list[Subscription]:
    return list(side.account.subscriptions.values())


async def test_the_first_start_makes_one_and_learns_its_secret(subscriber: Subscriber, side: LinqServer) -> None:
    hearing = await subscriber.keep(has_secret=False)
    (made,) = subscriptions(side)
    assert hearing.ok
    assert hearing.secret == made.secret
    assert (made.target_url, set(made.events), made.is_active) == (TARGET, set(WEBHOOK_EVENTS), True)
    assert made.secret not in repr(hearing)


async def test_a_start_with_the_secret_changes_nothing(subscriber: Subscriber, side: LinqServer, wire: Wire) -> None:
    await subscriber.keep(has_secret=False)
    (made,) = subscriptions(side)
    hearing = await subscriber.keep(has_secret=True)
    assert (hearing.ok, hearing.secret) == (True, "")
    assert subscriptions(side) == [made]
    assert not wire.named("subscriptions.update")


async def test_starts_without_the_secret_never_pile_up(subscriber: Subscriber, side: LinqServer) -> None:
    for _ in range(3):
        hearing = await subscriber.keep(has_secret=False)
        (only,) = subscriptions(side)
        assert hearing.secret == only.secret


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
async def test_a_subscription_that_went_wrong_is_mended_and_keeps_its_secret(
    subscriber: Subscriber, side: LinqServer, target: str, events: list[str], is_active: bool
) -> None:
    side.subscribe(target).events = events
    subscriptions(side)[0].is_active = is_active
    assert not (await subscriber.check(has_secret=True)).ok
    hearing = await subscriber.keep(has_secret=True)
    (mended,) = subscriptions(side)
    assert hearing.ok
    assert mended.secret == side.webhook_secret
    assert (mended.target_url, mended.is_active) == (TARGET, True)
    assert set(mended.events) == {*events, *WEBHOOK_EVENTS}
    assert (await subscriber.check(has_secret=True)).ok


async def test_subscriptions_elsewhere_are_named_and_left_alone(subscriber: Subscriber, side: LinqServer) -> None:
    other = side.subscribe("https://crm.example.com/linq/webhooks")
    other.is_active = False
    await subscriber.keep(has_secret=False)
    hearing = await subscriber.keep(has_secret=True)
    assert "1 more elsewhere" in hearing.sentence
    assert other in subscriptions(side)
    assert not other.is_active


async def test_looking_changes_nothing(subscriber: Subscriber, side: LinqServer, wire: Wire) -> None:
    assert not (await subscriber.check(has_secret=True)).ok
    side.subscribe(TARGET)
    without = await subscriber.check(has_secret=False)
    assert without.ok
    assert "without LINQ_WEBHOOK_SECRET each start makes it anew" in without.sentence
    assert {entry.what for entry in wire.entries} == {"subscriptions.list"}


async def test_who_comes_second_leaves_the_first_alone(subscriber: Subscriber, side: LinqServer) -> None:
    """Both saw that there was none; Linq lets only one make it."""
    first = await subscriber._make(has_secret=False)
    second = await subscriber._make(has_secret=True)
    (only,) = subscriptions(side)
    assert (first.secret, second.secret) == (only.secret, "")
    assert second.ok


async def test_a_lost_answer_is_made_good_by_the_next_try(subscriber: Subscriber, side: LinqServer) -> None:
    side.switches.next("subscriptions.create", "lose_answer")
    with pytest.raises(RetryLater):
        await subscriber.keep(has_secret=False)
    hearing = await subscriber.keep(has_secret=False)
    (only,) = subscriptions(side)
    assert hearing.secret == only.secret
