import aiohttp
import pytest

from bot.linq.adapter import Line, LinqAdapter
from bot.relay.errors import RetryLater
from bot.relay.ids import network_of
from tests.linq.conftest import IDS, Payload, now
from tests.linq.fake_linq import Answer, FakeLinq
from tests.linq.local_linq import LocalLinq

LINES = "GET /v3/phone_numbers"
SUBSCRIPTIONS = "GET /v3/webhook-subscriptions"


async def test_network_offers_what_linq_can_do(scripted: LinqAdapter) -> None:
    network = scripted.network()
    assert network.name == network_of(IDS.room("a"))
    assert network.voice_alone
    assert network.single_reaction
    assert all((network.source, network.media, network.sender, network.status, network.history))
    assert network.directory is None
    assert network.board is None


async def test_lines_are_told_with_their_reputation(scripted: LinqAdapter, fake: FakeLinq, payload: Payload) -> None:
    fake.answer(LINES, Answer(200, payload("phone_numbers_200")))
    first, second = "+12025550100", "+12025550101"
    assert await scripted.lines() == [
        Line(IDS.line(first), first, "HEALTHY", "iMessage"),
        Line(IDS.line(second), second, "AT_RISK", "RCS"),
    ]


async def test_status_names_lines_and_subscription(
    fake: FakeLinq, payload: Payload, session: aiohttp.ClientSession
) -> None:
    adapter = LinqAdapter("key", fake.base_url, session, now=now, public_url="https://bot.example.com/")
    fake.answer(LINES, Answer(200, payload("phone_numbers_200")))
    fake.answer(SUBSCRIPTIONS, Answer(200, {"subscriptions": []}))
    status = await adapter.status(has_secret=True)
    assert len(status.lines) == 2
    assert status.subscription
    assert not status.subscription.is_ok
    await adapter.close()


async def test_status_without_a_public_url_knows_no_subscription(
    scripted: LinqAdapter, fake: FakeLinq, payload: Payload
) -> None:
    fake.answer(LINES, Answer(200, payload("phone_numbers_200")))
    assert (await scripted.status(has_secret=False)).subscription is None


async def test_status_of_a_wrong_key_says_so(fake: FakeLinq, scripted: LinqAdapter) -> None:
    fake.answer(LINES, Answer(401, {"error": {"status": 401, "code": 2004, "message": "Unauthorized"}}))
    with pytest.raises(RetryLater, match="LINQ_API_V3_API_KEY"):
        await scripted.status(has_secret=True)


async def test_local_linq_has_two_lines(adapter: LinqAdapter, server: LocalLinq) -> None:
    assert [line.number for line in await adapter.lines()] == [line.number for line in server.account.lines]


async def test_account_stands_in_every_id(session: aiohttp.ClientSession, fake: FakeLinq) -> None:
    adapter = LinqAdapter("key", fake.base_url, session, now=now, account="second")
    assert adapter.ids.room("a") == "linq:second/a"
    await adapter.close()
