"""What Linq says of a message of ours → receipts: from webhooks, from the answer to a send, and from a poll."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.linq import schemas
from bot.linq.api.error_codes import failure_meaning
from bot.linq.ids import LinqIds
from bot.relay.ids import MediaRef
from bot.relay.model import Receipt, ReceiptKind, ReceiptSource

MEDIA_PARTS = frozenset({"media", "voice_memo"})
"""A voice memo is listed as an ordinary media part; Linq's guides also speak of voice memo parts."""

_KINDS = {
    "pending": ReceiptKind.QUEUED,
    "queued": ReceiptKind.QUEUED,
    "sent": ReceiptKind.SENT,
    "failed": ReceiptKind.FAILED,
    "delivered": ReceiptKind.DELIVERED,
    "read": ReceiptKind.READ,
}


def kind_of(status: str) -> ReceiptKind | None:
    """What a ``delivery_status`` says; None for what says nothing about a message of ours."""
    return _KINDS.get(status)


def time_of(message: schemas.LinqMessage, kind: ReceiptKind) -> datetime | None:
    """When that happened, as far as the message tells it."""
    times = {
        ReceiptKind.SENT: message.sent_at,
        ReceiptKind.DELIVERED: message.delivered_at,
        ReceiptKind.READ: message.read_at,
    }
    return times.get(kind)


def is_last_status(kind: ReceiptKind, *, is_group: bool, service: str) -> bool:
    """Whether Linq reports no more than this: delivered and read exist for direct chats over iMessage and RCS only."""
    return kind is ReceiptKind.SENT and (is_group or service == "SMS")


def media_of(parts: Sequence[schemas.LinqPart], ids: LinqIds) -> tuple[MediaRef, ...]:
    return tuple(ids.media(part.id) for part in parts if part.type in MEDIA_PARTS and part.id)


def status_receipt(
    message: schemas.LinqMessage, *, ids: LinqIds, now: datetime, source: ReceiptSource, trace_id: str = ""
) -> Receipt | None:
    """What Linq's own record says of a message; None for an inbound one and for a status without a meaning for us.

    The id names the fact, so that polling twice adds nothing.
    """
    kind = kind_of(message.delivery_status)
    if kind is None or not message.id:
        return None
    failure = failure_meaning("", "") if kind is ReceiptKind.FAILED else None
    receipt = Receipt(
        id=f"status:{message.id}:{kind}",
        kind=kind,
        at=time_of(message, kind) or message.updated_at or message.created_at or now,
        source=source,
        message=ids.message(message.id),
        attachments=media_of(message.parts, ids),
        trace_id=trace_id,
        is_final=is_last_status(kind, is_group=message.is_in_group, service=message.service),
    )
    return replace(receipt, reason=failure.reason, remedy=failure.remedy) if failure else receipt
