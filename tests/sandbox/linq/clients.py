"""What the tests of the local Linq call it with: Linq's own client, and a webhook subscriber."""

import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from linq import APIStatusError, AsyncLinqAPIV3
from linq.types import AttachmentCreateResponse
from linq.types.chat_send_voicememo_response import VoiceMemo

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.wire import Wire

M4A = b"\x00\x00\x00\x1cftypM4A \x00\x00\x00\x00" + b"sound" * 40
CAF = b"caff\x00\x01\x00\x00" + b"sound" * 40


@dataclass
class Received:
    """One webhook as it came in."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A subscriber. ``answers`` are used up one per webhook, then 200."""

    url: str
    wire: Wire
    got: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(Received(dict(request.headers), await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def until(self, event_type: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many webhooks of a type were taken, and return their bodies."""
        await self.wire.until(lambda: len(self.bodies(event_type)) >= count)
        return self.bodies(event_type)

    def bodies(self, event_type: str = "") -> list[dict[str, Any]]:
        """The bodies of all webhooks, or of those of one type, in order of arrival."""
        found = [json.loads(each.body) for each in self.got]
        return [body for body in found if event_type in ("", body["event_type"])]


class Caller:
    """A well-behaved client: Linq's own library for the API, plain HTTP for the upload."""

    def __init__(self, api: AsyncLinqAPIV3, http: aiohttp.ClientSession) -> None:
        self.api = api
        self.http = http

    async def ask(
        self, filename: str = "memo.m4a", content_type: str = "audio/x-m4a", size: int = len(M4A)
    ) -> AttachmentCreateResponse:
        # The types know only today's content types; refusals of others are tested too.
        return await self.api.attachments.create(
            filename=filename,
            content_type=content_type,  # type: ignore[arg-type]
            size_bytes=size,
        )

    async def put(self, where: AttachmentCreateResponse, body: bytes = M4A) -> int:
        async with self.http.put(where.upload_url, data=body, headers=where.required_headers) as answer:
            return answer.status

    async def upload(self, body: bytes = M4A, filename: str = "memo.m4a", content_type: str = "audio/x-m4a") -> str:
        asked = await self.ask(filename, content_type, len(body))
        assert await self.put(asked, body) == 200
        return asked.attachment_id

    async def send(self, chat_id: str = Chats.ANN, body: bytes = M4A) -> VoiceMemo:
        attachment_id = await self.upload(body)
        return (await self.api.chats.send_voicememo(chat_id, attachment_id=attachment_id)).voice_memo


def code_of(refused: pytest.ExceptionInfo[APIStatusError]) -> tuple[int, int | None]:
    """(HTTP status, Linq code)"""
    return refused.value.status_code, refused.value.code
