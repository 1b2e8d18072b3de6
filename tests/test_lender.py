"""A lent clip as its reader sees it: whole, or plainly cut short; and what counts as evidence that it was fetched."""

from collections.abc import AsyncIterator
from hashlib import sha256

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from bot.media_route import MediaRoute
from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.model import Delivery, DeliveryId, Link
from bot.server import routes
from tests.fakes import CHANNEL, CHAT, Clock, FakeAudio, FakeSlack, Memory, share

BODY = b"AUDIO" + bytes(range(251)) * 80
WHOLE = sha256(BODY).hexdigest()


class Scene:
    """One lent clip and its link."""

    def __init__(self) -> None:
        self.clock, self.slack = Clock(), FakeSlack()
        self.memory = Memory(self.clock)
        self.memory.links[CHANNEL] = Link(CHANNEL, CHAT)
        self.lending = TemporaryUrls(self.memory, "https://bot.example", now=self.clock, token=lambda: "tok")
        lender = MediaRoute(self.lending, self.slack, FakeAudio())
        server = TestServer(routes(pings={}, metrics=bytes, lent_clips=lender.clip))
        self.client = TestClient(server, timeout=aiohttp.ClientTimeout(sock_read=5))

    async def start(self) -> None:
        await self.client.start_server()
        [clip] = share().clips
        self.slack.bodies[clip.file_id] = BODY
        self.delivery = Delivery(DeliveryId("0a1b2c3d"), share().post, clip, 1.0)
        await self.memory.accept([self.delivery])
        self.path = URL(await self.lending.lend(self.delivery)).path

    async def fetch(self, **headers: str) -> tuple[int, str]:
        """Status and digest."""
        async with self.client.get(self.path, headers=headers) as answer:
            return answer.status, sha256(await answer.read()).hexdigest()

    @property
    def is_evident(self) -> bool:
        return self.memory.rows[self.delivery.id].fetched_at is not None


async def read(answer: aiohttp.ClientResponse, had: bytearray) -> None:
    async for piece in answer.content.iter_any():
        had += piece


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    await scene.start()
    yield scene
    await scene.client.close()


@pytest.mark.parametrize("trouble", [RetryLater("Slack is away."), Refused("Slack says no.")])
async def test_trouble_before_the_first_byte_is_a_bad_gateway(scene: Scene, trouble: RelayError) -> None:
    scene.slack.trouble["download"] = [trouble]
    assert (await scene.fetch())[0] == 502
    assert not scene.is_evident


@pytest.mark.parametrize("tells_sizes", [True, False])
async def test_a_body_that_breaks_off_is_cut_short_and_holds_nothing_but_audio(scene: Scene, tells_sizes: bool) -> None:
    scene.slack.breaks_off_at, scene.slack.tells_sizes = len(BODY) // 2, tells_sizes
    async with scene.client.get(scene.path) as answer:
        had = bytearray()
        with pytest.raises(aiohttp.ClientPayloadError):
            await read(answer, had)
    assert answer.status == 200
    is_audio = BODY.startswith(bytes(had))
    assert is_audio
    assert not scene.is_evident


@pytest.mark.parametrize("tells_sizes", [True, False])
async def test_evidence_that_cannot_be_stored_spoils_no_audio(scene: Scene, tells_sizes: bool) -> None:
    scene.slack.tells_sizes = tells_sizes
    scene.memory.trouble["fetched"] = [RetryLater("The database cannot be reached.")]
    assert await scene.fetch() == (200, WHOLE)
    assert await scene.fetch() == (200, WHOLE)
    assert scene.is_evident


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-9", "bytes=5-2", "items=0-5", "bytes=-", "bytes=a-b", "bytes", f"bytes=0-{'9' * 5000}"]
)
async def test_a_range_that_makes_no_sense_is_ignored(scene: Scene, asked: str) -> None:
    assert await scene.fetch(Range=asked) == (200, WHOLE)


@pytest.mark.parametrize(
    ("asked", "is_evident"), [("bytes=0-0", False), ("bytes=0-99", False), ("bytes=100-", True), ("bytes=0-", True)]
)
async def test_only_who_got_the_last_byte_has_fetched_the_clip(scene: Scene, asked: str, is_evident: bool) -> None:
    assert (await scene.fetch(Range=asked))[0] == 206
    assert scene.is_evident is is_evident


async def test_a_look_at_the_head_is_no_fetch(scene: Scene) -> None:
    async with scene.client.head(scene.path) as answer:
        assert (answer.status, answer.content_length) == (200, len(BODY))
    assert not scene.is_evident
