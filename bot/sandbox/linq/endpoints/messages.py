"""``/v3/chats/{id}/messages`` and ``/v3/messages/{id}``: sending, listing, looking up, editing, deleting."""

import random
import time

from aiohttp import web

from bot.sandbox.linq.api.middleware import FACTS, TRACE
from bot.sandbox.linq.api.request_body import (
    page_bounds,
    page_of,
    read_object,
    refuse_unknown,
    required,
    required_uuid,
)
from bot.sandbox.linq.api.serializers import message, sent_message
from bot.sandbox.linq.endpoints.chats import chat_named_in
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.media.attachment_store import AttachmentStore
from bot.sandbox.linq.sending.idempotency import Replays
from bot.sandbox.linq.sending.message_content import MAX_TEXT, read_draft
from bot.sandbox.linq.sending.message_sender import MessageSender
from bot.sandbox.linq.sending.send_rules import SendRules
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Message, Part
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.event_factory import EventFactory
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender

MAX_EDITS, EDIT_WINDOW_S = 5, 15 * 60
"""Real seconds, whatever the time scale: with a tenth of them, whoever edits after two minutes on the demo's page would
be told that 15 are over."""


class MessageLists:
    """``GET`` of messages. Those of ours may be told to appear late, and lists to come in any order."""

    def __init__(self, account: Account, switches: Switches, store: AttachmentStore, chance: random.Random) -> None:
        self._account, self._switches, self._store, self._chance = account, switches, store, chance

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v3/chats/{chat_id}/messages", self.list_all, name="messages.list"),
            web.get("/v3/messages/{message_id}", self.retrieve, name="messages.retrieve"),
        ]

    async def list_all(self, request: web.Request) -> web.Response:
        chat = chat_named_in(request, self._account)
        offset, limit = page_bounds(request, default=50)
        shown = self._ordered([each for each in self._account.messages_in(chat.id) if self._shows(each)])
        page, cursor = page_of(shown, offset, limit)
        request[FACTS]["count"] = len(page)
        rendered = [message(each, self._store.address) for each in page]
        return web.json_response({"messages": rendered, "next_cursor": cursor})

    async def retrieve(self, request: web.Request) -> web.Response:
        return web.json_response(message(message_named_in(request, self._account), self._store.address))

    def _shows(self, each: Message) -> bool:
        """Return whether a list shows the message already; being asked counts as a look."""
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


class MessageSends:
    """``POST /v3/chats/{id}/messages``: text, media and links; a known idempotency key gets the original answer."""

    def __init__(
        self,
        account: Account,
        switches: Switches,
        sender: MessageSender,
        replays: Replays,
        store: AttachmentStore,
    ) -> None:
        self._account, self._switches, self._sender = account, switches, sender
        self._replays, self._store = replays, store

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v3/chats/{chat_id}/messages", self.send, name="messages.send")]

    async def send(self, request: web.Request) -> web.Response:
        chat, wanted = chat_named_in(request, self._account), await read_object(request)
        strict = self._switches.refuse_unknown_fields
        if strict:
            refuse_unknown(wanted, ("message", "override_optout"))
        draft = read_draft(required(wanted, "message"), strict=strict)
        if (replay := self._replays.find(draft.idempotency_key)) is not None:
            request[FACTS].update(message_id=replay["message"]["id"], replayed=True)
            return web.json_response(replay, status=202)
        override = wanted.get("override_optout") is True
        sent = await self._sender.send(chat, draft, request[TRACE], override_optout=override)
        request[FACTS].update(message_id=sent.id, parts=[part.type for part in sent.parts])
        body = {"chat_id": chat.id, "message": sent_message(sent, self._store.address)}
        self._replays.record(sent, body)
        return web.json_response(body, status=202)


class MessageChanges:
    """``PATCH`` and ``DELETE /v3/messages/{id}``: an edit reaches the phones, a deletion does not."""

    def __init__(
        self,
        account: Account,
        switches: Switches,
        rules: SendRules,
        store: AttachmentStore,
        events: EventFactory,
        webhooks: WebhookSender,
    ) -> None:
        self._account, self._switches, self._rules, self._store = account, switches, rules, store
        self._events, self._webhooks = events, webhooks

    def routes(self) -> list[web.RouteDef]:
        one = "/v3/messages/{message_id}"
        return [
            web.patch(one, self.edit, name="messages.edit"),
            web.delete(one, self.delete, name="messages.delete"),
        ]

    async def edit(self, request: web.Request) -> web.Response:
        found, wanted = message_named_in(request, self._account), await read_object(request)
        if self._switches.refuse_unknown_fields:
            refuse_unknown(wanted, ("text", "part_index"))
        text = required(wanted, "text")
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise ApiError(1004, f"text must have 1 to {MAX_TEXT} characters")
        part_index = wanted.get("part_index", 0)
        part = self._editable_part(found, part_index)
        part.value, part.decorations = text, []
        found.edits, found.edited_at = found.edits + 1, self._account.now()
        self._webhooks.send_soon(self._events.edited(found, part_index, self._account.chat(found.chat_id)))
        return web.json_response(message(found, self._store.address))

    def _editable_part(self, found: Message, part_index: object) -> Part:
        """Return the part. The codes of refused edits are not documented but for the chat's own."""
        self._rules.check_activity(self._account.chat(found.chat_id))
        if not found.sender.is_me:
            raise ApiError(2005)
        if found.service != "iMessage":
            raise ApiError(2017)
        if type(part_index) is not int or not 0 <= part_index < len(found.parts):
            raise ApiError(1005, "part_index is out of range")
        if found.parts[part_index].type != "text":
            raise ApiError(1004, "Only text parts can be edited")
        late = time.monotonic() > found.accepted + EDIT_WINDOW_S
        if late or found.edits >= MAX_EDITS:
            raise ApiError(self._switches.late_edit_code)
        return found.parts[part_index]

    async def delete(self, request: web.Request) -> web.Response:
        self._account.delete_message(message_named_in(request, self._account))
        return web.Response(status=204)


def message_named_in(request: web.Request, account: Account) -> Message:
    """Return the message of the path, or raise 400/1005 or 404/2002."""
    message_id = required_uuid(request.match_info["message_id"], "messageId")
    request[FACTS]["message_id"] = message_id
    return account.message(message_id)
