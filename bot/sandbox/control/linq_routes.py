"""The python surface over HTTP and JSON, under ``/linq``: for the page, for other processes, for other languages.

A caller's mistake is raised as LookupError, TypeError or ValueError; the control port answers it.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.fitting import fit
from bot.sandbox.linq.api.serializers import Json, chat, message, stamp, subscription
from bot.sandbox.linq.state.models import ChatCondition, Memo, Reached, Service

if TYPE_CHECKING:
    from bot.sandbox.linq.server import LinqServer

Act = Callable[[web.Request, Json], Any]


class Control:
    """Routes over one side."""

    def __init__(self, side: "LinqServer") -> None:
        self._side = side

    def routes(self) -> list[web.RouteDef]:
        one_chat, one_memo = "/linq/chats/{chat_id}", "/linq/memos/{memo_id}"
        return [
            web.get("/linq/chats", _json(self._chats)),
            web.post("/linq/chats", _json(self._add_chat)),
            web.get(one_chat + "/messages", _json(self._messages)),
            web.get(one_chat + "/memos", _json(self._memos)),
            web.post(one_chat + "/reply", _json(self._reply)),
            web.post(one_chat + "/opt-out", _json(self._opt_out)),
            web.post(one_chat + "/opt-in", _json(self._opt_in)),
            web.post(one_chat + "/service", _json(self._service)),
            web.post(one_chat + "/condition", _json(self._condition)),
            web.post(one_chat + "/stray", _json(self._stray)),
            web.get(one_memo, _json(self._memo)),
            web.get(one_memo + "/audio", self._audio),
            web.post(one_memo + "/read", _json(self._read)),
            web.post(one_memo + "/status", _json(self._status)),
            web.post(one_memo + "/tapback", _json(self._tapback)),
            web.get("/linq/switches", _json(self._switches)),
            web.patch("/linq/switches", _json(self._switches)),
            web.post("/linq/subscriptions", _json(self._subscribe)),
            web.post("/linq/subscriptions/disable", _json(self._disable)),
            web.post("/linq/webhooks", _json(self._emit)),
            web.post("/linq/webhooks/release", _json(self._release)),
        ]

    def _chats(self, request: web.Request, asked: Json) -> Json:
        return {"chats": [chat(each) for each in self._side.account.chats.values()]}

    def _add_chat(self, request: web.Request, asked: Json) -> Json:
        service = _one_of(Service, {"service": "iMessage", **asked}, "service")
        made = self._side.add_chat(*_field(asked, "people"), service=service, chat_id=asked.get("chat_id", ""))
        return chat(made)

    def _messages(self, request: web.Request, asked: Json) -> Json:
        said = self._side.account.said(_known(request, "chat_id", self._side.account.chats))
        return {"messages": [message(each) for each in said]}

    def _memos(self, request: web.Request, asked: Json) -> Json:
        chat_id = _known(request, "chat_id", self._side.account.chats)
        return {"memos": [_memo_json(each) for each in self._side.memos(chat_id)]}

    def _reply(self, request: web.Request, asked: Json) -> Json:
        if "audio" in asked:
            asked = {**asked, "audio": base64.b64decode(asked["audio"])}
        return {"message_id": self._side.phone.reply(request.match_info["chat_id"], **asked)}

    def _opt_out(self, request: web.Request, asked: Json) -> Json:
        return {"message_id": self._side.phone.opt_out(request.match_info["chat_id"])}

    def _opt_in(self, request: web.Request, asked: Json) -> Json:
        return {"message_id": self._side.phone.opt_in(request.match_info["chat_id"])}

    def _service(self, request: web.Request, asked: Json) -> None:
        self._side.phone.switch_service(request.match_info["chat_id"], _one_of(Service, asked, "service"))

    def _condition(self, request: web.Request, asked: Json) -> None:
        self._side.account.chats[request.match_info["chat_id"]].condition = _one_of(ChatCondition, asked, "condition")

    def _stray(self, request: web.Request, asked: Json) -> Json:
        return {"event_id": self._side.mischief.stray(request.match_info["chat_id"], **asked)}

    def _memo(self, request: web.Request, asked: Json) -> Json:
        return _memo_json(self._side.memo(request.match_info["memo_id"]))

    def _read(self, request: web.Request, asked: Json) -> None:
        self._side.phone.read(request.match_info["memo_id"])

    def _status(self, request: web.Request, asked: Json) -> None:
        self._side.advance(request.match_info["memo_id"], _one_of(Reached, asked, "status"))

    def _tapback(self, request: web.Request, asked: Json) -> None:
        self._side.phone.tapback(request.match_info["memo_id"], **asked)

    def _switches(self, request: web.Request, asked: Json) -> Json:
        self._side.switches.apply(asked)
        return self._side.switches.shown()

    def _subscribe(self, request: web.Request, asked: Json) -> Json:
        return subscription(self._side.subscribe(_field(asked, "target_url")))

    def _disable(self, request: web.Request, asked: Json) -> None:
        self._side.mischief.disable_subscriptions()

    def _emit(self, request: web.Request, asked: Json) -> Json:
        return {"event_id": self._side.mischief.emit(**asked)}

    def _release(self, request: web.Request, asked: Json) -> None:
        self._side.mischief.release_webhooks()

    async def _audio(self, request: web.Request) -> web.Response:
        memo = self._side.memo(request.match_info["memo_id"])
        if memo.body is None:
            raise LookupError("the switches keep no bytes")
        return web.Response(body=memo.body, content_type=memo.content_type)


def _json(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    """An act as an aiohttp handler: JSON object in, JSON object out."""

    async def handle(request: web.Request) -> web.Response:
        asked = await request.json() if request.can_read_body else {}
        if not isinstance(asked, dict):
            raise ValueError("a JSON object is expected")
        return web.json_response(act(request, asked) or {})

    return handle


def _field(asked: Json, name: str) -> Any:
    if name not in asked:
        raise ValueError(f"{name} is missing")
    return asked[name]


def _one_of(choices: Any, asked: Json, name: str) -> Any:
    try:
        return fit(_field(asked, name), choices)
    except ValueError as wrong:
        raise ValueError(f"{name} {wrong}") from None


def _known(request: web.Request, name: str, among: dict[str, Any]) -> str:
    found = request.match_info[name]
    if found not in among:
        raise KeyError(found)
    return found


def _memo_json(memo: Memo) -> Json:
    plain = {field.name: getattr(memo, field.name) for field in fields(memo) if field.name != "body"}
    return {name: stamp(value) if name.endswith("_at") else value for name, value in plain.items()}
