"""What webhooks say, in both payload versions."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from bot.sandbox.linq.api.serializers import Json, handle, health, parts, reply_to, stamp
from bot.sandbox.linq.state.models import Chat, Message, Tapback

OLD_VERSION = "2025-01-01"
VERSION = "2026-02-03"


@dataclass(frozen=True)
class Event:
    """One thing to tell subscribers; ``data`` is worded as in version 2026-02-03.

    ``for_all`` reaches subscribers whatever events they asked for.
    """

    id: str
    type: str
    trace_id: str
    line: str
    data: Json
    for_all: bool = False

    def envelope(self, partner_id: str, version: str) -> Json:
        says_it_differently = version == OLD_VERSION and "direction" in self.data
        return {
            "api_version": "v3",
            "webhook_version": version,
            "event_type": self.type,
            "event_id": self.id,
            "created_at": _nanoseconds(time.time_ns()),
            "trace_id": self.trace_id,
            "partner_id": partner_id,
            "data": _in_old_words(self.data) if says_it_differently else self.data,
        }

    def about(self) -> dict[str, str]:
        """Which message and chat this is about, if it says so."""
        chat = self.data.get("chat") or {}
        message_id = self.data.get("message_id") or self.data.get("id")
        named = {"message_id": message_id, "chat_id": self.data.get("chat_id") or chat.get("id")}
        return {name: value for name, value in named.items() if value}


def version_of(target_url: str) -> str:
    """The payload version a subscription gets: what its URL pins, else the newest."""
    pinned = parse_qs(urlsplit(target_url).query).get("version", [VERSION])[0]
    return OLD_VERSION if pinned == OLD_VERSION else VERSION


def message_event(event_id: str, kind: str, of: Message, where: Chat) -> Event:
    """message.sent, .delivered, .read or .received."""
    told: Json = {
        "id": of.id,
        "direction": "outbound" if of.sender.is_me else "inbound",
        "idempotency_key": None,
        "chat": {
            "id": where.id,
            "is_group": where.is_group,
            "owner_handle": handle(where.me),
            "health_status": health(where),
        },
        "sender_handle": handle(of.sender),
        "parts": parts(of),
        "effect": None,
        "reply_to": reply_to(of),
        "service": of.service,
        "preferred_service": None,
        "sent_at": stamp(of.sent_at),
        "delivered_at": stamp(of.delivered_at),
        "read_at": stamp(of.read_at),
    }
    return Event(event_id, f"message.{kind}", of.trace_id, where.me.address, told)


def failed_event(event_id: str, of: Message, where: Chat, *, names_message: bool = True) -> Event:
    """message.failed is flat, and the same in both versions."""
    assert of.failure is not None
    told: Json = {
        "code": of.failure.code,
        "reason": of.failure.reason,
        "detail_code": of.failure.detail_code,
        "service": of.service,
        "preferred_service": None,
        "failed_at": stamp(of.failed_at),
    }
    if names_message:
        told = {"chat_id": of.chat_id, "message_id": of.id, **told}
    return Event(event_id, "message.failed", of.trace_id, where.me.address, told)


def reaction_event(event_id: str, trace_id: str, tapback: Tapback, to: Message, where: Chat, at: datetime) -> Event:
    told: Json = {
        "chat_id": to.chat_id,
        "message_id": to.id,
        "part_index": 0,
        "reaction_type": tapback.kind,
        "custom_emoji": None,
        "is_from_me": False,
        "from": tapback.person.address,
        "from_handle": handle(tapback.person),
        "service": to.service,
        "reacted_at": stamp(at),
        "sticker": None,
    }
    return Event(event_id, "reaction.added", trace_id, where.me.address, told)


def _in_old_words(new: Json) -> Json:
    """The same message event as version 2025-01-01 tells it: the chat at the top, the message inside."""
    inbound = new["direction"] == "inbound"
    ours = new["chat"]["owner_handle"]
    told: Json = {
        "chat_id": new["chat"]["id"],
        "is_group": new["chat"]["is_group"],
        "idempotency_key": None,
        "from": new["sender_handle"]["handle"],
        "from_handle": new["sender_handle"],
        "is_from_me": not inbound,
        "recipient_phone": ours["handle"] if inbound else None,
        "recipient_handle": ours if inbound else None,
        "received_at": new["sent_at"] if inbound else None,
        "service": new["service"],
        "preferred_service": new["preferred_service"],
        "message": _old_message(new),
    }
    reached = [name for name in ("read_at", "delivered_at") if new[name]][:1]
    return {**told, "message_id": new["id"], reached[0]: new[reached[0]]} if reached else told


def _old_message(new: Json) -> Json:
    kept = ("id", "parts", "effect", "reply_to", "sent_at", "delivered_at", "read_at")
    return {
        **{name: new[name] for name in kept},
        "is_delivered": new["delivered_at"] is not None,
        "is_read": new["read_at"] is not None,
        "created_at": new["sent_at"],
        "updated_at": new["read_at"] or new["delivered_at"] or new["sent_at"],
    }


def _nanoseconds(now: int) -> str:
    seconds, fraction = divmod(now, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"
