"""What Linq tells of the account is shown for as long as it lasts."""

from datetime import UTC, datetime

import pytest

from bot.app.account import AccountEvents
from bot.linq.inbound.ports import LineStatus, SubscriptionDisabled, TokenExpiry
from bot.relay.ids import RoomId
from bot.relay.rooms import RoomHealth

AT = datetime(2024, 11, 22, 6, 0, tzinfo=UTC)


class Scene:
    def __init__(self) -> None:
        self.checks = 0
        self.learnt: list[tuple[RoomId, RoomHealth]] = []
        self.account = AccountEvents(self.check_webhooks, self.learn_health)

    async def learn_health(self, room: RoomId, health: RoomHealth, at: datetime) -> None:
        self.learnt.append((room, health))

    async def check_webhooks(self) -> None:
        self.checks += 1


@pytest.fixture
def scene() -> Scene:
    return Scene()


def line(reputation: str, status: str = "ACTIVE") -> LineStatus:
    return LineStatus(RoomId("linq:default/+1"), "+12025550100", status, reputation, AT)


async def test_line_at_risk_is_shown_without_its_number_until_it_is_healthy(scene: Scene) -> None:
    await scene.account.line_status(line("AT_RISK"))
    assert "…0100 ACTIVE AT_RISK" in await scene.account.health()
    assert "202555" not in await scene.account.health()
    await scene.account.line_status(line("HEALTHY"))
    assert await scene.account.health() == ""
    assert [health for _, health in scene.learnt] == [RoomHealth.AT_RISK, RoomHealth.FINE]


async def test_token_that_expires_is_shown_until_it_is_called_off(scene: Scene) -> None:
    await scene.account.token_expires(TokenExpiry("lk_12", AT, AT))
    assert "lk_12… expires on 2024-11-22 06:00 UTC" in await scene.account.health()
    await scene.account.token_expires(TokenExpiry("lk_12", None, AT))
    assert await scene.account.health() == ""


async def test_disabled_subscription_has_ours_checked(scene: Scene) -> None:
    await scene.account.subscription_disabled(SubscriptionDisabled("https://bot.example/linq/webhooks", "system", AT))
    assert scene.checks == 1
