"""Memos by URL: Linq downloads them itself, within its limits."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from linq import APIStatusError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import CAF, M4A, Caller, code_of

TEN_MB = 10 * 1024 * 1024


@dataclass
class Shelf:
    """A web server with one file; ``asked`` holds method and range of each request."""

    body: bytes = M4A
    content_type: str = "audio/x-m4a"
    says_length: bool = True
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        span = request.headers.get("Range", "")
        self.asked.append((request.method, span))
        if not self.says_length:
            return await self._stream(request)
        if span:
            start, end = (int(edge) for edge in span.removeprefix("bytes=").split("-"))
            return web.Response(status=206, body=self.body[start : end + 1], content_type=self.content_type)
        return web.Response(body=self.body, content_type=self.content_type)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": self.content_type})
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        for start in range(0, len(self.body), 65536):
            await answer.write(self.body[start : start + 65536])
        return answer


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    found = Shelf()
    app = web.Application()
    app.router.add_get("/clips/{name}", found.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/clips/two%20words.m4a"
    yield found
    await runner.cleanup()


async def refusal(caller: Caller, url: str) -> tuple[int, int | None]:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=url)
    return code_of(refused)


async def test_url_is_downloaded_into_a_new_attachment(linq: LinqServer, caller: Caller, shelf: Shelf) -> None:
    answer = await caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    memo = linq.memos(Chats.ANN)[0]
    assert (memo.body, memo.filename, memo.content_type) == (M4A, "two words.m4a", "audio/x-m4a")
    assert memo.attachment_id == answer.voice_memo.voice_memo.id
    assert shelf.asked == [("GET", "")]


async def test_fetcher_may_send_head_first(linq: LinqServer, caller: Caller, shelf: Shelf) -> None:
    linq.switches.fetch_style = "head"

    await caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    assert shelf.asked == [("HEAD", ""), ("GET", "")]


async def test_fetcher_may_request_ranges(linq: LinqServer, caller: Caller, shelf: Shelf) -> None:
    linq.switches.fetch_style = "ranges"
    shelf.body = M4A + bytes(1024 * 1024)

    await caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    assert shelf.asked == [("HEAD", ""), ("GET", "bytes=0-1048575"), ("GET", f"bytes=1048576-{len(shelf.body) - 1}")]
    assert linq.memos(Chats.ANN)[0].body == shelf.body


async def test_wire_log_shows_fetch_without_path(caller: Caller, shelf: Shelf, wire: Wire) -> None:
    await caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    fetched = wire.named("fetch")[0]
    assert (fetched.direction, fetched.status, fetched.facts) == ("to_bot", 200, {"method": "GET", "host": "127.0.0.1"})
    assert "/clips/" not in repr(wire.entries)


@pytest.mark.parametrize("says_length", [True, False])
async def test_fetch_limit_is_ten_megabytes(linq: LinqServer, caller: Caller, shelf: Shelf, says_length: bool) -> None:
    shelf.says_length = says_length
    shelf.body = M4A + bytes(TEN_MB - len(M4A))
    await caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    shelf.body += b"!"

    assert await refusal(caller, shelf.url) == (413, 5001)
    assert len(linq.memos(Chats.ANN)) == 1


@pytest.mark.parametrize("url", ["http://example.com/a.m4a", "ftp://example.com/a.m4a", "a.m4a", "https://"])
async def test_only_https_is_fetched(caller: Caller, url: str) -> None:
    assert await refusal(caller, url) == (400, 1005)


async def test_missing_file_fails_to_download(caller: Caller, shelf: Shelf) -> None:
    assert await refusal(caller, shelf.url.replace("/clips/", "/none/")) == (500, 5002)


async def test_unreachable_server_fails_to_download(caller: Caller) -> None:
    assert await refusal(caller, "http://127.0.0.1:1/a.m4a") == (500, 5002)


async def test_non_audio_file_is_refused(caller: Caller, shelf: Shelf) -> None:
    shelf.body = b"<html>"

    assert await refusal(caller, shelf.url) == (400, 5004)


async def test_file_served_as_another_format_is_refused(caller: Caller, shelf: Shelf) -> None:
    shelf.body = CAF

    assert await refusal(caller, shelf.url) == (400, 5006)


async def test_unknown_type_is_replaced_by_sniffed_type(linq: LinqServer, caller: Caller, shelf: Shelf) -> None:
    shelf.content_type = "application/octet-stream"

    await caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    assert linq.memos(Chats.ANN)[0].content_type == "audio/x-m4a"
