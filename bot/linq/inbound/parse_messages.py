"""Webhooks about messages → facts: what contacts write, and what became of what our side sent. Pure.

In version 2026-02-03, or 2025-01-01, which keeps the message one level deeper.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.linq import schemas
from bot.linq.api.error_codes import failure_meaning
from bot.linq.api.receipts import is_last_status, media_of, time_of
from bot.linq.fields import PayloadError, S, read
from bot.linq.ids import LinqIds
from bot.linq.inbound import event_schemas, messages
from bot.linq.inbound.ports import Fact
from bot.linq.text import clean
from bot.relay.ids import DELIVERY_ID_LENGTH, DeliveryId
from bot.relay.model import Receipt, ReceiptKind, ReceiptSource

_OWN_KEY = re.compile(rf"[0-9a-f]{{{DELIVERY_ID_LENGTH}}}")


@dataclass(frozen=True)
class Event:
    """A webhook, as far as every kind has it. ``at`` is when Linq made it, else when it came."""

    id: str
    at: datetime
    trace_id: str
    data: Mapping[str, object]
    ids: LinqIds

    def read(self, schema: type[S]) -> S:
        """The data; that of version 2025-01-01 with its message laid flat."""
        message = self.data.get("message")
        return read(schema, {**self.data, **message} if isinstance(message, Mapping) else self.data)


def parse_received(event: Event) -> Iterator[Fact]:
    message = event.read(schemas.LinqMessage)
    if message.is_outbound:
        return
    yield from _tell_health(message, event)
    said = messages.build_message(message, event.ids, at=event.at, event_id=event.id)
    yield said
    if opted_out := messages.build_opt_out(message, said):
        yield opted_out


def parse_edited(event: Event) -> Iterator[Fact]:
    """``direction`` says who sent the original, and only its sender can edit it."""
    message = event.read(event_schemas.EditedEvent)
    if message.is_outbound:
        return
    if not message.id:
        raise PayloadError("no message id")
    yield from _tell_health(message, event)
    index, text = message.part.index or 0, clean(message.part.text)
    yield messages.build_edit(message, event.ids, index, text, at=message.edited_at or event.at)


def parse_sent(event: Event) -> Iterator[Fact]:
    """A receipt; and the message, unless its idempotency key says that it was sent by us: others may send from our
    line, too, from Linq's dashboard or from the phone itself. The relay knows a voice memo of ours by its receipt."""
    message = event.read(schemas.LinqMessage)
    yield from _tell_progress(message, event, ReceiptKind.SENT)
    if message.is_outbound is not False and message.chat_of and message.id and not _own_key(message):
        yield messages.build_message(message, event.ids, at=event.at, is_ours=True)


def parse_delivered(event: Event) -> Iterator[Fact]:
    return _tell_progress(event.read(schemas.LinqMessage), event, ReceiptKind.DELIVERED)


def parse_read(event: Event) -> Iterator[Fact]:
    return _tell_progress(event.read(schemas.LinqMessage), event, ReceiptKind.READ)


def parse_failed(event: Event) -> Iterator[Fact]:
    """The one event with flat data and, at times, without a message id: then the trace id is all there is."""
    failure = event.read(event_schemas.FailedEvent)
    _require_name(failure.message_id, event.trace_id)
    code = "" if failure.code is None else str(failure.code)
    meaning = failure_meaning(code, failure.reason)
    yield Receipt(
        id=event.id,
        kind=ReceiptKind.FAILED,
        at=failure.failed_at or event.at,
        source=ReceiptSource.WEBHOOK,
        message=event.ids.message(failure.message_id) if failure.message_id else None,
        trace_id=event.trace_id,
        reason=meaning.reason,
        code=code,
        remedy=meaning.remedy,
    )


def _tell_progress(message: schemas.LinqMessage, event: Event, kind: ReceiptKind) -> Iterator[Fact]:
    if message.is_outbound is False:
        return
    _require_name(message.id, event.trace_id)
    key = _own_key(message)
    yield Receipt(
        id=event.id,
        kind=kind,
        at=time_of(message, kind) or event.at,
        source=ReceiptSource.WEBHOOK,
        message=event.ids.message(message.id) if message.id else None,
        attachments=media_of(message.parts, event.ids),
        delivery=DeliveryId(key) if key else None,
        trace_id=event.trace_id,
        is_final=is_last_status(kind, is_group=message.is_in_group, service=message.service),
    )
    yield from _tell_health(message, event)


def _tell_health(message: schemas.LinqMessage, event: Event) -> Iterator[Fact]:
    if message.chat_of and (told := messages.build_health_warning(message, event.ids, at=event.at)):
        yield told


def _own_key(message: schemas.LinqMessage) -> str:
    """The id of the delivery that became this message, if it was sent under one."""
    return message.idempotency_key if _OWN_KEY.fullmatch(message.idempotency_key) else ""


def _require_name(message_id: str, trace_id: str) -> None:
    if not message_id and not trace_id:
        raise PayloadError("neither a message id nor a trace id")
