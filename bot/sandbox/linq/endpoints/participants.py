"""``/v3/chats/{id}/participants``: adding people to a group and taking them out of it."""

from aiohttp import web

from bot.sandbox.linq.api.middleware import TRACE
from bot.sandbox.linq.api.request_body import read_object, required
from bot.sandbox.linq.endpoints.chats import chat_named_in
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.sending.groups import Groups
from bot.sandbox.linq.sending.send_rules import SendRules
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Chat

_LEAST_MEMBERS = 3
"""A group has at least so many participants, the partner's line among them."""


class Participants:
    """Both requests are accepted at once; webhooks tell when they are done."""

    def __init__(self, account: Account, rules: SendRules, groups: Groups) -> None:
        self._account, self._rules, self._groups = account, rules, groups

    def routes(self) -> list[web.RouteDef]:
        many = "/v3/chats/{chat_id}/participants"
        return [
            web.post(many, self.add, name="participants.add"),
            web.delete(many, self.remove, name="participants.remove"),
        ]

    async def add(self, request: web.Request) -> web.Response:
        chat, address = self._group(request), required(await read_object(request), "handle")
        if len(chat.members) + 1 < _LEAST_MEMBERS:
            raise ApiError(2015)
        self._groups.join(chat, address)
        return _accepted(request, "Participant addition queued")

    async def remove(self, request: web.Request) -> web.Response:
        chat, address = self._group(request), required(await read_object(request), "handle")
        if address not in chat.addresses:
            raise ApiError(2015, "The handle is not in this chat")
        if len(chat.members) < _LEAST_MEMBERS:
            raise ApiError(2015)
        self._groups.leave(chat, address, status="removed")
        return _accepted(request, "Participant removal queued")

    def _group(self, request: web.Request) -> Chat:
        chat = chat_named_in(request, self._account)
        self._rules.check_activity(chat)
        if not chat.is_group:
            raise ApiError(1006)
        return chat


def _accepted(request: web.Request, sentence: str) -> web.Response:
    return web.json_response({"status": "accepted", "message": sentence, "trace_id": request[TRACE]}, status=202)
