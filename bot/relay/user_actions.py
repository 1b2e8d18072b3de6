"""What people ask for after the drop: send it again, send it now, cancel it, or "it arrived".

Pressing twice, or two people pressing, is one act: the new delivery's id is made from the one it replaces. This is the
only way in which something is ever sent twice.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.relay import holds
from bot.relay.errors import Refused
from bot.relay.ids import DeliveryId, MessageId, PersonId, delivery_id
from bot.relay.model import (
    NEEDS_ATTENTION,
    Delivery,
    DeliveryWithReceipts,
    HeldFor,
    Receipt,
    ReceiptKind,
    ReceiptSource,
    Status,
)
from bot.relay.parts import Edit, Media, Part, Text, Voice
from bot.relay.ports.audit import COMMAND_LINE, AuditEntry, AuditLog
from bot.relay.ports.stores import DeliveryStore, ReceiptStore
from bot.relay.receipts import status_of
from bot.relay.rooms import Link
from bot.relay.routing.links import Links

RESENDABLE = (*NEEDS_ATTENTION, Status.CANCELLED)


class UserActions:
    """``now`` gives the time of day, at which what is sent again takes its place in the room's order."""

    def __init__(
        self,
        store: DeliveryStore,
        receipts: ReceiptStore,
        links: Links,
        audit: AuditLog,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._receipts = receipts
        self._links = links
        self._audit = audit
        self._now = now

    async def resend(self, delivery: DeliveryId, *, by: PersonId | None) -> DeliveryId:
        """Send a failed, unconfirmed or cancelled one again. Refused for any other, and where the link is another.

        ``by`` is None for the operator at the command line, who may send for everybody.
        """
        told = await self._known(delivery)
        if status_of(told).status not in RESENDABLE:
            raise Refused(f"It is {status_of(told).status}: sending it again would make two.")
        await self._require_link(told.delivery, by)
        again = self._again(told.delivery, by or told.delivery.sender)
        await self._note("resend", told.delivery, by)
        await self._store.accept([again])
        return again.id

    async def resend_message(self, message: MessageId, *, by: PersonId) -> int:
        """The same for every part of a message that needs it; gives how many there were, never none."""
        told = await self._store.of_message(message)
        lost = [one.delivery for one in told if status_of(one).status in NEEDS_ATTENTION]  # cancelled ones stay so
        if not lost:
            raise Refused("No clip of this message has failed or is unconfirmed, so there is nothing to send again.")
        for delivery in lost:
            await self._require_link(delivery, by)
        again = [self._again(delivery, by) for delivery in lost]
        for delivery in lost:
            await self._note("resend", delivery, by)
        await self._store.accept(again)
        return len(lost)

    async def confirm_delivered(self, delivery: DeliveryId, *, by: PersonId) -> None:
        """A person saw it at the other end. Only what nobody could confirm can be settled so."""
        told = await self._known(delivery)
        if status_of(told).status is not Status.UNCONFIRMED:
            raise Refused(f"It is {status_of(told).status} already.")
        await self._require_link(told.delivery, by)
        await self._note("confirm_delivered", told.delivery, by)
        confirmed = Receipt(
            id=f"person:{delivery}",
            kind=ReceiptKind.SENT,
            at=self._now(),
            source=ReceiptSource.PERSON,
            delivery=delivery,
            confirmed_by=by,
        )
        await self._receipts.add([confirmed])

    async def approve(self, delivery: DeliveryId, *, by: PersonId) -> None:
        """Let go what waits for an approval: now, or when quiet hours end. Two who decide at once are one."""
        held, link = await self._held(delivery, by)
        is_link_rule = held.held_for is HeldFor.APPROVAL
        decision = holds.quiet_at(link.settings, self._now()) if is_link_rule else holds.NOW
        await self._note("approve", held, by)
        await self._decided(delivery, await self._store.approve(delivery, decision, by=by))

    async def send_now(self, delivery: DeliveryId, *, by: PersonId) -> None:
        """Let go what is held, whatever for."""
        held, _ = await self._held(delivery, by)
        await self._note("approve", held, by)
        await self._decided(delivery, await self._store.reschedule(delivery, holds.NOW, by=by))

    async def reschedule(self, delivery: DeliveryId, at: datetime, *, by: PersonId) -> None:
        """Give what is held another hour."""
        held, _ = await self._held(delivery, by)
        holds.require_hour(at, self._now())
        await self._note("reschedule", held, by)
        decision = holds.Decision(HeldFor.HOUR, at)
        await self._decided(delivery, await self._store.reschedule(delivery, decision, by=by))

    async def reschedule_message(self, message: MessageId, at: datetime, *, by: PersonId) -> int:
        """The same for every part of a message that is held; gives how many there were."""
        told = await self._store.of_message(message)
        held = [one.delivery.id for one in told if status_of(one).status is Status.HELD]
        for delivery in held:
            await self.reschedule(delivery, at, by=by)
        return len(held)

    async def next_schedule(self, message: MessageId) -> str:
        """Names the act that schedules this message once more. Of two that begin before one of them is stored, one is:
        people submit again what took long."""
        told = await self._store.of_message(message)
        return "/".join((message, "later", *(one.delivery.id for one in told)))

    async def dismiss(self, delivery: DeliveryId, *, by: PersonId) -> None:
        """Never send what is held."""
        held, _ = await self._held(delivery, by)
        await self._note("dismiss", held, by)
        await self._decided(delivery, await self._store.dismiss(delivery, by=by))

    async def _note(self, act: str, delivery: Delivery, by: PersonId | None) -> None:
        entry = AuditEntry(act, by or COMMAND_LINE, delivery.id, room=delivery.origin, peer=delivery.target)
        await self._audit.add(entry)

    async def _held(self, delivery: DeliveryId, by: PersonId) -> tuple[Delivery, Link]:
        told = await self._known(delivery)
        if status_of(told).status is not Status.HELD:
            raise Refused(f"It is {status_of(told).status} already.")
        return told.delivery, await self._require_link(told.delivery, by)

    async def _decided(self, delivery: DeliveryId, is_first: bool) -> None:
        """Refused for whoever comes second."""
        if not is_first:
            raise Refused(f"It is {status_of(await self._known(delivery)).status} already.")

    async def _known(self, delivery: DeliveryId) -> DeliveryWithReceipts:
        told = await self._store.find(delivery)
        if told is None:
            raise Refused("This delivery is not known (any more).")
        return told

    async def _require_link(self, delivery: Delivery, by: PersonId | None) -> Link:
        """The link that it goes over. An act is allowed by the link as it is now, not as it was when the message was
        dropped."""
        link = await self._links.of(delivery.origin) or await self._links.of(delivery.target)
        if link is None:
            raise Refused("This place is not linked to anybody any more.")
        if not _leads_there(link, delivery):
            raise Refused(
                f"The link leads to {link.label or 'somebody else'} now, and this was meant for somebody else. "
                "Write it anew to send it there."
            )
        if by is not None:
            await self._links.may_send(link, by)
        return link

    def _again(self, old: Delivery, by: PersonId) -> Delivery:
        """A delivery of its own, with a fresh upload: the old one's fingerprint must stay its own.

        Refused where its words are not kept any more, because their message was deleted or not to be sent.
        """
        if any(isinstance(part, Text | Edit) and not part.text for part in old.parts):
            raise Refused("What it said is not kept any more. Write it again.")
        return Delivery(
            id=delivery_id("resend", old.id),
            source=old.source,
            origin=old.origin,
            target=old.target,
            sender=by,
            parts=tuple(_without_hint(part) for part in old.parts),
            ordered_at=self._now(),
            position=old.position,
            about=old.about,
            notice_room=old.notice_room,
            is_explicit=True,
            replaces=old.id,
        )


def _leads_there(link: Link, delivery: Delivery) -> bool:
    """Out of an inbox itself only first texts go, each into a chat of the line that the inbox takes since then."""
    if delivery.origin == link.room and link.is_inbox and link.made_at and delivery.accepted_at:
        return link.made_at <= delivery.accepted_at
    return {link.room, link.peer} == {delivery.origin, delivery.target}


def _without_hint(part: Part) -> Part:
    return replace(part, media_hint="") if isinstance(part, Voice | Media) else part
