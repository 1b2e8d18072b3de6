"""What can be looked up: chats, messages, lines; and the two courtesies, read marks and typing."""

import random
import time

from aiohttp import web

from bot.sandbox.linq.api.errors import ApiError
from bot.sandbox.linq.api.middleware import FACTS
from bot.sandbox.linq.api.request_body import page_bounds, page_of, required_uuid
from bot.sandbox.linq.api.serializers import chat, line, message
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Chat, Message
from bot.sandbox.linq.switches import Switches


class Lookups:
    """The GET calls. Lists are offsets in disguise; messages may be told to appear late, or in any order."""

    def __init__(self, account: Account, switches: Switches, chance: random.Random) -> None:
        self._account = account
        self._switches = switches
        self._chance = chance

    def routes(self) -> list[web.RouteDef]:
        one = "/v3/chats/{chat_id}"
        return [
            web.get("/v3/chats", self.list_chats, name="chats.list"),
            web.get(one, self.retrieve_chat, name="chats.retrieve"),
            web.get(f"{one}/messages", self.list_messages, name="messages.list"),
            web.get("/v3/messages/{message_id}", self.retrieve_message, name="messages.retrieve"),
            web.get("/v3/phone_numbers", self.list_lines, name="phone_numbers.list"),
            web.post(f"{one}/read", self.courtesy, name="chats.read"),
            web.post(f"{one}/typing", self.courtesy, name="typing.start"),
            web.delete(f"{one}/typing", self.courtesy, name="typing.stop"),
        ]

    async def list_chats(self, request: web.Request) -> web.Response:
        offset, limit = page_bounds(request, default=20)
        ours, theirs = request.query.get("from"), request.query.get("to")
        known = [each.number for each in self._account.lines]
        if ours is not None and ours not in known:
            raise ApiError(1002 if not ours.startswith("+") else 2006)
        found = [
            each
            for each in self._account.chats.values()
            if ours in (None, each.me.address) and (theirs is None or theirs in each.addresses)
        ]
        page, cursor = page_of(found, offset, limit)
        return web.json_response({"chats": [chat(each) for each in page], "next_cursor": cursor})

    async def retrieve_chat(self, request: web.Request) -> web.Response:
        return web.json_response(chat(self._asked_for(request)))

    async def list_messages(self, request: web.Request) -> web.Response:
        asked = self._asked_for(request)
        offset, limit = page_bounds(request, default=50)
        shown = self._ordered([each for each in self._account.said(asked.id) if self._shows(each)])
        page, cursor = page_of(shown, offset, limit)
        request[FACTS]["count"] = len(page)
        return web.json_response({"messages": [message(each) for each in page], "next_cursor": cursor})

    async def retrieve_message(self, request: web.Request) -> web.Response:
        message_id = required_uuid(request.match_info["message_id"], "messageId")
        request[FACTS]["message_id"] = message_id
        return web.json_response(message(self._account.message(message_id)))

    async def list_lines(self, request: web.Request) -> web.Response:
        return web.json_response({"phone_numbers": [line(each) for each in self._account.lines]})

    async def courtesy(self, request: web.Request) -> web.Response:
        self._asked_for(request)
        return web.Response(status=204)

    def _asked_for(self, request: web.Request) -> Chat:
        chat_id = required_uuid(request.match_info["chat_id"], "chatId")
        request[FACTS]["chat_id"] = chat_id
        return self._account.chat(chat_id)

    def _shows(self, each: Message) -> bool:
        """Whether a list names the message yet; being looked for counts as a look."""
        if not each.sender.is_me:
            return True
        each.looks += 1
        late = each.looks <= self._switches.listed_after_looks
        young = time.monotonic() < each.accepted + self._switches.listed_after_s
        return self._switches.listed and not late and not young

    def _ordered(self, oldest_first: list[Message]) -> list[Message]:
        if self._switches.messages_order == "newest":
            return oldest_first[::-1]
        if self._switches.messages_order == "shuffled":
            self._chance.shuffle(oldest_first)
        return oldest_first
