"""The routes of the local Linq, below ``/linq``."""

from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.sandbox.control.acts import Base64, Handler, checked_act, handler_of, read_form, read_object
from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.serializers import chat, message, stamp, subscription
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Chat, Memo, Message, Subscription

_PHONE_ACTS = (
    "send_link",
    "send_parts",
    "edit",
    "read",
    "react",
    "unreact",
    "opt_out",
    "opt_in",
    "join",
    "leave",
    "rename",
    "switch_service",
)
_ADMIN_ACTS = (
    "emit",
    "stray",
    "release_webhooks",
    "disable_subscriptions",
    "schedule_token_expiry",
    "add_line",
    "set_line",
    "set_chat_health",
    "set_condition",
    "move_chat",
)
_SERVER_ACTS = ("subscribe", "advance")


class PhoneFileInput(BaseModel):
    """A file that somebody sends, as JSON; a voice memo by default."""

    model_config = ConfigDict(extra="forbid")

    base64: Base64
    name: str = "Audio Message.caf"
    content_type: str = "audio/x-caf"
    mime_type: str | None = None

    def file(self) -> PhoneFile:
        return PhoneFile(self.base64, self.name, self.content_type, self.mime_type)


class LinqRoutes:
    def __init__(self, linq: LinqServer) -> None:
        self._linq = linq

    def routes(self) -> list[web.RouteDef]:
        one_chat = "/linq/chats/{chat_id}"
        return [
            *(web.post(f"/linq/{name}", self._act(self._linq.phone, name)) for name in _PHONE_ACTS),
            *(web.post(f"/linq/{name}", self._act(self._linq.admin, name)) for name in _ADMIN_ACTS),
            *(web.post(f"/linq/{name}", self._act(self._linq, name)) for name in _SERVER_ACTS),
            web.post("/linq/send", self._with_files("send")),
            web.post("/linq/write_to_line", self._with_files("write_to_line")),
            web.post("/linq/share_contact", self._share_contact),
            web.post("/linq/add_chat", self._add_chat),
            web.get("/linq/switches", self._switches),
            web.patch("/linq/switches", self._set_switches),
            web.get("/linq/chats", self._chats),
            web.get(one_chat + "/messages", self._messages),
            web.get(one_chat + "/memos", self._memos),
            web.get("/linq/memos/{message_id}", self._memo),
            web.get("/linq/media/{message_id}/{part}", self._media),
        ]

    def _act(self, owner: object, name: str) -> Handler:
        return handler_of(getattr(owner, name), self._shown)

    def _shown(self, outcome: Any) -> Json:
        match outcome:
            case Message():
                return message(outcome, self._linq.store.address)
            case Chat():
                return chat(outcome)
            case Subscription():
                return subscription(outcome)
            case str():
                return {"id": outcome}
        return {}

    def _with_files(self, name: str) -> Handler:
        act = checked_act(getattr(self._linq.phone, name))

        async def handle(request: web.Request) -> web.Response:
            if request.content_type.startswith("multipart/"):
                given, sent = await read_form(request)
                files = [PhoneFile(file.content, file.name, file.content_type) for file in sent]
            else:
                given = await read_object(request)
                files = [PhoneFileInput.model_validate(each).file() for each in given.pop("files", [])]
            return web.json_response(self._shown(act(**given, files=files)))

        return handle

    async def _share_contact(self, request: web.Request) -> web.Response:
        given = await read_object(request)
        picture = TypeAdapter(Base64 | None).validate_python(given.pop("picture_base64", None))
        checked_act(self._linq.phone.share_contact)(**given, picture=picture)
        return web.json_response({})

    async def _add_chat(self, request: web.Request) -> web.Response:
        given = await read_object(request)
        add = checked_act(self._linq.add_chat)
        return web.json_response(chat(add(*given.pop("people", []), **given)))

    async def _switches(self, request: web.Request) -> web.Response:
        return web.json_response(self._linq.switches.shown())

    async def _set_switches(self, request: web.Request) -> web.Response:
        self._linq.switches.apply(await read_object(request))
        return await self._switches(request)

    async def _chats(self, request: web.Request) -> web.Response:
        return web.json_response({"chats": [chat(each) for each in self._linq.account.chats.values()]})

    async def _messages(self, request: web.Request) -> web.Response:
        found = self._linq.account.messages_in(self._chat_id(request))
        return web.json_response({"messages": [self._shown(each) for each in found]})

    async def _memos(self, request: web.Request) -> web.Response:
        return web.json_response({"memos": [_memo(each) for each in self._linq.memos(self._chat_id(request))]})

    async def _memo(self, request: web.Request) -> web.Response:
        return web.json_response(_memo(self._linq.memo(request.match_info["message_id"])))

    async def _media(self, request: web.Request) -> web.Response:
        parts = self._linq.account.messages[request.match_info["message_id"]].parts
        media = parts[int(request.match_info["part"])].media
        if media is None or media.stored is None or media.stored.body is None:
            raise LookupError("no bytes are kept for this part")
        return web.Response(body=media.stored.body, content_type=media.content_type)

    def _chat_id(self, request: web.Request) -> str:
        """Return the chat id of the path. Raises KeyError for one that does not exist."""
        return self._linq.account.chats[request.match_info["chat_id"]].id


def _memo(memo: Memo) -> Json:
    plain = {name: value for name, value in asdict(memo).items() if name != "body"}
    return {name: stamp(value) if name.endswith("_at") else value for name, value in plain.items()}
