"""What really crosses the wire to Linq's storage, byte by byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot.linq.upload import put
from bot.relay.errors import Refused, RelayError, RetryLater
from bot.relay.model import AttachmentId
from bot.relay.ports import Upload

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

    def upload(self, **other: object) -> Upload:
        facts = {"headers": SIGNED, "size_bytes": len(BODY), **other}
        url = f"http://127.0.0.1:{self.port}{PATH}"
        return Upload(AttachmentId("a"), url, content_type="audio/x-m4a", **facts)  # type: ignore[arg-type]  # two facts


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


async def test_the_length_is_said_even_where_linq_does_not_ask_for_it(session: aiohttp.ClientSession) -> None:
    async with open_storage() as storage:
        await put(session, storage.upload(headers={"content-type": "audio/x-m4a"}), chunks(BODY))
    assert f"Content-Length: {len(BODY)}" in storage.heads[0]


@pytest.mark.parametrize(
    "parts",
    [(BODY[:-1],), (BODY, b"!"), (BODY + b"!",), (), (BODY[:3000],), (BODY, BODY)],
    ids=["one short", "one long", "one long at once", "nothing", "half", "twice"],
)
async def test_a_source_of_another_length_never_arrives_whole(
    session: aiohttp.ClientSession, parts: tuple[bytes, ...]
) -> None:
    async with open_storage() as storage:
        with pytest.raises(RetryLater, match="length"):
            await put(session, storage.upload(), chunks(*parts))
        await asyncio.wait_for(storage.ended.wait(), 10)
    assert len(storage.body) < len(BODY)


@pytest.mark.parametrize("error", [Refused("Slack no longer has it."), RetryLater("Slack is slow."), KeyError("bug")])
async def test_a_source_that_fails_is_heard_in_its_own_words(session: aiohttp.ClientSession, error: Exception) -> None:
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


async def test_a_yes_before_the_last_byte_counts_for_nothing(session: aiohttp.ClientSession) -> None:
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
async def test_a_place_that_cannot_be_reached_is_later(session: aiohttp.ClientSession, url: str) -> None:
    with pytest.raises(RetryLater):
        await put(session, Upload(AttachmentId("a"), url, SIGNED, "audio/x-m4a", len(BODY)), chunks(BODY))


async def test_a_line_that_breaks_is_later(session: aiohttp.ClientSession) -> None:
    async def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    storage = Storage(port=server.sockets[0].getsockname()[1])
    async with server:
        with pytest.raises(RetryLater):
            await put(session, storage.upload(), chunks(BODY))


async def test_the_audio_is_not_taken_to_where_storage_sends_it(session: aiohttp.ClientSession) -> None:
    async with open_storage() as elsewhere:
        away = f"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
        async with open_storage(answer=away.encode()) as storage:
            with pytest.raises(RetryLater) as refused:
                await put(session, storage.upload(), chunks(BODY))
    assert refused.value.code == "upload 307"
    assert elsewhere.heads == []
