"""Downloads: bytes for those who bring the token, and the many other things the file host has been seen to answer."""

import asyncio
from collections.abc import Iterator
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.local_server import abort_connection
from bot.sandbox.slack.credentials import Credentials
from bot.sandbox.slack.fixtures import BOT, DOMAIN
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.models import StoredFile
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Download, DownloadKind, Switches
from bot.sandbox.wire import Wire

_CHUNK = 256 * 1024
_LOGIN_PAGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Slack</title></head>'
    "<body><h1>Sign in to your workspace</h1><form><input name='email'></form></body></html>"
)


class Downloads:
    """Answers ``/files-pri`` and ``/files-tmb``; ``serve_foreign`` stands for a host that is not Slack's."""

    def __init__(
        self, workspace: Workspace, switches: Switches, credentials: Credentials, origins: Origins, wire: Wire
    ) -> None:
        self._workspace, self._switches, self._origins, self._wire = workspace, switches, origins, wire
        self._authorization = f"Bearer {credentials.bot_token}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        file = self._workspace.files.get(request.match_info["file"])
        if self._switches.latency_s:
            await asyncio.sleep(self._switches.latency_s)
        if not self._allowed(request, file):
            return self._login(request, file)
        if file is None or file.is_deleted:
            return self._plain(file, 404, "not found")
        file.downloads += 1
        content = self._content(request, file)
        return await self._answer(request, file, content, self._fault(file))

    def _allowed(self, request: web.Request, file: StoredFile | None) -> bool:
        revoked = self._switches.faults.get("*")
        if revoked and revoked.error in ("token_revoked", "invalid_auth", "account_inactive"):
            return False
        if request.headers.get("Authorization") != self._authorization:
            return False
        channels = self._workspace.channels
        visible = file is None or file.user == BOT or any(BOT in channels[s.channel].members for s in file.shares)
        return visible and "files:read" in self._switches.scopes

    def _fault(self, file: StoredFile) -> DownloadKind:
        """Return what goes wrong with this attempt; ``times`` counts the downloads of one file."""
        fault: Download = file.upload.download or self._switches.download
        used_up = fault.times is not None and file.downloads > fault.times
        return "bytes" if used_up else fault.kind

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
                return self._redirect(f"{self._origins.foreign}/moved/{file.id}", file)
            case "not_ready":
                return self._plain(file, 404, "not found")
            case "endless":
                return await self._stream(request, file, None, _zeros())
            case "truncated":
                return await self._stream(request, file, len(content), _chunks(content[: len(content) // 2]))
            case "slow":
                return await self._stream_slowly(request, file, content)
            case "bytes":
                return await self._stream(request, file, len(content), _chunks(content))

    def _login(self, request: web.Request, file: StoredFile | None) -> web.Response:
        if self._switches.login == "redirect":
            return self._redirect(f"https://{DOMAIN}.slack.com/?redir={quote(request.path, safe='')}", file)
        self._log(file, 200, login=True)
        return web.Response(text=_LOGIN_PAGE, content_type="text/html")

    def _redirect(self, where: str, file: StoredFile | None) -> web.Response:
        self._log(file, 302)
        return web.Response(
            status=302, text='<a href="...">Found</a>.', content_type="text/html", headers={"Location": where}
        )

    def _plain(self, file: StoredFile | None, status: int, text: str) -> web.Response:
        self._log(file, status)
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
            self._log(file, 200, size=sent)
        if size is not None and sent < size:
            abort_connection(request.transport)
        return response

    async def _stream_slowly(self, request: web.Request, file: StoredFile, content: bytes) -> web.StreamResponse:
        response = await self._begin(request, file, len(content))
        fault = file.upload.download or self._switches.download
        piece, sent = max(1, fault.bytes_per_s // 10), 0
        try:
            while sent < len(content):
                await response.write(memoryview(content)[sent : sent + piece])
                sent = min(len(content), sent + piece)
                await asyncio.sleep(0.1)
        finally:
            self._log(file, 200, size=sent)
        return response

    async def _begin(self, request: web.Request, file: StoredFile, size: int | None) -> web.StreamResponse:
        kind = str(file.record.get("mimetype") or "application/octet-stream")
        response = web.StreamResponse(headers={"Content-Type": kind})
        response.content_length = size
        await response.prepare(request)
        return response

    async def serve_foreign(self, request: web.Request) -> web.Response:
        """Answer any request to the foreign host; the wire log says whether a token came along."""
        seen = "Authorization" in request.headers
        self._wire.write("slack", "from_bot", "foreign download", 200, token_seen=seen)
        return web.Response(body=b"not a file of Slack's")

    def _log(self, file: StoredFile | None, status: int, **facts: object) -> None:
        named = {"file": file.id} if file else {}
        self._wire.write("slack", "from_bot", "download", status, **named, **facts)


def _chunks(content: bytes) -> Iterator[memoryview]:
    view = memoryview(content)
    return (view[start : start + _CHUNK] for start in range(0, len(view), _CHUNK))


def _zeros() -> Iterator[memoryview]:
    chunk = memoryview(bytes(_CHUNK))
    while True:
        yield chunk
