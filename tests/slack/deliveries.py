"""Deliveries and notices for the tests of what Slack shows of them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.relay.errors import Remedy
from bot.relay.ids import DeliveryId, MessageId, NoticeId, PersonId, RoomId
from bot.relay.model import (
    Author,
    Delivery,
    DeliveryState,
    DeliveryWithReceipts,
    Notice,
    PreparedPart,
    Receipt,
    ReceiptKind,
    ReceiptSource,
)
from bot.relay.parts import Media, Part, Text, Voice
from bot.relay.ports.networks import Outgoing
from bot.slack.ids import SlackRoom, media_ref, person_id
from tests.slack.fake_relay import ANNS_CHAT
from tests.slack.fake_workspace import ANN, CLIPS, TEAM
from tests.slack.times import NOON

CHANNEL = SlackRoom(TEAM, CLIPS)
SOURCE_TS = "1790000005.606609"
AT = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
CONTACT = PersonId("linq:default@0a1b2c3d")
THEIRS = MessageId("linq:default#9b6d7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f")


# from the team


def voice(name: str = "memo.m4a") -> Voice:
    return Voice("F0X", name, media_ref(TEAM, "F0X"))


def picture(name: str = "cat.png") -> Media:
    return Media("F0Y", name, media_ref(TEAM, "F0Y"))


def told(
    part: Part | str = "memo.m4a",
    *kinds: ReceiptKind,
    ts: str = SOURCE_TS,
    reason: str = "",
    code: str = "",
    **fields: Any,
) -> DeliveryWithReceipts:
    """A delivery to the contact, with receipts of these kinds. A string is the name of a recording."""
    part = voice(part) if isinstance(part, str) else part
    name = getattr(part, "name", part.key)
    delivery = Delivery(
        id=DeliveryId(f"d-{name}"),
        source=CHANNEL.message(ts),
        origin=CHANNEL.id,
        target=ANNS_CHAT.id,
        sender=person_id(TEAM, ANN),
        parts=(part,),
        ordered_at=NOON,
        notice_room=CHANNEL.thread(ts).id,
    )
    receipts = tuple(receipt(kind, number, reason=reason, code=code) for number, kind in enumerate(kinds))
    return DeliveryWithReceipts(replace(delivery, reason=reason, code=code, **fields), receipts)


def receipt(kind: ReceiptKind, number: int = 0, **fields: Any) -> Receipt:
    return Receipt(f"R{number}", kind, AT, ReceiptSource.WEBHOOK, MessageId("linq:default#M1"), **fields)


def failed(part: Part | str = "memo.m4a", **fields: Any) -> DeliveryWithReceipts:
    given = {"reason": "The recipient opted out.", "code": "2024", "remedy": Remedy.RESEND} | fields
    return told(part, state=DeliveryState.FAILED, **given)


def unconfirmed(part: Part | str = "memo.m4a") -> DeliveryWithReceipts:
    remedy = Remedy.CHECK_THEN_RESEND
    return told(part, state=DeliveryState.UNCONFIRMED, reason="The answer was lost.", remedy=remedy)


def notice(*shown: DeliveryWithReceipts, ts: str = SOURCE_TS, **fields: Any) -> Notice:
    room = CHANNEL.thread(ts).id if ts else CHANNEL.id
    return Notice(NoticeId(CHANNEL.message(ts or "command-1.2.3")), room, deliveries=shown, **fields)


# from the contact


def incoming(*parts: Part, target: RoomId = CHANNEL.id, files: tuple[str, ...] = (), **fields: Any) -> Outgoing:
    """What a contact said, on its way into the channel. ``files``: those that were uploaded for its last part."""
    prepared = [PreparedPart() for _ in parts]
    if files:
        prepared[-1] = PreparedPart(tuple(media_ref(TEAM, file_id) for file_id in files))
    delivery = Delivery(
        id=DeliveryId("0123456789abcdef0123"),
        source=THEIRS,
        origin=ANNS_CHAT.id,
        target=target,
        sender=CONTACT,
        parts=parts,
        ordered_at=NOON,
        sending_since=NOON,
        prepared=tuple(prepared),
    )
    return Outgoing(delivery, **{"author": Author("+12025550123"), **fields})


def text(words: str = "see you at six") -> Text:
    return Text("0", words)
