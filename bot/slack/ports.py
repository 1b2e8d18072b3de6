"""What the Slack adapter asks of the relay: one Protocol for each part of it that is called from here."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.relay.ids import DeliveryId, MessageId, PersonId, RoomId
from bot.relay.model import Link, Message, RoomInfo


class MessageIntake(Protocol):
    """``bot.relay.deliveries.DeliveryService``"""

    async def accept(self, message: Message) -> Sequence[DeliveryId]: ...

    async def withdraw(
        self, message: MessageId, rooms: Sequence[RoomId], kept: Sequence[str] = ()
    ) -> Sequence[PersonId]: ...


class LinkService(Protocol):
    """``bot.relay.links.Links``"""

    async def of(self, room: RoomId) -> Link | None: ...

    async def all(self) -> Sequence[Link]: ...

    async def may_send(self, link: Link, person: PersonId) -> None: ...

    async def choices(self, query: str, *, by: PersonId) -> Sequence[RoomInfo]: ...

    async def link(self, room: RoomId, peer: RoomId, *, by: PersonId) -> Link: ...

    async def set(self, room: RoomId, changes: Mapping[str, Sequence[str]], *, by: PersonId | None) -> Link: ...

    async def unlink(self, room: RoomId, *, by: PersonId) -> tuple[Link, int]: ...

    async def moved(self, old: RoomId, new: RoomId) -> None: ...


class DeliveryActions(Protocol):
    """``bot.relay.user_actions.UserActions``"""

    async def resend(self, delivery: DeliveryId, *, by: PersonId | None) -> DeliveryId: ...

    async def resend_message(self, message: MessageId, *, by: PersonId) -> int: ...

    async def confirm_delivered(self, delivery: DeliveryId, *, by: PersonId) -> None: ...

    async def approve(self, delivery: DeliveryId, *, by: PersonId) -> None: ...

    async def dismiss(self, delivery: DeliveryId, *, by: PersonId) -> None: ...
