"""What really crosses the wire to Linq's storage, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot.linq.adapter import LinqAdapter
from bot.linq.api.uploads import LinqUpload, put
from bot.relay.errors import Refused, RelayError, Remedy, RetryLater
from tests.linq.conftest import IDS, Payload
from tests.linq.fake_linq import Answer, FakeLinq

BODY = b"sound" * 1000
SIGNED = {"Content-Type": "audio/x-m4a", "Content-Length": str(len(BODY))}
PATH = "/up?X-Amz-Credential=key%2F20261122%2Fs3&X-Amz-Signature=a%2Bb"


@dataclass
class Storage:
    """A storage that notes what comes. ``answer`` is sent as soon as ``answers_after`` bytes of the body are in."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    answers_after: int = len(BODY)
    port: int = 0
    heads: list[str] = field(default_factory=list)
    body: bytes = b""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._take(reader, writer)
        except asyncio.IncompleteReadError:
            pass  # gone before it said anything
        finally:
            writer.close()
            self.ended.set()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        while len(self.body) < self.answers_after and (chunk := await reader.read(65536)):
            self.body += chunk
        if len(self.body) >= self.answers_after:
            writer.write(self.answer)
            await writer.drain()

    def upload(self, headers: Mapping[str, str] = SIGNED) -> LinqUpload:
        return upload_to(f"http://127.0.0.1:{self.port}{PATH}", headers)


def upload_to(url: str, headers: Mapping[str, str] = SIGNED) -> LinqUpload:
    return LinqUpload(IDS.media("a"), "audio/x-m4a", len(BODY), url, headers)


@asynccontextmanager
async def open_storage(**switches: object) -> AsyncIterator[Storage]:
    storage = Storage(**switches)  # type: ignore[arg-type]  # switches by name
    server = await asyncio.start_server(storage.serve, "127.0.0.1", 0)
    storage.port = server.sockets[0].getsockname()[1]
    async with server:
        yield storage


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_exactly_the_signed_headers_go_to_exactly_the_signed_address(session: aiohttp.ClientSession) -> None:
    async with open_storage() as storage:
        await put(session, storage.upload(), chunks(BODY[:1], BODY[1:2000], BODY[2000:]))
    lines = storage.heads[0].strip().split("\r\n")
    assert lines[0] == f"PUT {PATH} HTTP/1.1"
    assert sorted(lines[1:]) == sorted(
        [f"Host: 127.0.0.1:{storage.port}", "Content-Type: audio/x-m4a", f"Content-Length: {len(BODY)}"]
    )
    assert storage.body == BODY


async def test_length_is_said_even_where_linq_does_not_ask_for_it(session: aiohttp.ClientSession) -> None:
    async with open_storage() as storage:
        await put(session, storage.upload(headers={"content-type": "audio/x-m4a"}), chunks(BODY))
    assert f"Content-Length: {len(BODY)}" in storage.heads[0]


@pytest.mark.parametrize(
    "parts",
    [(BODY[:-1],), (BODY, b"!"), (BODY + b"!",), (), (BODY[:3000],), (BODY, BODY)],
    ids=["one short", "one long", "one long at once", "nothing", "half", "twice"],
)
async def test_source_of_another_length_never_arrives_whole(
    session: aiohttp.ClientSession, parts: tuple[bytes, ...]
) -> None:
    async with open_storage() as storage:
        with pytest.raises(RetryLater, match="length"):
            await put(session, storage.upload(), chunks(*parts))
        await asyncio.wait_for(storage.ended.wait(), 10)
    assert len(storage.body) < len(BODY)


@pytest.mark.parametrize("error", [Refused("Slack no longer has it."), RetryLater("Slack is slow."), KeyError("bug")])
async def test_source_that_fails_raises_its_own_error(session: aiohttp.ClientSession, error: Exception) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield BODY[:100]
        yield BODY[100:200]
        raise error

    async with open_storage() as storage:
        with pytest.raises(type(error)) as heard:
            await put(session, storage.upload(), failing())
        await asyncio.wait_for(storage.ended.wait(), 10)
    assert heard.value is error


def answered(status: str) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n".encode()
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("302 Found", RetryLater),
        ("400 Bad Request", RetryLater),
        ("403 Forbidden", RetryLater),
        ("413 Payload Too Large", Refused),
        ("500 Internal Server Error", RetryLater),
        ("503 Slow Down", RetryLater),
    ],
)
async def test_any_other_answer_is_no_upload(
    session: aiohttp.ClientSession, status: str, expected: type[RelayError]
) -> None:
    async with open_storage(answer=answered(status)) as storage:
        with pytest.raises(expected):
            await put(session, storage.upload(), chunks(BODY))
    assert len(storage.heads) == 1


async def test_2xx_before_the_last_byte_counts_for_nothing(session: aiohttp.ClientSession) -> None:
    asked = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield BODY[:1000]
        yield BODY[1000:2000]
        await asked.wait()
        yield BODY[2000:]

    async with open_storage(answers_after=1000) as storage:
        with pytest.raises(RetryLater):
            await put(session, storage.upload(), slow())


@pytest.mark.parametrize("url", ["", "no address", "ftp://127.0.0.1/up", "http://127.0.0.1:1/up", "http://"])
async def test_address_that_cannot_be_reached_is_later(session: aiohttp.ClientSession, url: str) -> None:
    with pytest.raises(RetryLater):
        await put(session, upload_to(url), chunks(BODY))


async def test_connection_that_breaks_is_later(session: aiohttp.ClientSession) -> None:
    async def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    storage = Storage(port=server.sockets[0].getsockname()[1])
    async with server:
        with pytest.raises(RetryLater):
            await put(session, storage.upload(), chunks(BODY))


async def test_redirect_of_the_storage_is_not_followed(session: aiohttp.ClientSession) -> None:
    async with open_storage() as elsewhere:
        away = f"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
        async with open_storage(answer=away.encode()) as storage:
            with pytest.raises(RetryLater) as refused:
                await put(session, storage.upload(), chunks(BODY))
    assert refused.value.code == "upload 307"
    assert elsewhere.heads == []


CREATE = "POST /v3/attachments"


async def test_upload_is_created_under_a_fitting_name(scripted: LinqAdapter, fake: FakeLinq, payload: Payload) -> None:
    fake.answer(CREATE, Answer(200, payload("attachments_200")))
    upload = await scripted.uploads.create_upload("../memo.m4a", "Audio/X-M4A; rate=1", 184320)
    [request] = fake.requests
    assert request.body == {"filename": "memo.m4a", "content_type": "audio/x-m4a", "size_bytes": 184320}
    assert upload.media == IDS.media("c2f7d6b4-1d9e-4f2c-8a51-0b7f4f3f2e90")
    assert upload.url == payload("attachments_200")["upload_url"]
    assert "Signature" not in repr(upload)


@pytest.mark.parametrize(
    ("size", "content_type", "remedy"),
    [
        (0, "audio/x-m4a", Remedy.SEND_FILE_AGAIN),
        (100 * 1024 * 1024 + 1, "audio/x-m4a", Remedy.SEND_FILE_AGAIN),
        (7, "image/webp", Remedy.NONE),
        (7, "application/x-msdownload", Remedy.NONE),
        (7, "", Remedy.NONE),
    ],
)
async def test_what_linq_never_takes_is_refused_without_asking(
    scripted: LinqAdapter, fake: FakeLinq, size: int, content_type: str, remedy: Remedy
) -> None:
    with pytest.raises(Refused) as refused:
        await scripted.uploads.create_upload("a", content_type, size)
    assert refused.value.remedy is remedy
    assert not fake.requests


@pytest.mark.parametrize("body", [{}, {"attachment_id": "a"}, {"upload_url": "https://s.example/a"}, [], "no"])
async def test_answer_without_a_place_for_the_bytes_is_later(
    scripted: LinqAdapter, fake: FakeLinq, body: object
) -> None:
    """An orphan id does no harm."""
    fake.answer(CREATE, Answer(200, body))
    with pytest.raises(RetryLater):
        await scripted.uploads.create_upload("a", "audio/x-m4a", 7)
