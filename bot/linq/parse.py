"""Linq's words into ours: webhooks, answers, messages. Pure: no wire may come in, nothing but ParseError comes out."""

from collections.abc import Mapping
from datetime import datetime

from bot.linq import shapes
from bot.linq.shapes import ParseError, clean, shaped
from bot.linq.verdicts import why_failed
from bot.relay.model import AttachmentId, Chat, ChatId, Memo, MemoId, Receipt, ReceiptKind
from bot.relay.ports import Upload

AUDIO_PARTS = frozenset({"media", "voice_memo"})
"""A memo is listed as an ordinary media part; Linq's guides also speak of voice memo parts."""

_EVENTS = {
    "message.sent": ReceiptKind.SENT,
    "message.delivered": ReceiptKind.DELIVERED,
    "message.read": ReceiptKind.READ,
}
_STATUSES = {
    "pending": ReceiptKind.QUEUED,
    "queued": ReceiptKind.QUEUED,
    "sent": ReceiptKind.SENT,
    "failed": ReceiptKind.FAILED,
    "delivered": ReceiptKind.DELIVERED,
    "read": ReceiptKind.READ,
}
_GONE = frozenset({"left", "removed"})


def webhook(body: object, *, webhook_id: str, received_at: datetime) -> Receipt | None:
    """One webhook (version 2026-02-03 or 2025-01-01). None: it tells nothing about a memo that may be ours.

    ``webhook_id`` is the signed header, used where the body names no event id.
    """
    envelope = shaped(shapes.Envelope, body)
    if not envelope.event_type:
        raise ParseError("no event_type")
    receipt_id = envelope.event_id or clean(webhook_id)
    if not receipt_id:
        raise ParseError("no event_id")
    at = envelope.created_at or received_at
    if envelope.event_type == "message.failed":
        return _failed(envelope, receipt_id, at)
    kind = _EVENTS.get(envelope.event_type)
    return _progress(envelope, kind, receipt_id, at) if kind else None


def _progress(envelope: shapes.Envelope, kind: ReceiptKind, receipt_id: str, at: datetime) -> Receipt | None:
    message = shaped(shapes.MessageEvent, _flat(envelope.data))
    if message.direction == "inbound" or message.is_from_me is False or _is_without_audio(message.parts):
        return None
    _require_a_name(message.id, envelope.trace_id)
    times = {
        ReceiptKind.SENT: message.sent_at,
        ReceiptKind.DELIVERED: message.delivered_at,
        ReceiptKind.READ: message.read_at,
    }
    return Receipt(
        id=receipt_id,
        kind=kind,
        at=times[kind] or at,
        memo=MemoId(message.id) if message.id else None,
        attachments=_audio(message.parts),
        trace_id=envelope.trace_id,
        service=message.service,
        is_group=bool(message.chat.is_group or message.is_group),
    )


def _failed(envelope: shapes.Envelope, receipt_id: str, at: datetime) -> Receipt:
    """The one event with flat data and, at times, without a message id: then the trace id is all there is."""
    failure = shaped(shapes.FailedEvent, envelope.data)
    _require_a_name(failure.message_id, envelope.trace_id)
    code = "" if failure.code is None else str(failure.code)
    return Receipt(
        id=receipt_id,
        kind=ReceiptKind.FAILED,
        at=failure.failed_at or at,
        memo=MemoId(failure.message_id) if failure.message_id else None,
        trace_id=envelope.trace_id,
        service=failure.service,
        reason=why_failed(code, failure.reason),
        code=code,
    )


def _require_a_name(message_id: str, trace_id: str) -> None:
    if not message_id and not trace_id:
        raise ParseError("neither a message id nor a trace id")


def _flat(data: Mapping[str, object]) -> Mapping[str, object]:
    """Version 2025-01-01 keeps the message's own fields one level deeper."""
    message = data.get("message")
    return {**data, **message} if isinstance(message, Mapping) else data


def _is_without_audio(parts: tuple[shapes.Part, ...]) -> bool:
    """A line without retention shows no parts at all; then the message may be a memo."""
    return bool(parts) and not any(part.type in AUDIO_PARTS for part in parts)


def _audio(parts: tuple[shapes.Part, ...]) -> tuple[AttachmentId, ...]:
    return tuple(AttachmentId(part.id) for part in parts if part.type in AUDIO_PARTS and part.id)


def message_receipt(message: shapes.Message, *, now: datetime) -> Receipt | None:
    """What Linq's own record says of a memo; None for an inbound message or a status without a meaning for us.

    The id names the fact, so that looking twice adds nothing.
    """
    kind = _STATUSES.get(message.delivery_status)
    if kind is None or not message.id:
        return None
    times = {
        ReceiptKind.SENT: message.sent_at,
        ReceiptKind.DELIVERED: message.delivered_at,
        ReceiptKind.READ: message.read_at,
    }
    return Receipt(
        id=f"look:{message.id}:{kind}",
        kind=kind,
        at=times.get(kind) or message.updated_at or message.created_at or now,
        memo=MemoId(message.id),
        attachments=_audio(message.parts),
        service=message.service,
        reason=why_failed("", "") if kind is ReceiptKind.FAILED else "",
    )


def looked_at(body: object, *, now: datetime) -> Receipt | None:
    """The answer to a look at one message."""
    return message_receipt(shaped(shapes.Message, body), now=now)


def listed_memo(message: shapes.Message, *, now: datetime) -> Memo:
    return Memo(MemoId(message.id), _audio(message.parts), receipt=message_receipt(message, now=now))


def sent_memo(body: object, *, trace_id: str, attachment: AttachmentId | None, now: datetime) -> Memo:
    """The answer to a send. Without a memo id nobody knows what became of it: ParseError."""
    sent = shaped(shapes.SendAnswer, body).voice_memo
    if not sent.id:
        raise ParseError("no voice_memo.id")
    own = (attachment, AttachmentId(sent.voice_memo.id))
    attachments = tuple(dict.fromkeys(item for item in own if item))
    kind = _STATUSES.get(sent.status, ReceiptKind.QUEUED)
    receipt = Receipt(
        id=f"look:{sent.id}:{kind}",
        kind=kind,
        at=sent.created_at or now,
        memo=MemoId(sent.id),
        attachments=attachments,
        trace_id=trace_id,
        service=sent.service or sent.chat.service,
        is_group=bool(sent.chat.is_group),
    )
    return Memo(MemoId(sent.id), attachments, trace_id, receipt)


def upload(body: object, *, content_type: str, size_bytes: int) -> Upload:
    """Raises ParseError when the place for the bytes is missing."""
    answer = shaped(shapes.AttachmentAnswer, body)
    if not answer.attachment_id or not answer.upload_url:
        raise ParseError("no attachment_id or no upload_url")
    return Upload(
        AttachmentId(answer.attachment_id), answer.upload_url, answer.required_headers, content_type, size_bytes
    )


def chat(body: object) -> Chat:
    """Raises ParseError for a chat without an id."""
    shape = shaped(shapes.Chat, body)
    if not shape.id:
        raise ParseError("no chat id")
    return listed_chat(shape)


def listed_chat(shape: shapes.Chat) -> Chat:
    """``people`` leaves out our own line and those who are gone."""
    people = tuple(h.handle for h in shape.handles if h.handle and not h.is_me and h.status not in _GONE)
    return Chat(ChatId(shape.id), people, bool(shape.is_group), shape.service, shape.display_name)


def lines(body: object) -> tuple[str, ...]:
    """The account's own numbers, E.164."""
    return tuple(line.phone_number for line in shaped(shapes.LinesAnswer, body).phone_numbers if line.phone_number)
