"""``POST /v3/messages/{id}/reactions``: our own tapbacks. Doing it twice changes nothing."""

from typing import Any

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.middleware import FACTS, TRACE
from bot.sandbox.linq.api.request_body import read_object, refuse_unknown, required
from bot.sandbox.linq.endpoints.messages import message_named_in
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.sending.send_rules import SendRules
from bot.sandbox.linq.sending.tapbacks import Tapbacks
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Message
from bot.sandbox.linq.switches import Switches

_FIELDS = ("operation", "type", "custom_emoji", "part_index", "emoji", "url", "attachment_id", "placement")
_TYPES = ("love", "like", "dislike", "laugh", "emphasize", "question", "custom")


class Reactions:
    """Stickers are not offered here: the bot sends none."""

    def __init__(self, account: Account, switches: Switches, rules: SendRules, tapbacks: Tapbacks) -> None:
        self._account, self._switches, self._rules, self._tapbacks = account, switches, rules, tapbacks

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v3/messages/{message_id}/reactions", self.react, name="reactions")]

    async def react(self, request: web.Request) -> web.Response:
        on, wanted = message_named_in(request, self._account), await read_object(request)
        if self._switches.refuse_unknown_fields:
            refuse_unknown(wanted, _FIELDS)
        operation, kind = required(wanted, "operation"), required(wanted, "type")
        part_index = self._checked(on, wanted, operation, kind)
        request[FACTS].update(operation=operation, kind=kind, part_index=part_index)
        me = self._account.chat(on.chat_id).me
        if operation == "add":
            self._tapbacks.add(on, part_index, me, kind, wanted.get("custom_emoji"))
        else:
            self._tapbacks.remove(on, part_index, me, kind, wanted.get("custom_emoji"))
        body = {"status": "accepted", "message": "Reaction processed", "trace_id": request[TRACE]}
        return web.json_response(body, status=202)

    def _checked(self, on: Message, wanted: Json, operation: Any, kind: Any) -> int:
        """Check the request and return the index of the part."""
        self._rules.check_activity(self._account.chat(on.chat_id))
        if operation not in ("add", "remove"):
            raise ApiError(1005, "operation must be add or remove")
        if kind == "sticker":
            raise ApiError(2011)
        if kind not in _TYPES:
            raise ApiError(1005, f"Unknown reaction type: {kind}")
        if kind == "custom" and not wanted.get("custom_emoji"):
            raise ApiError(1001, "Missing required field: custom_emoji")
        part_index = wanted.get("part_index", 0)
        if type(part_index) is not int or not 0 <= part_index < len(on.parts):
            raise ApiError(1005, "part_index is out of range")
        return part_index
