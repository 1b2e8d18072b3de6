"""A recording under its temporary url, as the target sees it, and what counts as evidence that it was fetched."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from bot.app.url_tokens import UrlTokens
from bot.media_route import KEPT_AT_MOST, MediaRoute
from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.ids import DeliveryId
from bot.relay.media.temporary_urls import VALID_FOR, TemporaryUrls
from bot.relay.model import Delivery
from bot.relay.ports.networks import Networks
from bot.server import routes
from bot.store.database import Database
from tests.fakes import FakeAudio, FakeTeam, said, until, voice
from tests.relay.world import World

BODY = b"AUDIO" + bytes(range(251)) * 80
WHOLE = sha256(BODY).hexdigest()


@dataclass
class Lent:
    """Recordings under temporary urls, and a client that fetches them."""

    world: World
    folder: Path
    tokens: UrlTokens = field(default_factory=lambda: UrlTokens("key"))
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.urls = TemporaryUrls(self.world.store, "https://bot.example", token=self.tokens.create)
        networks = Networks(self.world.team.network(), self.world.chats.network())
        self.route = MediaRoute(
            self.urls, networks, FakeAudio(), self.folder, self.tokens.is_ours, clock=lambda: self.seconds
        )
        app = routes(checks={}, metrics=bytes, clips=self.route.clip)
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(app))

    @property
    def team(self) -> FakeTeam:
        return self.world.team

    async def lend(self, number: str = "1", name: str = "memo.m4a") -> str:
        """Accept a recording; gives the path of its url."""
        part = voice(name)
        self.team.source.bodies[part.key] = BODY
        [self.last] = await self.world.deliveries.accept(said(number, part))
        return URL(await self.urls.create(await self.delivery())).raw_path

    async def delivery(self, delivery: DeliveryId | None = None) -> Delivery:
        return await self.world.row(delivery or self.last)

    async def fetch(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and digest."""
        async with self.client.get(URL(path, encoded=True), headers=headers) as answer:
            return answer.status, sha256(await answer.read()).hexdigest()

    async def is_evident(self) -> bool:
        return (await self.delivery()).fetched_at is not None


@pytest.fixture
async def lent(tmp_path: Path, database: Database, database_url: str) -> AsyncIterator[Lent]:
    world = World(tmp_path, database, database_url)
    await world.link()
    folder = tmp_path / "spool"
    folder.mkdir()
    lent = Lent(world, folder)
    await lent.client.start_server()
    yield lent
    await lent.client.close()
    await lent.route.close()
    assert not list(folder.iterdir())
    world.close()


async def test_recording_is_handed_out_whole_with_type_and_length(lent: Lent) -> None:
    async with lent.client.get(URL(await lent.lend(), encoded=True)) as answer:
        assert (answer.status, answer.content_type, answer.content_length) == (200, "audio/x-m4a", len(BODY))
        assert await answer.read() == BODY
    assert await lent.is_evident()


@pytest.mark.parametrize("name", ["{memo}.m4a", "100%.m4a", "für dich?.m4a", "a/b.m4a"])
async def test_recording_of_any_name_is_found(lent: Lent, name: str) -> None:
    assert await lent.fetch(await lent.lend(name=name)) == (200, WHOLE)


@pytest.mark.parametrize("trouble", [RetryLater("Slack is away."), Refused("Slack says no.")])
async def test_source_that_does_not_give_the_file_is_502(lent: Lent, trouble: RelayError) -> None:
    path = await lent.lend()
    lent.team.source.trouble["open"] = [trouble]
    assert (await lent.fetch(path))[0] == 502
    assert not await lent.is_evident()
    assert (await lent.fetch(path))[0] == 200


async def test_download_that_breaks_off_is_502_and_not_half_a_recording(lent: Lent) -> None:
    lent.team.source.breaks_off_at = len(BODY) // 2
    assert (await lent.fetch(await lent.lend()))[0] == 502
    assert not await lent.is_evident()


async def test_ranges_and_repeats_ask_the_source_once(lent: Lent) -> None:
    path = await lent.lend()
    await asyncio.gather(*(lent.fetch(path, Range=f"bytes={start}-{start + 9}") for start in range(0, 200, 10)))
    assert await lent.fetch(path) == (200, WHOLE)
    assert len(lent.team.source.opened) == 1


async def test_requests_that_wait_for_the_same_file_share_its_failure(lent: Lent) -> None:
    path = await lent.lend()
    gate = lent.team.source.stalled[voice().key] = asyncio.Event()
    lent.team.source.breaks_off_at = 1
    fetching = [asyncio.create_task(lent.fetch(path)) for _ in range(5)]
    await until(lambda: bool(lent.team.source.opened))
    gate.set()
    assert {status for status, _ in await asyncio.gather(*fetching)} == {502}


async def test_evidence_that_cannot_be_stored_spoils_no_audio(lent: Lent) -> None:
    path = await lent.lend()
    lent.world.store.trouble["mark_fetched"] = [RetryLater("The database takes no writes.")]
    assert await lent.fetch(path) == (200, WHOLE)
    assert not await lent.is_evident()
    assert await lent.fetch(path) == (200, WHOLE)
    assert await lent.is_evident()


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-9", "bytes=5-2", "items=0-5", "bytes=-", "bytes=a-b", "bytes", f"bytes=0-{'9' * 5000}"]
)
async def test_invalid_range_is_ignored(lent: Lent, asked: str) -> None:
    assert await lent.fetch(await lent.lend(), Range=asked) == (200, WHOLE)


@pytest.mark.parametrize(
    ("asked", "is_evident"), [("bytes=0-0", False), ("bytes=0-99", False), ("bytes=100-", True), ("bytes=0-", True)]
)
async def test_only_a_reader_of_the_last_byte_has_fetched_it(lent: Lent, asked: str, is_evident: bool) -> None:
    assert (await lent.fetch(await lent.lend(), Range=asked))[0] == 206
    assert await lent.is_evident() is is_evident


async def test_range_behind_the_end_is_416(lent: Lent) -> None:
    assert (await lent.fetch(await lent.lend(), Range="bytes=999999-"))[0] == 416


async def test_head_is_no_fetch(lent: Lent) -> None:
    async with lent.client.head(URL(await lent.lend(), encoded=True)) as answer:
        assert (answer.status, answer.content_length) == (200, len(BODY))
    assert not await lent.is_evident()


async def test_url_of_an_unknown_token_is_404(lent: Lent) -> None:
    token, name = (await lent.lend()).split("/")[2:]
    for path in (f"/clips/{lent.tokens.create()}/{name}", f"/clips/{token}/other.m4a", f"/clips/guess/{name}"):
        assert (await lent.fetch(path))[0] == 404


async def test_guessed_tokens_are_refused_without_the_database(lent: Lent) -> None:
    name = (await lent.lend()).split("/")[3]
    await lent.world.database.close()
    for guess in ("guess", "A" * 56, UrlTokens("another key").create(), "%F0%9F%8E%A4"):
        assert (await lent.fetch(f"/clips/{guess}/{name}"))[0] == 404


async def test_files_that_are_not_valid_any_more_are_forgotten(lent: Lent) -> None:
    await lent.fetch(await lent.lend("1", "a.m4a"))
    lent.seconds += VALID_FOR.total_seconds() + 1
    await lent.fetch(await lent.lend("2", "b.m4a"))
    assert len(list(lent.folder.iterdir())) == 1


async def test_no_more_files_are_kept_than_the_limit(lent: Lent) -> None:
    for number in range(KEPT_AT_MOST + 3):
        assert await lent.fetch(await lent.lend(str(number + 1), f"{number}.m4a")) == (200, WHOLE)
    assert len(list(lent.folder.iterdir())) == KEPT_AT_MOST


async def test_reader_that_hangs_up_breaks_nothing(lent: Lent) -> None:
    path = await lent.lend()
    answer = await lent.client.get(URL(path, encoded=True))
    answer.close()
    assert await lent.fetch(path) == (200, WHOLE)
