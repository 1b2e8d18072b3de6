"""Memos by URL: Linq downloads them itself, within its limits."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from linq import APIStatusError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.wire import Wire
from tests.sandbox.linq_callers import CAF, M4A, Caller, code_of

pytest_plugins = ["tests.sandbox.linq_fixtures"]

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


async def test_a_url_is_downloaded_into_a_fresh_attachment(
    linq_side: LinqServer, linq_caller: Caller, shelf: Shelf
) -> None:
    answer = await linq_caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    memo = linq_side.memos(Chats.ANN)[0]
    assert (memo.body, memo.filename, memo.content_type) == (M4A, "two words.m4a", "audio/x-m4a")
    assert memo.attachment_id == answer.voice_memo.voice_memo.id
    assert shelf.asked == [("GET", "")]


async def test_the_fetcher_may_ask_for_the_head_first(linq_side: LinqServer, linq_caller: Caller, shelf: Shelf) -> None:
    linq_side.switches.fetch_style = "head"

    await linq_caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    assert shelf.asked == [("HEAD", ""), ("GET", "")]


async def test_the_fetcher_may_ask_for_ranges(linq_side: LinqServer, linq_caller: Caller, shelf: Shelf) -> None:
    linq_side.switches.fetch_style = "ranges"
    shelf.body = M4A + bytes(1024 * 1024)

    await linq_caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    assert shelf.asked == [("HEAD", ""), ("GET", "bytes=0-1048575"), ("GET", f"bytes=1048576-{len(shelf.body) - 1}")]
    assert linq_side.memos(Chats.ANN)[0].body == shelf.body


async def test_the_wire_log_shows_the_download_but_not_its_path(
    linq_caller: Caller, shelf: Shelf, linq_wire: Wire
) -> None:
    await linq_caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    fetched = linq_wire.named("fetch")[0]
    assert (fetched.direction, fetched.status, fetched.facts) == ("to_bot", 200, {"method": "GET", "host": "127.0.0.1"})
    assert "/clips/" not in repr(linq_wire.entries)


@pytest.mark.parametrize("says_length", [True, False])
async def test_ten_megabytes_pass_and_one_byte_more_does_not(
    linq_side: LinqServer, linq_caller: Caller, shelf: Shelf, says_length: bool
) -> None:
    shelf.says_length = says_length
    shelf.body = M4A + bytes(TEN_MB - len(M4A))
    await linq_caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    shelf.body += b"!"

    assert await refusal(linq_caller, shelf.url) == (413, 5001)
    assert len(linq_side.memos(Chats.ANN)) == 1


@pytest.mark.parametrize("url", ["http://example.com/a.m4a", "ftp://example.com/a.m4a", "a.m4a", "https://"])
async def test_only_https_is_tried(linq_caller: Caller, url: str) -> None:
    assert await refusal(linq_caller, url) == (400, 1005)


async def test_a_missing_file_fails_to_download(linq_caller: Caller, shelf: Shelf) -> None:
    assert await refusal(linq_caller, shelf.url.replace("/clips/", "/none/")) == (500, 5002)


async def test_an_unreachable_server_fails_to_download(linq_caller: Caller) -> None:
    assert await refusal(linq_caller, "http://127.0.0.1:1/a.m4a") == (500, 5002)


async def test_a_file_that_is_no_audio_is_refused(linq_caller: Caller, shelf: Shelf) -> None:
    shelf.body = b"<html>"

    assert await refusal(linq_caller, shelf.url) == (400, 5004)


async def test_a_file_served_as_another_format_is_refused(linq_caller: Caller, shelf: Shelf) -> None:
    shelf.body = CAF

    assert await refusal(linq_caller, shelf.url) == (400, 5006)


async def test_a_type_that_says_nothing_is_replaced_by_what_the_bytes_are(
    linq_side: LinqServer, linq_caller: Caller, shelf: Shelf
) -> None:
    shelf.content_type = "application/octet-stream"

    await linq_caller.api.chats.send_voicememo(Chats.ANN, voice_memo_url=shelf.url)

    assert linq_side.memos(Chats.ANN)[0].content_type == "audio/x-m4a"
