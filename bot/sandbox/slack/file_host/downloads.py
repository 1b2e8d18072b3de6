"""The file host: bytes for those who bring the token, and the many other things it has been seen to answer."""

import asyncio
from collections.abc import Iterator
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.local_server import cut
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.credentials import Credentials
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.files import StoredFile
from bot.sandbox.slack.state.workspace import BOT, DOMAIN
from bot.sandbox.slack.switches import Download, DownloadKind
from bot.sandbox.wire import Wire

_CHUNK = 256 * 1024
_LOGIN_PAGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Slack</title></head>'
    "<body><h1>Sign in to your workspace</h1><form><input name='email'></form></body></html>"
)


class FileHost:
    """Answers ``/files-pri`` and ``/files-tmb``; ``serve_foreign`` plays a host that is not Slack's."""

    def __init__(self, stage: ApiContext, credentials: Credentials, address: Origins, wire: Wire) -> None:
        self._stage, self._address, self._wire = stage, address, wire
        self._authorization = f"Bearer {credentials.bot_token}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        file = self._stage.workspace.files.get(request.match_info["file"])
        if self._stage.switches.latency_s:
            await asyncio.sleep(self._stage.switches.latency_s)
        if not self._allowed(request, file):
            return self._login(request, file)
        if file is None or file.gone:
            return self._plain(file, 404, "not found")
        file.downloads += 1
        content = self._content(request, file)
        return await self._answer(request, file, content, self._trouble(file))

    def _allowed(self, request: web.Request, file: StoredFile | None) -> bool:
        revoked = self._stage.switches.faults.get("*")
        if revoked and revoked.error in ("token_revoked", "invalid_auth", "account_inactive"):
            return False
        if request.headers.get("Authorization") != self._authorization:
            return False
        channels = self._stage.workspace.channels
        visible = file is None or any(BOT in channels[share.channel].members for share in file.shares)
        return visible and "files:read" in self._stage.switches.scopes

    def _trouble(self, file: StoredFile) -> DownloadKind:
        """What goes wrong with this try; ``times`` counts the downloads of one file."""
        trouble: Download = file.upload.download or self._stage.switches.download
        over = trouble.times is not None and file.downloads > trouble.times
        return "bytes" if over else trouble.kind

    def _content(self, request: web.Request, file: StoredFile) -> bytes:
        copy = file.upload.copy if request.path.startswith("/files-tmb/") else None
        return file.upload.content if copy is None else copy

    async def _answer(
        self, request: web.Request, file: StoredFile, content: bytes, kind: DownloadKind
    ) -> web.StreamResponse:
        match kind:
            case "login":
                return self._login(request, file)
            case "redirect":
                return self._redirect(f"https://{DOMAIN}.slack.com/?redir={quote(request.path, safe='')}", file)
            case "foreign":
                return self._redirect(f"{self._address.foreign}/moved/{file.id}", file)
            case "not_ready":
                return self._plain(file, 404, "not found")
            case "endless":
                return await self._stream(request, file, None, _zeros())
            case "truncated":
                return await self._stream(request, file, len(content), _chunks(content[: len(content) // 2]))
            case "slow":
                return await self._drip(request, file, content)
            case "bytes":
                return await self._stream(request, file, len(content), _chunks(content))

    def _login(self, request: web.Request, file: StoredFile | None) -> web.Response:
        if self._stage.switches.login == "redirect":
            return self._redirect(f"https://{DOMAIN}.slack.com/?redir={quote(request.path, safe='')}", file)
        self._note(file, 200, login=True)
        return web.Response(text=_LOGIN_PAGE, content_type="text/html")

    def _redirect(self, where: str, file: StoredFile | None) -> web.Response:
        self._note(file, 302)
        return web.Response(
            status=302, text='<a href="...">Found</a>.', content_type="text/html", headers={"Location": where}
        )

    def _plain(self, file: StoredFile | None, status: int, text: str) -> web.Response:
        self._note(file, status)
        return web.Response(status=status, text=text)

    async def _stream(
        self, request: web.Request, file: StoredFile, size: int | None, chunks: Iterator[memoryview]
    ) -> web.StreamResponse:
        response = await self._begin(request, file, size)
        sent = 0
        try:
            for chunk in chunks:
                await response.write(chunk)
                sent += len(chunk)
        finally:
            self._note(file, 200, size=sent)
        if size is not None and sent < size:
            cut(request.transport)
        return response

    async def _drip(self, request: web.Request, file: StoredFile, content: bytes) -> web.StreamResponse:
        response = await self._begin(request, file, len(content))
        trouble = file.upload.download or self._stage.switches.download
        piece, sent = max(1, trouble.bytes_per_s // 10), 0
        try:
            while sent < len(content):
                await response.write(memoryview(content)[sent : sent + piece])
                sent = min(len(content), sent + piece)
                await asyncio.sleep(0.1)
        finally:
            self._note(file, 200, size=sent)
        return response

    async def _begin(self, request: web.Request, file: StoredFile, size: int | None) -> web.StreamResponse:
        kind = str(file.record.get("mimetype") or "application/octet-stream")
        response = web.StreamResponse(headers={"Content-Type": kind})
        response.content_length = size
        await response.prepare(request)
        return response

    async def serve_foreign(self, request: web.Request) -> web.Response:
        """Anything at all on the foreign host; the wire tells whether a token came along."""
        seen = "Authorization" in request.headers
        self._wire.write("slack", "from_bot", "foreign download", 200, token_seen=seen)
        return web.Response(body=b"not a file of Slack's")

    def _note(self, file: StoredFile | None, status: int, **facts: object) -> None:
        named = {"file": file.id} if file else {}
        self._wire.write("slack", "from_bot", "download", status, **named, **facts)


def _chunks(content: bytes) -> Iterator[memoryview]:
    view = memoryview(content)
    return (view[start : start + _CHUNK] for start in range(0, len(view), _CHUNK))


def _zeros() -> Iterator[memoryview]:
    chunk = memoryview(bytes(_CHUNK))
    while True:
        yield chunk
