"""That Linq's webhooks reach us is looked at again and again; what is mended keeps its secret."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import aiohttp
import pytest
from bot.linq.client import open_api
from bot.linq.subscription import Subscriber
from bot.linq.webhooks import Entrance

from bot.app.webhook_watchdog import WebhookWatchdog
from bot.relay.model import Receipt
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Subscription
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

ORIGIN = "https://bot.example.com"


class Scene:
    def __init__(self, side: LinqServer, session: aiohttp.ClientSession) -> None:
        self.now = 0.0
        self.side = side
        subscriber = Subscriber(open_api(side.api_key, side.base_url, session), ORIGIN)
        entrance = Entrance(self.receive, now=lambda: datetime.now(UTC))
        self.subscribed = WebhookWatchdog(subscriber, entrance, has_secret=False, clock=lambda: self.now)

    async def receive(self, receipts: Sequence[Receipt]) -> None:
        del receipts

    @property
    def only(self) -> Subscription:
        (only,) = self.side.account.subscriptions.values()
        return only


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    side = LinqServer(Wire(), TimeScale())
    await side.start()
    async with aiohttp.ClientSession() as session:
        yield Scene(side, session)
    await side.stop()


async def test_one_whose_secret_this_process_knows_is_mended_and_never_replaced(scene: Scene) -> None:
    await scene.subscribed.look()
    made = scene.only
    made.is_active, made.events = False, ["reaction.added"]
    await scene.subscribed.look()
    assert (scene.only.id, scene.only.secret, scene.only.is_active) == (made.id, made.secret, True)
    assert "message.delivered" in scene.only.events


async def test_one_that_is_gone_is_made_anew_and_its_new_secret_is_trusted(scene: Scene) -> None:
    await scene.subscribed.look()
    scene.side.account.subscriptions.clear()
    await scene.subscribed.look()
    kept = scene.only
    await scene.subscribed.look()
    assert scene.only is kept
    assert len(scene.subscribed._entrance._keys) == 2


async def test_trouble_is_red_until_a_look_succeeds(scene: Scene) -> None:
    scene.side.switches.down = "500"
    await scene.subscribed.look()
    assert "could not be looked at" in await scene.subscribed.ping()
    scene.side.switches.down = "no"
    await scene.subscribed.look()
    assert await scene.subscribed.ping() == ""


async def test_a_missed_webhook_makes_it_look_at_once_but_not_all_the_time(scene: Scene) -> None:
    await scene.subscribed.look()
    scene.only.is_active = False
    await scene.subscribed.doubt()
    assert not scene.only.is_active
    scene.now += 61
    await scene.subscribed.doubt()
    assert scene.only.is_active
