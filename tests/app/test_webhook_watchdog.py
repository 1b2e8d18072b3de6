"""The webhook subscription is checked again and again, and its problem is known to readiness."""

import pytest

from bot.app.webhook_watchdog import WebhookWatchdog
from bot.linq.api.subscription import SubscriptionStatus
from bot.relay.errors import RelayError, RetryLater


class Scene:
    """A Linq that answers with ``status``, or with ``error``."""

    def __init__(self) -> None:
        self.now = 0.0
        self.status = SubscriptionStatus(True, "Webhooks reach this bot.")
        self.error: RelayError | None = None
        self.asked: list[bool] = []  # whether the secret was known, for each time
        self.secrets: list[str] = []
        self.watchdog = WebhookWatchdog(self.ensure, self.secrets.append, has_secret=False, clock=lambda: self.now)

    async def ensure(self, has_secret: bool) -> SubscriptionStatus:
        self.asked.append(has_secret)
        if self.error:
            raise self.error
        return self.status


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_subscription_is_a_problem_until_it_was_checked(scene: Scene) -> None:
    assert await scene.watchdog.health() != ""
    await scene.watchdog.check()
    assert await scene.watchdog.health() == ""


async def test_new_secret_is_trusted_and_the_subscription_never_replaced_after(scene: Scene) -> None:
    scene.status = SubscriptionStatus(True, "Created.", secret="whsec_c2VjcmV0")
    await scene.watchdog.check()
    await scene.watchdog.check()
    assert scene.secrets[0] == "whsec_c2VjcmV0"
    assert scene.asked == [False, True]


async def test_what_is_wrong_with_the_subscription_is_its_health(scene: Scene) -> None:
    scene.status = SubscriptionStatus(False, "Another process has just created the webhook subscription.")
    await scene.watchdog.check()
    assert await scene.watchdog.health() == scene.status.sentence


async def test_failed_check_is_a_problem_until_one_succeeds(scene: Scene) -> None:
    scene.error = RetryLater("Linq could not be reached.")
    await scene.watchdog.check()
    assert "could not be checked: Linq could not be reached." in await scene.watchdog.health()
    scene.error = None
    await scene.watchdog.check()
    assert await scene.watchdog.health() == ""


async def test_missed_webhook_has_it_checked_but_not_all_the_time(scene: Scene) -> None:
    await scene.watchdog.check()
    await scene.watchdog.suspect()
    assert len(scene.asked) == 1
    scene.now += 31
    await scene.watchdog.suspect()
    assert len(scene.asked) == 2
