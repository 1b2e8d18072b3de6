"""One webhook → the facts that it tells. Pure: no wire may come in, and nothing but PayloadError comes out."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from bot.linq.fields import PayloadError, read, to_identifier
from bot.linq.ids import LinqIds
from bot.linq.inbound import parse_account, parse_messages, parse_rooms
from bot.linq.inbound.event_schemas import Envelope
from bot.linq.inbound.parse_messages import Event
from bot.linq.inbound.ports import Fact

_PARSERS: Mapping[str, Callable[[Event], Iterator[Fact]]] = {
    "message.received": parse_messages.parse_received,
    "message.edited": parse_messages.parse_edited,
    "message.sent": parse_messages.parse_sent,
    "message.delivered": parse_messages.parse_delivered,
    "message.read": parse_messages.parse_read,
    "message.failed": parse_messages.parse_failed,
    "reaction.added": parse_rooms.parse_reaction_added,
    "reaction.removed": parse_rooms.parse_reaction_removed,
    "participant.added": parse_rooms.parse_participant_added,
    "participant.removed": parse_rooms.parse_participant_removed,
    "chat.group_name_updated": parse_rooms.parse_group_renamed,
    "contact_card.received": parse_account.parse_contact_card,
    "phone_number.status_updated": parse_account.parse_line_status,
    "webhook_subscription.disabled": parse_account.parse_subscription_disabled,
    "api_token.expiry_scheduled": parse_account.parse_token_expiry,
}


def parse_webhook(body: object, *, ids: LinqIds, webhook_id: str, received_at: datetime) -> tuple[Fact, ...]:
    """The facts, in the order in which they should be stored; none for what concerns nobody here.

    ``webhook_id`` is the signed header, used where the body names no event id.
    """
    envelope = read(Envelope, body)
    if not envelope.event_type:
        raise PayloadError("no event_type")
    parser = _PARSERS.get(envelope.event_type)
    if parser is None:
        return ()
    event_id = envelope.event_id or to_identifier(webhook_id)
    if not event_id:
        raise PayloadError("no event_id")
    at = envelope.created_at or received_at
    return tuple(parser(Event(event_id, at, envelope.trace_id, envelope.data, ids)))
