"""Deliveries and receipts as a test of the store wants them, whole but for what it names."""

from datetime import timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bot.relay.errors import Remedy
from bot.relay.ids import DeliveryId, Fence, MediaRef, MessageId, NoticeId, PersonId, RoomId
from bot.relay.model import (
    Delivery,
    DeliveryState,
    DeliveryWithReceipts,
    PreparedPart,
    Receipt,
    ReceiptKind,
    ReceiptSource,
    Sent,
)
from bot.relay.parts import Voice
from bot.store.database import Database
from tests.fakes import BASE, CHANNEL, CHAT

SOURCE = MessageId(f"{CHANNEL}#100")
NOTICE = NoticeId(SOURCE)
SOON = timedelta(minutes=1)
OTHER_SOURCE = MessageId(f"{CHANNEL}#200")
OTHER_NOTICE = NoticeId(OTHER_SOURCE)


def voice(name: str) -> Voice:
    return Voice(f"F-{name}", f"{name}.m4a", MediaRef(f"team:T0AAA!{name}"), media_hint="fresh", size_bytes=9)


def delivery(name: str, **given: Any) -> Delivery:
    """One recording for ``CHAT`` from the message of ``NOTICE``."""
    return Delivery(
        **{
            "id": DeliveryId(name),
            "source": SOURCE,
            "origin": CHANNEL,
            "target": CHAT,
            "sender": PersonId("team:T0AAA@U0ANN"),
            "parts": (voice(name),),
            "ordered_at": BASE,
            "notice_room": RoomId(f"{CHANNEL}/100"),
            "is_explicit": True,  # so that one message may have as many as a test wants, one after the other
            **given,
        }
    )


def elsewhere(name: str, **given: Any) -> Delivery:
    """The same from another message."""
    return delivery(name, **{"source": OTHER_SOURCE, "notice_room": RoomId(f"{CHANNEL}/200"), **given})


def message(name: str) -> MessageId:
    return MessageId(f"chat:default#{name}")


def receipt(name: str, kind: ReceiptKind = ReceiptKind.SENT, **given: Any) -> Receipt:
    return Receipt(**{"id": name, "kind": kind, "at": BASE, "source": ReceiptSource.WEBHOOK, **given})


def sent(name: str, **given: Any) -> Sent:
    return Sent(**{"message": message(name), **given})


def uploaded(name: str) -> tuple[PreparedPart, ...]:
    return (PreparedPart((MediaRef(f"chat:default!{name}"),)),)


async def claimed(database: Database, target: RoomId = CHAT) -> Delivery:
    claim = await database.deliveries.claim(target)
    assert claim is not None
    return claim.delivery


async def told(database: Database, name: str) -> DeliveryWithReceipts:
    found = await database.deliveries.find(DeliveryId(name))
    assert found is not None
    return found


async def kept(database: Database, name: str) -> Delivery:
    return (await told(database, name)).delivery


async def sending(database: Database, name: str, attachment: str = "A1") -> Delivery:
    """A delivery of which nobody knows yet whether it was sent."""
    await database.deliveries.accept([delivery(name)])
    held = await claimed(database)
    assert await database.deliveries.mark_sending(held.id, held.fence, uploaded(attachment))
    return held


async def record(database: Database, name: str, as_message: str, *, poll: bool = True, **given: Any) -> bool:
    return await database.deliveries.record(DeliveryId(name), sent(as_message, **given), poll=poll)


async def close(database: Database, held: Delivery, state: DeliveryState = DeliveryState.FAILED) -> bool:
    return await database.deliveries.close(held.id, held.fence, state, reason="No.", code="4001", remedy=Remedy.RESEND)


async def postpone(database: Database, held: Delivery, *, fence: Fence | None = None, **given: Any) -> bool:
    said: dict[str, Any] = {"wait": SOON, "reason": "Slow.", "code": "429", "remedy": Remedy.NONE}
    said |= {"counts": True, "is_late": False, **given}
    return await database.deliveries.postpone(held.id, held.fence if fence is None else fence, **said)


def ask(url: str, sql: str, *params: object) -> list[dict[str, Any]]:
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        cursor = connection.execute(sql.encode(), params or None)
        return cursor.fetchall() if cursor.description else []


def pass_by(url: str, wait: timedelta) -> None:
    """Every wait of deliveries and notices, and all ages, are that much further on."""
    for table, columns in (
        ("deliveries", "retry_at not_before accepted_at preparing_since sending_since url_expires_at next_poll_at"),
        ("notices", "retry_at posting_since"),
        ("receipts", "came_at"),
        ("reactions", "at"),
        ("messages", "known_at"),
        ("conversations", "began_at waiting_since answered_at closed_at ended_at"),
        ("unheard", "first_at last_at"),
    ):
        moves = ", ".join(f"{name} = {name} - %(wait)s" for name in columns.split())
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"UPDATE {table} SET {moves}".encode(), {"wait": wait})
