import aiohttp
import pytest

from bot.linq.adapter import Line, LinqAdapter
from bot.relay.errors import RetryLater
from bot.relay.ids import network_of
from tests.linq.conftest import IDS, Payload, now
from tests.linq.fake_linq import Answer, FakeLinq
from tests.linq.local_linq import LocalLinq

LINES = "GET /v3/phone_numbers"


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


async def test_wrong_key_shows_in_the_lines(fake: FakeLinq, scripted: LinqAdapter) -> None:
    fake.answer(LINES, Answer(401, {"error": {"status": 401, "code": 2004, "message": "Unauthorized"}}))
    with pytest.raises(RetryLater, match="LINQ_API_V3_API_KEY"):
        await scripted.lines()


async def test_without_a_public_url_there_is_no_subscriber(scripted: LinqAdapter, adapter: LinqAdapter) -> None:
    assert scripted.subscriber is None
    assert adapter.subscriber
    assert adapter.subscriber.target == "https://bot.example.com/linq/webhooks?version=2026-02-03"


async def test_local_linq_has_two_lines(adapter: LinqAdapter, server: LocalLinq) -> None:
    assert [line.number for line in await adapter.lines()] == [line.number for line in server.account.lines]


async def test_account_stands_in_every_id(session: aiohttp.ClientSession, fake: FakeLinq) -> None:
    adapter = LinqAdapter("key", fake.base_url, session, now=now, account="second")
    assert adapter.ids.room("a") == "linq:second/a"
    await adapter.close()
