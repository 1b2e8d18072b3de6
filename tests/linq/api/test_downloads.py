"""Media of contacts: from where it is fetched, what is renewed, and where it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.linq.adapter import LinqAdapter
from bot.linq.api.client import open_api
from bot.linq.api.downloads import LinqMediaSource
from bot.linq.api.limits import INBOUND_BYTES
from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import MediaRef
from bot.relay.parts import Media, Voice
from tests.linq.conftest import IDS, now
from tests.linq.fake_linq import Answer, FakeLinq, open_fake_linq
from tests.linq.made import ATTACHMENT

RENEW = f"GET /v3/attachments/{ATTACHMENT}"
PICTURE = b"\x89PNG" + b"x" * 200_000


def part(hint: str = "", media: MediaRef | None = None, content_type: str = "image/png") -> Media:
    return Media("0", "cat.png", media or IDS.media(ATTACHMENT), hint, content_type=content_type)


async def fetch(adapter: LinqAdapter, of: Media | Voice) -> bytes:
    async with adapter.downloads.open(of) as download:
        return b"".join([chunk async for chunk in download.chunks()])


def renewed(fake: FakeLinq, path: str = "/media/new") -> Answer:
    return Answer(200, {"id": ATTACHMENT, "download_url": fake.origin + path})


async def test_bytes_come_as_they_are_with_their_size(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer("GET /media/a", Answer(200, PICTURE))
    async with scripted.downloads.open(part(f"{fake.origin}/media/a")) as download:
        assert download.size_bytes == len(PICTURE)
        chunks = [chunk async for chunk in download.chunks()]
    assert b"".join(chunks) == PICTURE
    assert max(map(len, chunks)) <= 64 * 1024


async def test_our_key_is_not_shown_to_the_media_host(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer("GET /media/a", Answer(200, PICTURE))
    await fetch(scripted, part(f"{fake.origin}/media/a?Signature=a%2Bb"))
    [request] = fake.asked("GET /media/a")
    assert "Authorization" not in request.headers
    assert request.query == {"Signature": "a+b"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_stale_address_is_renewed_once(scripted: LinqAdapter, fake: FakeLinq, status: int) -> None:
    fake.answer("GET /media/old", Answer(status))
    fake.answer(RENEW, renewed(fake))
    fake.answer("GET /media/new", Answer(200, PICTURE))
    assert await fetch(scripted, part(f"{fake.origin}/media/old")) == PICTURE
    assert len(fake.asked(RENEW)) == 1


async def test_address_that_is_stale_again_is_refused(scripted: LinqAdapter, fake: FakeLinq) -> None:
    for path in ("/media/old", "/media/new"):
        fake.answer(f"GET {path}", Answer(404))
    fake.answer(RENEW, renewed(fake))
    with pytest.raises(Refused, match="no longer"):
        await fetch(scripted, part(f"{fake.origin}/media/old"))
    assert len(fake.requests) == 3


async def test_part_without_an_address_is_looked_up(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(RENEW, renewed(fake))
    fake.answer("GET /media/new", Answer(200, PICTURE))
    assert await fetch(scripted, part()) == PICTURE


async def test_login_page_in_place_of_the_file_is_no_file(scripted: LinqAdapter, fake: FakeLinq) -> None:
    html = {"Content-Type": "text/html; charset=utf-8"}
    fake.answer("GET /media/old", Answer(200, b"<html>", html))
    fake.answer(RENEW, renewed(fake))
    fake.answer("GET /media/new", Answer(200, PICTURE))
    assert await fetch(scripted, part(f"{fake.origin}/media/old")) == PICTURE
    assert await fetch(scripted, part(f"{fake.origin}/media/old", content_type="text/html")) == b"<html>"


@pytest.mark.parametrize(
    "answer",
    [Answer(404, {"error": {"status": 404, "code": 2003}}), Answer(200, {"id": ATTACHMENT}), Answer(400)],
    ids=["unknown", "without an address", "refused"],
)
async def test_file_that_linq_no_longer_has_is_refused(scripted: LinqAdapter, fake: FakeLinq, answer: Answer) -> None:
    fake.answer(RENEW, answer)
    with pytest.raises(Refused, match="no longer"):
        await fetch(scripted, part())


async def test_file_without_an_id_is_known_by_its_address_only(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer("GET /media/a", Answer(200, PICTURE), Answer(404))
    address = f"{fake.origin}/media/a"
    nameless = part(address, IDS.media_at(address))
    assert await fetch(scripted, nameless) == PICTURE
    with pytest.raises(Refused):
        await fetch(scripted, nameless)


@pytest.mark.parametrize("status", [429, 500, 503, 301, 302, 307, 206])
async def test_other_answers_are_tried_again_later(scripted: LinqAdapter, fake: FakeLinq, status: int) -> None:
    fake.answer("GET /media/a", Answer(status, b"", {"Location": f"{fake.origin}/media/b"}))
    fake.answer("GET /media/b", Answer(200, PICTURE))
    with pytest.raises(RetryLater):
        await fetch(scripted, part(f"{fake.origin}/media/a"))
    assert not fake.asked("GET /media/b")


async def test_linq_that_cannot_renew_now_is_asked_again_later(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(RENEW, Answer(503))
    with pytest.raises(RetryLater):
        await fetch(scripted, part())


@pytest.mark.parametrize(
    "address",
    [
        "http://{elsewhere}/media/a",
        "http://user:word@{host}/media/a",
        "http://{host}@{elsewhere}/media/a",
        "https://{host}/media/a",
        "http://cdn.linqapp.com/media/a",
        "https://cdn.linqapp.com.evil.example/a",
        "https://cdn.linqapp.com:8443/a",
        "file:///etc/passwd",
        "ftp://{host}/media/a",
        "//{host}/media/a",
        "media/a",
        "http://",
        "http://[::1",
    ],
)
async def test_no_other_origin_is_asked(scripted: LinqAdapter, fake: FakeLinq, address: str) -> None:
    """Neither by the address of the webhook nor by a renewed one."""
    async with open_fake_linq() as elsewhere:
        elsewhere.answer("GET /media/a", Answer(200, PICTURE))
        fake.answer("GET /media/a", Answer(200, PICTURE))
        host, other = (each.origin.removeprefix("http://") for each in (fake, elsewhere))
        named = address.format(host=host, elsewhere=other)
        fake.answer(RENEW, Answer(200, {"id": ATTACHMENT, "download_url": named}))
        with pytest.raises(Refused):
            await fetch(scripted, part(named))
        assert not elsewhere.requests
        assert not fake.asked("GET /media/a")


async def test_linqs_media_host_is_allowed_without_a_local_linq(session: aiohttp.ClientSession) -> None:
    """Over https only, and it is what a real base URL leads to as well."""
    adapter = LinqAdapter("key", "https://api.linqapp.com/api/partner", session, now=now)
    allowed = adapter.downloads._allowed
    assert allowed("https://cdn.linqapp.com/attachments/partners/p/a/Audio%20Message.caf?x=%2B")
    assert allowed("https://api.linqapp.com/media/a")
    assert allowed("http://cdn.linqapp.com/a") is None
    await adapter.close()


# Bounds


@asynccontextmanager
async def serving(head: str, *chunks: bytes, ends: bool = True) -> AsyncIterator[str]:
    """An origin that sends these bytes, and then hangs up or says nothing more."""
    stop = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{head}\r\n".encode())
        try:
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
            if not ends:
                await stop.wait()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        stop.set()


@asynccontextmanager
async def adapter_for(origin: str, session: aiohttp.ClientSession) -> AsyncIterator[LinqAdapter]:
    adapter = LinqAdapter("key", f"{origin}/api/partner", session, now=now)
    yield adapter
    await adapter.close()


async def test_file_that_promises_too_much_is_refused_at_once(session: aiohttp.ClientSession) -> None:
    async with (
        serving(f"Content-Length: {INBOUND_BYTES + 1}\r\n", b"x", ends=False) as origin,
        adapter_for(origin, session) as adapter,
    ):
        with pytest.raises(Refused, match="larger than"):
            await fetch(adapter, part(f"{origin}/a"))


async def test_file_that_never_ends_is_refused_at_the_bound(session: aiohttp.ClientSession) -> None:
    api = open_api("key", "http://linq.invalid")
    async with serving("Connection: close\r\n", *[b"x" * 2**16] * 32) as origin:
        downloads, seen = LinqMediaSource(api, session, origin, largest_bytes=2**20), 0

        async def count() -> None:
            nonlocal seen
            async with downloads.open(part(f"{origin}/a")) as download:
                assert download.size_bytes is None
                async for chunk in download.chunks():
                    seen += len(chunk)

        with pytest.raises(Refused, match="larger than 1 MB"):
            await count()
    assert 0 < seen <= 2**20
    await api.close()


async def test_file_that_breaks_off_is_tried_again_later(session: aiohttp.ClientSession) -> None:
    async with serving("Content-Length: 1000\r\n", b"x" * 10) as origin, adapter_for(origin, session) as adapter:
        with pytest.raises(RetryLater):
            await fetch(adapter, part(f"{origin}/a"))


async def test_host_that_cannot_be_reached_is_later(session: aiohttp.ClientSession) -> None:
    async with adapter_for("http://127.0.0.1:1", session) as adapter:
        with pytest.raises(RetryLater):
            await fetch(adapter, part("http://127.0.0.1:1/a"))


async def test_packed_file_promises_no_size(session: aiohttp.ClientSession) -> None:
    async def pack(_: web.Request) -> web.Response:
        answer = web.Response(body=PICTURE)
        answer.enable_compression(web.ContentCoding.gzip)
        return answer

    app = web.Application()
    app.router.add_get("/a", pack)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with adapter_for(origin, session) as adapter, adapter.downloads.open(part(f"{origin}/a")) as download:
        assert download.size_bytes is None
        assert b"".join([chunk async for chunk in download.chunks()]) == PICTURE
    await runner.cleanup()


async def test_error_of_the_reader_stays_its_own(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer("GET /media/a", Answer(200, PICTURE))
    with pytest.raises(KeyError):
        async with scripted.downloads.open(part(f"{fake.origin}/media/a")):
            raise KeyError("ours")


async def test_no_address_is_logged(scripted: LinqAdapter, fake: FakeLinq, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever has it has the file."""
    fake.answer("GET /media/secret", Answer(404), Answer(500))
    fake.answer(RENEW, renewed(fake, "/media/secret"))
    with pytest.raises(RetryLater):
        await fetch(scripted, part(f"{fake.origin}/media/secret"))
    with pytest.raises(Refused):
        await fetch(scripted, part("https://evil.example/secret", IDS.media_at("x")))
    said = " ".join(str(vars(record)) for record in caplog.records if record.name == "memobridge.linq")
    assert "linq.download_refused" in said
    assert "linq.media_address_refused" in said
    assert "secret" not in said
