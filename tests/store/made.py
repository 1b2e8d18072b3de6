"""Deliveries and receipts as a test wants them, whole but for what it names."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.relay.model import (
    AttachmentId,
    ChannelId,
    ChatId,
    Clip,
    Delivery,
    DeliveryId,
    Memo,
    MemoId,
    NoticeId,
    Post,
    Receipt,
    ReceiptKind,
    UserId,
)
from bot.store.database import Database

NOW = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
CHAT = ChatId("chat-1")
CHANNEL = ChannelId("C1")
NOTICE = NoticeId("C1:100.1")


def post(**given: Any) -> Post:
    return Post(
        **{"team": "T1", "channel": CHANNEL, "message_ts": "100.1", "root_ts": "100.1", "user": UserId("U1"), **given}
    )


def delivery(name: str, **given: Any) -> Delivery:
    """One clip for ``CHAT`` from the message of ``NOTICE``."""
    clip = Clip(file_id=f"F-{name}", name=f"{name}.m4a", url=f"https://files.example/{name}", size_bytes=9)
    return Delivery(**{"id": DeliveryId(name), "post": post(), "clip": clip, "asked_at": 100.1, "chat": CHAT, **given})


def receipt(name: str, kind: ReceiptKind = ReceiptKind.SENT, **given: Any) -> Receipt:
    return Receipt(**{"id": name, "kind": kind, "at": NOW, **given})


def memo(name: str, **given: Any) -> Memo:
    return Memo(MemoId(name), **given)


async def claimed(database: Database, chat: ChatId = CHAT) -> Delivery:
    found = await database.deliveries.claim(chat)
    assert found is not None
    return found


async def kept(database: Database, name: str) -> Delivery:
    found = await database.deliveries.delivery(DeliveryId(name))
    assert found is not None
    return found


async def sending(database: Database, name: str, attachment: str) -> Delivery:
    """A delivery of which nobody knows yet whether it was sent."""
    await database.deliveries.accept([delivery(name)])
    held = await claimed(database)
    await database.deliveries.intend(held.id, held.fence, attachment=AttachmentId(attachment), sound=None, at=NOW)
    return held
