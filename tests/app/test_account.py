"""What Linq tells of the account is kept and shown for as long as it lasts."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.app.account import AccountEvents
from bot.linq.adapter import Line
from bot.linq.ids import LinqIds
from bot.linq.inbound.ports import LineStatus, SubscriptionDisabled, TokenExpiry
from bot.relay.ids import RoomId
from bot.relay.rooms import Link
from bot.store.database import Database
from tests.fakes import CHANNEL

AT = datetime(2024, 11, 22, 6, 0, tzinfo=UTC)
IDS = LinqIds()
NUMBER = "+12025550100"
LINE = IDS.line(NUMBER)


class Scene:
    """``lines``: what Linq lists of them."""

    def __init__(self, database: Database) -> None:
        self.checks = 0
        self.lines = [Line(LINE, NUMBER, "HEALTHY")]
        self.links = database.links
        self.account = AccountEvents(
            database.account,
            IDS,
            "lk_12_secret",
            check_webhooks=self.check_webhooks,
            list_lines=self.list_lines,
            now=lambda: AT + timedelta(hours=1),
        )

    async def check_webhooks(self) -> None:
        self.checks += 1

    async def list_lines(self) -> list[Line]:
        return self.lines

    async def at_risk(self) -> list[RoomId]:
        """Of which rooms a line is at risk, by both ways in which links are read."""
        listed = [link.room for link in await self.links.all() if link.is_line_at_risk]
        looked_up = [link.room for each in await self.links.all() for link in await self.links.of([each.room])]
        assert [room for room in looked_up if room in listed] == listed
        return listed


@pytest.fixture
async def scene(database: Database) -> Scene:
    return Scene(database)


def line(reputation: str, status: str = "ACTIVE", at: datetime = AT) -> LineStatus:
    return LineStatus(LINE, NUMBER, status, reputation, at)


async def test_line_at_risk_is_shown_without_its_number_until_it_is_healthy(scene: Scene) -> None:
    await scene.account.line_status(line("AT_RISK"))
    assert "…0100 AT_RISK" in await scene.account.health()
    assert "202555" not in await scene.account.health()
    await scene.account.line_status(line("HEALTHY", at=AT + timedelta(minutes=1)))
    assert await scene.account.health() == ""


async def test_line_at_risk_is_told_at_every_link_that_leads_into_it(scene: Scene) -> None:
    direct, other = RoomId(f"{CHANNEL}D"), RoomId(f"{CHANNEL}O")
    inbox, every = RoomId(f"{CHANNEL}I"), RoomId(f"{CHANNEL}A")
    await scene.links.save(Link(direct, IDS.room("c1"), line=LINE))
    await scene.links.save(Link(other, IDS.room("c2"), line=IDS.line("+12025550101")))
    await scene.links.save(Link(inbox, LINE, is_inbox=True))
    await scene.links.save(Link(every, IDS.all_lines(), is_inbox=True))
    await scene.account.line_status(line("AT_RISK"))
    assert set(await scene.at_risk()) == {direct, inbox, every}
    await scene.account.read_lines()
    assert await scene.at_risk() == []


async def test_line_is_rated_again_when_linqs_list_is_read(scene: Scene) -> None:
    scene.lines = [Line(LINE, NUMBER, "CRITICAL")]
    await scene.account.read_lines()
    assert "…0100 CRITICAL" in await scene.account.health()
    scene.lines = [Line(LINE, NUMBER, "HEALTHY")]
    await scene.account.read_lines()
    assert await scene.account.health() == ""


async def test_limited_service_lasts_until_the_webhook_ends_it(scene: Scene) -> None:
    await scene.links.save(Link(CHANNEL, LINE, is_inbox=True))
    await scene.account.line_status(line("HEALTHY", "FLAGGED"))
    await scene.account.read_lines()
    assert await scene.at_risk() == [CHANNEL]
    assert "…0100 FLAGGED" in await scene.account.health()
    await scene.account.line_status(line("HEALTHY", at=AT + timedelta(hours=2)))
    assert await scene.at_risk() == []
    assert await scene.account.health() == ""


async def test_status_that_comes_late_changes_nothing(scene: Scene) -> None:
    await scene.links.save(Link(CHANNEL, LINE, is_inbox=True))
    await scene.account.line_status(line("HEALTHY"))
    await scene.account.line_status(line("AT_RISK", at=AT - timedelta(minutes=1)))
    assert await scene.at_risk() == []


async def test_key_that_expires_is_shown_until_it_is_called_off(scene: Scene, database: Database) -> None:
    await scene.account.token_expires(TokenExpiry("lk_12", AT, AT))
    assert "key expires on 2024-11-22 06:00 UTC" in await Scene(database).account.health(), "also after a restart"
    await scene.account.token_expires(TokenExpiry("lk_12", None, AT + timedelta(minutes=1)))
    assert await scene.account.health() == ""


@pytest.mark.parametrize("prefix", ["lk_34", ""])
async def test_key_of_somebody_else_is_not_ours(scene: Scene, prefix: str) -> None:
    await scene.account.token_expires(TokenExpiry(prefix, AT, AT))
    assert await scene.account.health() == ""


async def test_disabled_subscription_has_ours_checked(scene: Scene) -> None:
    await scene.account.subscription_disabled(SubscriptionDisabled("https://bot.example/linq/webhooks", "system", AT))
    assert scene.checks == 1
