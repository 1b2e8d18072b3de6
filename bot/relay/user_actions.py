"""What people ask for after the drop: send it again, or "it arrived". The only way a memo is ever sent twice.

Pressing twice, or two people pressing, is one wish: the new delivery's id is made from the one it replaces.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.relay.errors import Refused
from bot.relay.model import (
    NEEDS_ATTENTION,
    ChannelId,
    Delivery,
    DeliveryId,
    DeliveryWithReceipts,
    Receipt,
    ReceiptKind,
    Status,
    UserId,
    delivery_id,
)
from bot.relay.ports import DeliveryStore, ReceiptStore
from bot.relay.receipts import status_of

RESENDABLE = (*NEEDS_ATTENTION, Status.CANCELLED)


class UserActions:
    def __init__(self, store: DeliveryStore, receipts: ReceiptStore, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._receipts = receipts
        self._now = now

    async def resend(self, delivery: DeliveryId, *, by: UserId) -> DeliveryId:
        """Send a failed or unconfirmed one again, into the same chat. Refused for any other."""
        told = await self._known(delivery)
        if status_of(told).status not in RESENDABLE:
            raise Refused(f"It is {status_of(told).status}: sending it again would make two.")
        again = self._again(told.delivery, by)
        await self._store.accept([again])
        return again.id

    async def resend_message(self, channel: ChannelId, message_ts: str, *, by: UserId) -> int:
        """The same for every clip of a message that needs it; gives how many there were, never none."""
        told = await self._store.of_message(channel, message_ts)
        lost = [
            one.delivery for one in told if status_of(one).status in NEEDS_ATTENTION
        ]  # what was taken out stays out
        if not lost:
            raise Refused("No clip of this message has failed or is unconfirmed, so there is nothing to send again.")
        await self._store.accept([self._again(delivery, by) for delivery in lost])
        return len(lost)

    async def arrived(self, delivery: DeliveryId, *, by: UserId) -> None:
        """A person saw it on the phone. Only what nobody could confirm can be settled so."""
        told = await self._known(delivery)
        if status_of(told).status is not Status.UNCONFIRMED:
            raise Refused(f"It is {status_of(told).status} already.")
        word = Receipt(
            id=f"person:{delivery}",
            kind=ReceiptKind.SENT,
            at=self._now(),
            delivery=delivery,
            reason=f"confirmed by <@{by}>",
        )
        await self._receipts.add([word])

    async def _known(self, delivery: DeliveryId) -> DeliveryWithReceipts:
        told = await self._store.told(delivery)
        if told is None:
            raise Refused("This delivery is not known (any more).")
        return told

    def _again(self, old: Delivery, by: UserId) -> Delivery:
        """A delivery of its own, with a fresh attachment: the old one's fingerprint must stay its own."""
        return Delivery(
            id=delivery_id("resend", old.id),
            post=replace(old.post, user=by),
            clip=replace(old.clip, url=""),
            asked_at=self._now().timestamp(),
            chat=old.chat,
            position=old.position,
            replaces=old.id,
        )
