"""``memobridge deliveries``: what became of what was said, in both directions, for an operator."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.app import Services, open_services
from bot.cli.common import plain_console, run_or_exit, settings_or_exit, show, table
from bot.relay.errors import Refused
from bot.relay.ids import DeliveryId, RoomId
from bot.relay.model import Delivery, DeliveryWithReceipts
from bot.relay.receipts import status_of
from bot.relay.rooms import Conversation

Conversations = Mapping[RoomId, Conversation]


def list_deliveries(limit: int) -> None:
    run_or_exit(_list(limit))


async def _list(limit: int) -> None:
    async with open_services(settings_or_exit()) as services:
        recent = await services.database.deliveries.recent(limit)
        conversations = await _conversations(services, [told.delivery for told in recent])
    columns = ("id", "accepted (UTC)", "from", "to", "what", "status", "reason")
    found = table(*columns, *(("conversation",) if conversations else ()))
    for told in recent:
        delivery, report = told.delivery, status_of(told)
        ends = (delivery.origin, delivery.target)
        row = (delivery.id, _time(delivery.accepted_at), *ends, _what(delivery), report.status, report.reason)
        found.add_row(*row, *((_named(delivery, conversations),) if conversations else ()))
    show(found, "No delivery yet. Drop audio in a linked channel.")


def show_delivery(delivery: str) -> None:
    run_or_exit(_show(DeliveryId(delivery)))


async def _show(delivery: DeliveryId) -> None:
    async with open_services(settings_or_exit()) as services:
        told = await services.database.deliveries.find(delivery)
        decisions = await services.database.audit.decisions(delivery)
        conversations = await _conversations(services, [told.delivery] if told else [])
    if told is None:
        raise Refused(f"No delivery {delivery} is known. memobridge deliveries lists the recent ones.")
    console = plain_console()
    console.print(f"{_what(told.delivery)} → {told.delivery.target}: {status_of(told).status}")
    if conversation := _named(told.delivery, conversations):
        console.print(f"  in the conversation with {conversation}")
    decided = [(row["at"], f"{row['act']}, by {row['actor']}") for row in decisions]
    for when, what in sorted(decided + _time_line(told), key=lambda moment: moment[0]):
        console.print(f"  {_time(when)} UTC  {what}")


async def _conversations(services: Services, deliveries: Sequence[Delivery]) -> Conversations:
    rooms = {room for delivery in deliveries for room in (delivery.origin, delivery.target)}
    return await services.database.conversations.in_rooms(sorted(rooms))


def _named(delivery: Delivery, conversations: Conversations) -> str:
    """With whom, on which of our lines, and how it stands; "" where it belongs to a link that somebody made."""
    conversation = conversations.get(delivery.target) or conversations.get(delivery.origin)
    if conversation is None:
        return ""
    return f"{conversation.contact or conversation.peer} on {conversation.line or 'our line'}, {conversation.state}"


def _time_line(told: DeliveryWithReceipts) -> list[tuple[datetime, str]]:
    delivery = told.delivery
    moments = [
        (delivery.accepted_at, f"accepted from {delivery.origin}, message {delivery.source}"),
        (delivery.sending_since, f"sent{_media(delivery)}"),
        (delivery.fetched_at, "the temporary url was fetched"),
        (delivery.not_before, "held until then"),
        (delivery.retry_at, f"next try: {delivery.reason}"),
        *((receipt.at, f"{receipt.kind} {receipt.reason} {receipt.code}".rstrip()) for receipt in told.receipts),
    ]
    line = sorted((when, what) for when, what in moments if when is not None)
    if delivery.reason and not delivery.retry_at and line:
        line.append((line[-1][0], f"{delivery.state}: {delivery.reason} {delivery.code}".rstrip()))
    return line


def _what(delivery: Delivery) -> str:
    """The recording's name, or the kinds of its parts: never what was said."""
    return delivery.voice.name if delivery.voice else ", ".join(part.kind for part in delivery.parts)


def _media(delivery: Delivery) -> str:
    media = [ref for part in delivery.prepared or () for ref in part.media]
    return f" with {', '.join(media)}" if media else ""


def resend_delivery(delivery: str) -> None:
    run_or_exit(_resend(DeliveryId(delivery)))


async def _resend(delivery: DeliveryId) -> None:
    async with open_services(settings_or_exit()) as services:
        again = await services.actions.resend(delivery, by=None)
    plain_console().print(f"Sent again as {again}; the notice in Slack shows what becomes of it.")


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""
