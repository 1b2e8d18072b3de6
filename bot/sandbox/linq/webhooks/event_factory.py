"""The events Linq tells: each method makes one, field for field as linq-python 0.65 types it."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.serializers import AddressOf, chat, handle, health, parts, reply_to, stamp
from bot.sandbox.linq.state.models import Chat, Handle, Health, Line, LineStatus, Message, Reaction, Subscription
from bot.sandbox.linq.webhooks.envelope import Event


class EventFactory:
    """``new_id`` gives event ids; ``address_of`` the addresses of media."""

    def __init__(self, new_id: Callable[[], str], address_of: AddressOf) -> None:
        self._new_id, self._address_of = new_id, address_of

    def event(self, kind: str, line: str, data: Json, trace_id: str = "") -> Event:
        return Event(self._new_id(), kind, trace_id or secrets.token_hex(16), line, data)

    def message(self, kind: Literal["sent", "delivered", "read", "received"], of: Message, where: Chat) -> Event:
        data: Json = {
            "id": of.id,
            "direction": _direction(of),
            "idempotency_key": of.idempotency_key,
            "chat": _chat_context(where),
            "sender_handle": handle(of.sender),
            "parts": parts(of, self._address_of),
            "effect": of.effect,
            "reply_to": reply_to(of.reply_to),
            "service": of.service,
            "preferred_service": of.preferred_service,
            "sent_at": stamp(of.sent_at),
            "delivered_at": stamp(of.delivered_at),
            "read_at": stamp(of.read_at),
        }
        if of.reconciled_at:
            data["reconciled_at"] = stamp(of.reconciled_at)
        return self.event(f"message.{kind}", where.me.address, data, of.trace_id)

    def failed(self, of: Message, where: Chat, *, names_message: bool) -> Event:
        """Make a message.failed: flat, and the same in both versions."""
        assert of.failure is not None
        data: Json = {
            "code": of.failure.code,
            "reason": of.failure.reason,
            "detail_code": of.failure.detail_code,
            "service": of.service,
            "preferred_service": of.preferred_service,
            "failed_at": stamp(of.failed_at),
        }
        if names_message:
            data = {"chat_id": of.chat_id, "message_id": of.id, **data}
        return self.event("message.failed", where.me.address, data, of.trace_id)

    def edited(self, of: Message, part_index: int, where: Chat) -> Event:
        data: Json = {
            "id": of.id,
            "direction": _direction(of),
            "chat": _chat_context(where),
            "edited_at": stamp(of.edited_at),
            "part": {"index": part_index, "text": of.parts[part_index].value},
            "sender_handle": handle(of.sender),
        }
        return self.event("message.edited", where.me.address, data)

    def reaction(
        self,
        kind: Literal["added", "removed"],
        reaction: Reaction,
        on: Message,
        part_index: int,
        where: Chat,
        *,
        at: datetime,
        names_message: bool,
    ) -> Event:
        data: Json = {
            "reaction_id": reaction.id,
            "reaction_type": reaction.type,
            "custom_emoji": reaction.custom_emoji,
            "is_from_me": reaction.person.is_me,
            "from": reaction.person.address,
            "from_handle": handle(reaction.person),
            "service": on.service,
            "reacted_at": stamp(at),
            "sticker": None,
        }
        if names_message:
            data = {"chat_id": on.chat_id, "message_id": on.id, "part_index": part_index, **data}
        return self.event(f"reaction.{kind}", where.me.address, data)

    def participant(self, kind: Literal["added", "removed"], person: Handle, where: Chat, at: datetime) -> Event:
        data = {"chat_id": where.id, "handle": person.address, "participant": handle(person), f"{kind}_at": stamp(at)}
        return self.event(f"participant.{kind}", where.me.address, data)

    def group_renamed(self, where: Chat, old: str | None, by: Handle, at: datetime) -> Event:
        data = {
            "chat_id": where.id,
            "old_value": old,
            "new_value": where.display_name,
            "changed_by_handle": handle(by),
            "updated_at": stamp(at),
        }
        return self.event("chat.group_name_updated", where.me.address, data)

    def chat_created(self, where: Chat) -> Event:
        data = {name: value for name, value in chat(where).items() if name not in ("is_archived", "group_chat_icon")}
        return self.event("chat.created", where.me.address, data)

    def contact_card(self, sender: str, owner: str, first_name: str, last_name: str, media_url: str | None) -> Event:
        data = {"first_name": first_name, "last_name": last_name, "owner_handle": owner, "sender_handle": sender}
        return self.event("contact_card.received", owner, data | {"media_url": media_url})

    def line_status(self, line: Line, old_status: LineStatus, old_reputation: Health, at: datetime) -> Event:
        data = {
            "phone_number": line.number,
            "previous_status": old_status,
            "new_status": line.status,
            "previous_reputation": old_reputation,
            "new_reputation": line.reputation,
            "changed_at": stamp(at),
        }
        return self.event("phone_number.status_updated", line.number, data)

    def subscription_disabled(self, subscription: Subscription, at: datetime) -> Event:
        """Make the event of a subscription that Linq itself switched off; its target is told without its query."""
        about = {"id": subscription.id, "target_url": subscription.target_url.partition("?")[0]}
        return self._account_event("webhook_subscription.disabled", "Webhook disabled", at, webhook_subscription=about)

    def token_expires(self, at: datetime, expires_at: datetime) -> Event:
        token = {"id": "token-1", "token_prefix": "linq", "expires_at": stamp(expires_at)}
        change = {"from": None, "to": stamp(expires_at)}
        summary = "API token expiry scheduled"
        return self._account_event("api_token.expiry_scheduled", summary, at, api_token=token, change=change)

    def _account_event(self, kind: str, summary: str, at: datetime, **about: Json) -> Event:
        data: Json = {"summary": summary, "occurred_at": stamp(at), "actor": {"type": "system"}, "origin": "linq"}
        return self.event(kind, "", data | about)


def _direction(of: Message) -> str:
    return "outbound" if of.sender.is_me else "inbound"


def _chat_context(where: Chat) -> Json:
    return {
        "id": where.id,
        "is_group": where.is_group,
        "owner_handle": handle(where.me),
        "health_status": health(where),
    }
