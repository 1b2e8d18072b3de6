"""One event for subscribers, and its envelope in both payload versions."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from bot.sandbox.json_types import Json

OLD_VERSION = "2025-01-01"
VERSION = "2026-02-03"
_ONLY_IN_NEW_VERSION = {"message.edited"}


@dataclass(frozen=True)
class Event:
    """One thing to tell subscribers; ``data`` is in the words of version 2026-02-03.

    ``line`` is the partner's number it is about, "" for the whole account. ``for_all`` reaches every subscriber,
    whatever events it asked for.
    """

    id: str
    type: str
    trace_id: str
    line: str
    data: Json
    for_all: bool = False

    def envelope(self, partner_id: str, version: str) -> Json:
        old = version == OLD_VERSION and "direction" in self.data
        return {
            "api_version": "v3",
            "webhook_version": version,
            "event_type": self.type,
            "event_id": self.id,
            "created_at": _nanoseconds(time.time_ns()),
            "trace_id": self.trace_id,
            "partner_id": partner_id,
            "data": _in_old_version(self.data) if old else self.data,
        }

    def exists_in(self, version: str) -> bool:
        return version != OLD_VERSION or self.type not in _ONLY_IN_NEW_VERSION

    def about(self) -> dict[str, str]:
        """Return the message and chat this is about, if it says so, for the wire log."""
        chat = self.data.get("chat") or {}
        message_id = self.data.get("message_id") or self.data.get("id")
        named = {"message_id": message_id, "chat_id": self.data.get("chat_id") or chat.get("id")}
        return {name: value for name, value in named.items() if value}


def version_of(target_url: str) -> str:
    """Return the payload version a subscription gets: what its URL pins, else the newest."""
    pinned = parse_qs(urlsplit(target_url).query).get("version", [VERSION])[0]
    return OLD_VERSION if pinned == OLD_VERSION else VERSION


def _in_old_version(new: Json) -> Json:
    """Render a message event as version 2025-01-01 has it: the chat at the top, the message inside."""
    inbound = new["direction"] == "inbound"
    ours = new["chat"]["owner_handle"]
    old: Json = {
        "chat_id": new["chat"]["id"],
        "is_group": new["chat"]["is_group"],
        "idempotency_key": new["idempotency_key"],
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
    return {**old, "message_id": new["id"], reached[0]: new[reached[0]]} if reached else old


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
