"""``POST /v3/chats/{id}/voicememo``: the send that must not happen twice, since it takes no idempotency key."""

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.middleware import FACTS, TRACE
from bot.sandbox.linq.api.request_body import read_object, refuse_unknown, required_uuid
from bot.sandbox.linq.api.serializers import accepted_memo
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.media.attachment_store import AttachmentStore
from bot.sandbox.linq.media.url_fetcher import check_url
from bot.sandbox.linq.sending.message_sender import MessageSender
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment
from bot.sandbox.linq.switches import Switches

_FIELDS = ("attachment_id", "voice_memo_url", "override_optout")


class VoiceMemos:
    """Accepts memos from an upload or from a URL."""

    def __init__(self, account: Account, switches: Switches, store: AttachmentStore, sender: MessageSender) -> None:
        self._account, self._switches, self._store, self._sender = account, switches, store, sender

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v3/chats/{chat_id}/voicememo", self.send, name="voicememo")]

    async def send(self, request: web.Request) -> web.Response:
        facts = request[FACTS]
        facts["chat_id"] = chat_id = required_uuid(request.match_info["chat_id"], "chatId")
        wanted = await self._checked(request)
        chat, override = self._account.chat(chat_id), wanted.get("override_optout") is True
        self._sender.check(chat, override_optout=override)
        if chat.service == "SMS" and self._switches.sms_answer != "fallback":
            raise ApiError(int(self._switches.sms_answer))
        media = await self._media(wanted)
        memo = await self._sender.send_memo(chat, media, request[TRACE], override_optout=override)
        facts.update(message_id=memo.id, attachment_id=media.id, size_bytes=media.size_bytes)
        return web.json_response(accepted_memo(memo, chat, self._store.address), status=202)

    async def _checked(self, request: web.Request) -> Json:
        wanted = await read_object(request)
        if self._switches.refuse_unknown_fields:
            refuse_unknown(wanted, _FIELDS)
        sources = [name for name in _FIELDS[:2] if wanted.get(name) is not None]
        if not sources:
            raise ApiError(1001, "Either voice_memo_url or attachment_id must be provided")
        if len(sources) == 2:
            raise ApiError(1003, "Only one of voice_memo_url and attachment_id may be provided")
        return wanted

    async def _media(self, wanted: Json) -> Attachment:
        if wanted.get("attachment_id") is not None:
            return self._sender.memo_upload(required_uuid(wanted["attachment_id"], "attachment_id"))
        return await self._sender.memo_from_url(check_url(wanted["voice_memo_url"], "voice_memo_url"))
