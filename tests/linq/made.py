"""Deliveries as the relay would hand them over."""

from datetime import datetime
from typing import Any

from bot.relay.ids import DeliveryId, MediaRef, MessageId, PersonId, RoomId
from bot.relay.model import Delivery, PreparedPart
from bot.relay.parts import Part, Voice
from bot.relay.ports.networks import Outgoing
from tests.linq.conftest import IDS, now

CHAT = "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"
MESSAGE = "6f0c2a1e-8a77-4a0b-9d0e-3a5b1d7c9e10"
ATTACHMENT = "c2f7d6b4-1d9e-4f2c-8a51-0b7f4f3f2e90"
DELIVERY = DeliveryId("0123456789abcdef0123")


def delivery(*parts: Part, chat: str = CHAT, **fields: Any) -> Delivery:
    given: dict[str, Any] = {
        "id": DELIVERY,
        "source": MessageId("slack:T1/C1#1"),
        "origin": RoomId("slack:T1/C1"),
        "target": IDS.room(chat),
        "sender": PersonId("slack:T1@U1"),
        "ordered_at": now(),
        "parts": parts,
    }
    return Delivery(**(given | fields))


def memo(
    attachment: str = "", *, chat: str = CHAT, media: str = "slack:T1!F1", since: datetime | None = None, **fields: Any
) -> Delivery:
    """A recording alone, uploaded as ``attachment`` where one is given."""
    prepared = (PreparedPart((IDS.media(attachment),) if attachment else ()),)
    voice = Voice("0", "memo.m4a", MediaRef(media))
    return delivery(voice, chat=chat, prepared=prepared, sending_since=since, **fields)


def outgoing(*parts: Part, about: str = "", prepared: tuple[PreparedPart, ...] = (), **fields: Any) -> Outgoing:
    made = delivery(*parts, prepared=prepared or None)
    return Outgoing(made, about=IDS.message(about) if about else None, **fields)
