"""Rows into the relay's values and back. A field of a value is the column, or the JSON key, of the same name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.relay.model import Delivery, DeliveryWithReceipts, PreparedPart, Receipt
from bot.relay.rooms import Conversation, Link, LinkSettings

Row = Mapping[str, Any]

_DELIVERY = TypeAdapter(Delivery)
_RECEIPT = TypeAdapter(Receipt)
_PREPARED = TypeAdapter(tuple[PreparedPart, ...])
_LINK = TypeAdapter(Link)
_CONVERSATION = TypeAdapter(Conversation)
_SETTINGS = TypeAdapter(LinkSettings)

# What is known of a delivery before it is stored; everything else begins with the column's default.
ACCEPTED_COLUMNS = (
    *("id", "source", "origin", "target", "sender", "parts", "ordered_at", "position", "about", "notice_room"),
    *("dedup_key", "is_explicit", "is_broadcast", "replaces", "not_before", "awaits_approval", "reason"),
    *("held_for", "state", "remedy"),
)
_DELIVERY_FIELDS = frozenset(field.name for field in fields(Delivery))
_RECEIPT_FIELDS = frozenset(field.name for field in fields(Receipt))
_CONVERSATION_FIELDS = frozenset(field.name for field in fields(Conversation))
_LINK_FIELDS = frozenset(field.name for field in fields(Link))


def to_delivery(row: Row) -> Delivery:
    return _DELIVERY.validate_python(_only(row, _DELIVERY_FIELDS))


def to_told(row: Row) -> DeliveryWithReceipts:
    """From the view ``deliveries_with_receipts``: the delivery, and its receipts with the oldest first."""
    receipts = (_RECEIPT.validate_python(_only(each, _RECEIPT_FIELDS)) for each in row["receipts"] or ())
    return DeliveryWithReceipts(to_delivery(row), tuple(receipts))


def to_link(row: Row) -> Link:
    return _LINK.validate_python(_only(row, _LINK_FIELDS))


def to_conversation(row: Row) -> Conversation:
    return _CONVERSATION.validate_python(_only(row, _CONVERSATION_FIELDS))


def deliveries_json(deliveries: Sequence[Delivery]) -> str:
    """For ``jsonb_populate_recordset``: what is known of each before it is stored."""
    return _json([_only(_DELIVERY.dump_python(delivery, mode="json"), ACCEPTED_COLUMNS) for delivery in deliveries])


def receipts_json(receipts: Sequence[Receipt]) -> str:
    return _json([_RECEIPT.dump_python(receipt, mode="json") for receipt in receipts])


def prepared_json(prepared: Sequence[PreparedPart]) -> str:
    return _json(_PREPARED.dump_python(tuple(prepared), mode="json"))


def settings_json(settings: LinkSettings) -> str:
    return _json(_SETTINGS.dump_python(settings, mode="json"))


def to_moment(at: str | None) -> datetime | None:
    """A time that came as JSON."""
    return datetime.fromisoformat(at) if at else None


def sanitize_text(text: str) -> str:
    """PostgreSQL has no room for a NUL nor for half a surrogate pair, and file names bring both."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _json(value: Any) -> str:
    return json.dumps(_sanitized(value))


def _sanitized(value: Any) -> Any:
    if isinstance(value, str):
        return sanitize_text(value)
    if isinstance(value, dict):
        return {key: _sanitized(each) for key, each in value.items()}
    return [_sanitized(each) for each in value] if isinstance(value, list | tuple) else value


def _only(row: Row, names: Sequence[str] | frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in names}
