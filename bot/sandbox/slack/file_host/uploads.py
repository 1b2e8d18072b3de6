"""Uploads of the app, between the two Web API calls: an address for the bytes, and when a file is complete."""

import asyncio
import secrets
import time
from dataclasses import replace

from aiohttp import web

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.slack.events.message_service import MessageService
from bot.sandbox.slack.fault_responses import failed_response
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.file_objects import new_file
from bot.sandbox.slack.state.models import Message, StoredFile, Upload
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Switches
from bot.sandbox.wire import Wire


class Uploads:
    """``serve`` answers ``/upload/v1/{token}``: the bytes as they are, or as the one part of a form."""

    def __init__(
        self,
        workspace: Workspace,
        switches: Switches,
        messages: MessageService,
        origins: Origins,
        wire: Wire,
        background: BackgroundTasks,
    ) -> None:
        self._workspace, self._switches, self._messages = workspace, switches, messages
        self._origins, self._wire, self._background = origins, wire, background
        self._by_token: dict[str, str] = {}
        self._with_bytes: set[str] = set()

    def begin(self, filename: str, length: int) -> tuple[StoredFile, str]:
        """Make a file without bytes, and the address for them."""
        file_id, token = self._workspace.new_id("F"), secrets.token_urlsafe(24)
        upload = Upload(filename, b"", declared={"size": length})
        file = new_file(upload, file_id, BOT, int(self._workspace.now()), self._origins)
        file.completed_at = None
        self._workspace.files[file_id], self._by_token[token] = file, file_id
        return file, f"{self._origins.slack}/upload/v1/{token}"

    def has_bytes(self, file: StoredFile) -> bool:
        return file.id in self._with_bytes

    def complete(self, file: StoredFile) -> None:
        """Mark a file as complete; a second time changes nothing."""
        if file.completed_at is None:
            file.completed_at = time.monotonic()

    def share(self, message: Message) -> None:
        """Post the message that shows the files, as late as the switches say."""
        if self._switches.share_after_s:
            self._background.start(self._share_later(message))
        else:
            self._messages.post(message)

    async def _share_later(self, message: Message) -> None:
        await asyncio.sleep(self._switches.share_after_s)
        self._messages.post(message)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self._switches.latency_s:
            await asyncio.sleep(self._switches.latency_s)
        file = self._workspace.files.get(self._by_token.get(request.match_info["token"], ""))
        fault = self._switches.take_fault("files.upload")
        if fault is None or fault.done or fault.answers:
            answer = await self._take(request, file)
        else:
            answer = web.Response(status=500)
        facts = {"file": file.id, "size": len(file.upload.content)} if file else {}
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            failed = failed_response(request, fault)
            self._wire.write("slack", "from_bot", "files.upload", None if fault.drop else fault.status, **facts)
            return failed or answer
        self._wire.write("slack", "from_bot", "files.upload", answer.status, **facts)
        return answer

    async def _take(self, request: web.Request, file: StoredFile | None) -> web.Response:
        """Keep the bytes. They may come again, after an answer that was lost."""
        content = await _read(request)
        if file is None:
            return web.Response(status=404, text="not found")
        if len(content) != file.record["size"]:
            return web.Response(status=400, text="length does not match")
        file.upload = replace(file.upload, content=content)
        self._with_bytes.add(file.id)
        return web.Response(text=f"OK - {len(content)}")


async def _read(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return bytes(await request.content.read())
    form = await request.post()
    parts = [part for part in form.values() if isinstance(part, web.FileField)]
    return parts[0].file.read() if parts else b""
