"""``/v3/chats``: creating, listing and looking up chats; read marks and typing, which change nothing here."""

import random
import re
from typing import Any

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.middleware import FACTS, TRACE
from bot.sandbox.linq.api.request_body import (
    page_bounds,
    page_of,
    read_object,
    refuse_unknown,
    required,
    required_uuid,
)
from bot.sandbox.linq.api.serializers import chat, handle, health, sent_message
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.media.attachment_store import AttachmentStore
from bot.sandbox.linq.sending.idempotency import Replays
from bot.sandbox.linq.sending.message_content import Draft, check_first_message, read_draft
from bot.sandbox.linq.sending.message_sender import MessageSender
from bot.sandbox.linq.sending.send_rules import SendRules
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Chat, Message
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.event_factory import EventFactory
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender

_FIELDS = ("from", "to", "message", "override_optout")
_MOST_PEOPLE = 31
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class ChatLists:
    """``GET /v3/chats`` and ``GET /v3/chats/{id}``. The cursor of a list is an offset in disguise."""

    def __init__(self, account: Account, switches: Switches, chance: random.Random) -> None:
        self._account, self._switches, self._chance = account, switches, chance

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v3/chats", self.list_all, name="chats.list"),
            web.get("/v3/chats/{chat_id}", self.retrieve, name="chats.retrieve"),
        ]

    async def list_all(self, request: web.Request) -> web.Response:
        offset, limit = page_bounds(request, default=20)
        ours, theirs = request.query.get("from"), request.query.get("to")
        if ours is not None:
            check_line(self._account, ours)
        found = [
            each
            for each in self._account.chats.values()
            if ours in (None, each.me.address) and (theirs is None or theirs in each.addresses)
        ]
        page, cursor = page_of(self._ordered(found), offset, limit)
        request[FACTS]["count"] = len(page)
        return web.json_response({"chats": [chat(each) for each in page], "next_cursor": cursor})

    async def retrieve(self, request: web.Request) -> web.Response:
        return web.json_response(chat(chat_named_in(request, self._account)))

    def _ordered(self, found: list[Chat]) -> list[Chat]:
        if self._switches.chats_order == "newest":
            return sorted(found, key=lambda each: each.updated_at, reverse=True)
        if self._switches.chats_order == "shuffled":
            return self._chance.sample(found, len(found))
        return found


class ChatActivity:
    """``POST .../read`` and ``.../typing``: accepted as far as the chat allows any activity."""

    def __init__(self, account: Account, rules: SendRules) -> None:
        self._account, self._rules = account, rules

    def routes(self) -> list[web.RouteDef]:
        one = "/v3/chats/{chat_id}"
        return [
            web.post(f"{one}/read", self.accept, name="chats.read"),
            web.post(f"{one}/typing", self.accept, name="typing.start"),
            web.delete(f"{one}/typing", self.accept, name="typing.stop"),
        ]

    async def accept(self, request: web.Request) -> web.Response:
        self._rules.check_activity(chat_named_in(request, self._account))
        return web.Response(status=204)


class ChatCreation:
    """``POST /v3/chats``: opens a chat with a first message, or uses the one with exactly these people."""

    def __init__(
        self,
        account: Account,
        switches: Switches,
        sender: MessageSender,
        replays: Replays,
        store: AttachmentStore,
        events: EventFactory,
        webhooks: WebhookSender,
    ) -> None:
        self._account, self._switches, self._sender, self._replays = account, switches, sender, replays
        self._store, self._events, self._webhooks = store, events, webhooks

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v3/chats", self.create, name="chats.create")]

    async def create(self, request: web.Request) -> web.Response:
        wanted = await read_object(request)
        if self._switches.refuse_unknown_fields:
            refuse_unknown(wanted, _FIELDS)
        line, people = required(wanted, "from"), _people(required(wanted, "to"))
        check_line(self._account, line)
        draft = read_draft(required(wanted, "message"), strict=self._switches.refuse_unknown_fields)
        if (replay := self._replays.find(draft.idempotency_key)) is not None:
            return web.json_response(replay, status=201)
        where, message = await self._send(request, line, people, draft, override=wanted.get("override_optout") is True)
        request[FACTS].update(chat_id=where.id, message_id=message.id)
        body = {"chat": _created(where, sent_message(message, self._store.address))}
        self._replays.record(message, body)
        return web.json_response(body, status=201)

    async def _send(
        self, request: web.Request, line: str, people: list[str], draft: Draft, *, override: bool
    ) -> tuple[Chat, Message]:
        """Send into the chat of these people; a new one exists only once its first message is accepted."""
        where, is_new = self._account.find_chat(line, people), False
        if where is None:
            check_first_message(draft)
            where, is_new = self._account.add_chat(*people, line=line), True
        try:
            message = await self._sender.send(where, draft, request[TRACE], override_optout=override)
        except ApiError:
            if is_new:
                del self._account.chats[where.id]
            raise
        if is_new:
            self._webhooks.send_soon(self._events.chat_created(where))
        return where, message


def chat_named_in(request: web.Request, account: Account) -> Chat:
    """Return the chat of the path, or raise 400/1005 or 404/2001."""
    chat_id = required_uuid(request.match_info["chat_id"], "chatId")
    request[FACTS]["chat_id"] = chat_id
    return account.chat(chat_id)


def check_line(account: Account, number: Any) -> None:
    """Raise 1002 for what is no E.164 number, 2006 for a number that is not the partner's."""
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise ApiError(1002)
    if number not in [line.number for line in account.lines]:
        raise ApiError(2006)


def _people(handles: Any) -> list[str]:
    if not isinstance(handles, list) or len(handles) > _MOST_PEOPLE:
        raise ApiError(1003, f"to must be a list of 1 to {_MOST_PEOPLE} handles")
    for each in handles:
        if not isinstance(each, str) or not (_NUMBER.fullmatch(each) or _EMAIL.fullmatch(each)):
            raise ApiError(1002)
    return handles


def _created(where: Chat, message: Json) -> Json:
    return {
        "id": where.id,
        "display_name": where.display_name or ", ".join(where.addresses),
        "service": where.service,
        "is_group": where.is_group,
        "handles": [handle(person) for person in where.handles],
        "health_status": health(where),
        "message": message,
    }
