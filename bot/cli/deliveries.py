"""``memobridge deliveries``: what became of what was dropped, for an operator."""

from datetime import UTC, datetime

from bot.app import offline
from bot.cli.common import plain_console, settings_or_exit, settle, show, table
from bot.relay.errors import Refused
from bot.relay.model import DeliveryId, DeliveryWithReceipts, UserId
from bot.relay.receipts import status_of

OPERATOR = UserId("")


def list_deliveries(limit: int) -> None:
    settle(_list(limit))


async def _list(limit: int) -> None:
    async with offline(settings_or_exit()) as rooms:
        recent = await rooms.database.deliveries.recent(limit)
    found = table("id", "accepted (UTC)", "channel", "clip", "status", "why")
    for told in recent:
        delivery, verdict = told.delivery, status_of(told)
        accepted = _time(delivery.accepted_at)
        found.add_row(delivery.id, accepted, delivery.post.channel, delivery.clip.name, verdict.status, verdict.reason)
    show(found, "No delivery yet. Drop audio in a linked channel.")


def show_delivery(delivery: str) -> None:
    settle(_show(DeliveryId(delivery)))


async def _show(delivery: DeliveryId) -> None:
    async with offline(settings_or_exit()) as rooms:
        told = await rooms.database.deliveries.told(delivery)
    if told is None:
        raise Refused(f"No delivery {delivery} is known. memobridge deliveries lists the recent ones.")
    console = plain_console()
    console.print(f"{told.delivery.clip.name} → chat {told.delivery.chat}: {status_of(told).status}")
    for when, what in _time_line(told):
        console.print(f"  {_time(when)} UTC  {what}")


def _time_line(told: DeliveryWithReceipts) -> list[tuple[datetime, str]]:
    delivery = told.delivery
    moments = [
        (delivery.accepted_at, f"accepted from {delivery.post.channel}, message {delivery.post.message_ts or 'none'}"),
        (delivery.sending_since, f"sent to Linq with attachment {delivery.attachment or 'none (by url)'}"),
        (delivery.fetched_at, "Linq fetched the lent url"),
        (delivery.due_at, f"next try: {delivery.reason}"),
        *((receipt.at, f"{receipt.kind} {receipt.reason} {receipt.code}".rstrip()) for receipt in told.receipts),
    ]
    line = sorted((when, what) for when, what in moments if when is not None)
    if delivery.reason and not delivery.due_at and line:
        line.append((line[-1][0], f"{delivery.step}: {delivery.reason} {delivery.code}".rstrip()))
    return line


def resend_delivery(delivery: str) -> None:
    settle(_resend(DeliveryId(delivery)))


async def _resend(delivery: DeliveryId) -> None:
    async with offline(settings_or_exit()) as rooms:
        again = await rooms.wishes.resend(delivery, by=OPERATOR)
    plain_console().print(f"Sent again as {again}; the notice in Slack shows what becomes of it.")


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""
