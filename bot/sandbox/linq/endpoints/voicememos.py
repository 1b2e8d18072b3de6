"""``POST /v3/chats/{id}/voicememo``: the send that must not happen twice, since it takes no idempotency key."""

import time
from typing import Any

from aiohttp import web

from bot.sandbox.linq.api.errors import ApiError
from bot.sandbox.linq.api.middleware import FACTS, TRACE
from bot.sandbox.linq.api.request_body import json_object, refuse_unknown, required_uuid
from bot.sandbox.linq.api.serializers import accepted_memo
from bot.sandbox.linq.endpoints.attachments import Attachments
from bot.sandbox.linq.media.file_formats import family_of_bytes, family_of_type, type_of_family
from bot.sandbox.linq.media.url_fetcher import UrlFetcher, check_url
from bot.sandbox.linq.sending.delivery_progress import DeliveryProgress
from bot.sandbox.linq.sending.send_rules import SendRules
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment, Chat, Message
from bot.sandbox.linq.switches import Switches

_FIELDS = ("attachment_id", "voice_memo_url", "override_optout")


class VoiceMemos:
    """Accepts memos and hands them to the progress."""

    def __init__(
        self,
        account: Account,
        switches: Switches,
        attachments: Attachments,
        gates: SendRules,
        fetcher: UrlFetcher,
        progress: DeliveryProgress,
    ) -> None:
        self._account = account
        self._switches = switches
        self._attachments = attachments
        self._gates = gates
        self._fetcher = fetcher
        self._progress = progress

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v3/chats/{chat_id}/voicememo", self.send, name="voicememo")]

    async def send(self, request: web.Request) -> web.Response:
        facts = request[FACTS]
        facts["chat_id"] = chat_id = required_uuid(request.match_info["chat_id"], "chatId")
        wanted = await self._checked(request)
        chat, override = self._account.chat(chat_id), wanted.get("override_optout") is True
        self._gates.check(chat, override_optout=override)
        media = await self._media(wanted)
        memo = self._accept(chat, media, request[TRACE], override=override)
        facts.update(message_id=memo.id, attachment_id=media.id, size_bytes=media.size_bytes)
        await self._progress.begin(memo)
        return web.json_response(accepted_memo(memo, chat), status=202)

    async def _checked(self, request: web.Request) -> dict[str, Any]:
        wanted = await json_object(request)
        if self._switches.refuse_unknown_fields:
            refuse_unknown(wanted, _FIELDS)
        sources = [name for name in _FIELDS[:2] if wanted.get(name) is not None]
        if not sources:
            raise ApiError(1001, "Either voice_memo_url or attachment_id must be provided")
        if len(sources) == 2:
            raise ApiError(1003, "Only one of voice_memo_url and attachment_id may be provided")
        return wanted

    async def _media(self, wanted: dict[str, Any]) -> Attachment:
        if wanted.get("attachment_id") is not None:
            return self._uploaded(required_uuid(wanted["attachment_id"], "attachment_id"))
        return await self._fetched(check_url(wanted["voice_memo_url"]))

    def _uploaded(self, attachment_id: str) -> Attachment:
        """The attachment, if its bytes are there and are what they were declared to be."""
        found = self._account.attachments.get(attachment_id)
        now = time.monotonic()
        if not found or (not found.stored and now > found.expires):
            raise ApiError(2003)
        if not found.stored or now < found.stored.at + self._switches.ready_after_s:
            raise ApiError(2007)
        family = family_of_bytes(found.stored.head)
        if family is None or family_of_type(found.content_type) is None:
            raise ApiError(5004)
        if family != family_of_type(found.content_type):
            raise ApiError(5006)
        return found

    async def _fetched(self, url: str) -> Attachment:
        fetched = await self._fetcher.fetch(url)
        family = family_of_bytes(fetched.stored.head)
        if family is None:
            raise ApiError(5004)
        served_as = family_of_type(fetched.content_type)
        if served_as not in (None, family):
            raise ApiError(5006)
        content_type = fetched.content_type if served_as else type_of_family(family)
        made = self._attachments.make(fetched.filename, content_type, fetched.stored.size_bytes)
        made.stored = fetched.stored
        return made

    def _accept(self, chat: Chat, media: Attachment, trace_id: str, *, override: bool) -> Message:
        memo = Message(
            id=self._account.new_id(),
            chat_id=chat.id,
            sender=chat.me,
            service=chat.service,
            created_at=self._account.now(),
            trace_id=trace_id,
            status="queued",
            media=media,
            part_id=self._account.new_id() if self._switches.part_id_differs else "",
            override_optout=override,
            accepted=time.monotonic(),
        )
        self._account.say(memo)
        self._gates.count(chat)
        return memo
