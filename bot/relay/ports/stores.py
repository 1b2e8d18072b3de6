"""What the relay asks of the store: one Protocol for each thing that is kept.

Every method may raise ``RetryLater`` when the database cannot be reached, and nothing else.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.relay.errors import Remedy
from bot.relay.holds import Decision
from bot.relay.ids import DeliveryId, Fence, MessageId, NoticeId, PersonId, RoomId
from bot.relay.model import (
    Author,
    Delivery,
    DeliveryState,
    DeliveryWithReceipts,
    Notice,
    PreparedPart,
    Receipt,
    Sent,
)
from bot.relay.rooms import Conversation


@dataclass(frozen=True)
class Claim:
    """A delivery that one worker may advance now. The ages are by the server's clock, so that no other clock counts."""

    delivery: Delivery
    age: timedelta  # since it was accepted
    preparing_for: timedelta  # since it was first tried to prepare it; zero where it was not
    searching_for: timedelta  # since the send whose answer is missing; zero where none is
    has_late: bool = False  # older ones of the room have stepped aside
    conversation: Conversation | None = None  # the target is its thread


@dataclass(frozen=True)
class Counterpart:
    """A message as the other side has it, and the thread that it stands in or begins there."""

    message: MessageId
    thread: RoomId | None


class Told(StrEnum):
    """When a reaction is told at the other end."""

    ALWAYS = "always"  # its message may still come
    IF_CARRIED = "if_carried"  # where its message is known there
    IF_THEIRS = "if_theirs"  # where its message came from there


@dataclass(frozen=True)
class HeldReaction:
    """What a person holds on a part of a message."""

    about: MessageId
    part: str
    person: PersonId
    emoji: str
    at: datetime


class DeliveryStore(Protocol):
    """Keeps deliveries. A method that takes a fence answers False when another worker has taken the row over."""

    async def accept(self, deliveries: Sequence[Delivery]) -> Sequence[DeliveryId]:
        """Commit the new ones with their jobs, together; gives the ids that were new.

        Those of a message whose parts were accepted before, and parts that were withdrawn meanwhile, are not new.
        """
        ...

    async def accept_reaction(
        self, deliveries: Sequence[Delivery], *, replaces_former: bool, told: Told
    ) -> Sequence[DeliveryId]:
        """The same for one reaction on its way to the other ends, if it changes what its sender holds.

        ``replaces_former``: what they held on that part before is removed with it.
        """
        ...

    async def accept_edit(self, deliveries: Sequence[Delivery], *, if_carried: bool) -> Sequence[DeliveryId]:
        """The same for one edit. Where the message was not sent yet, its text is replaced and nothing new is stored.

        ``if_carried``: where the text was not carried, there is nothing to edit; else the message may still come.
        """
        ...

    async def counterpart(self, message: MessageId, room: RoomId) -> Counterpart | None:
        """What this message is in that room: its original, or what it was sent as."""
        ...

    async def follow_message(self, delivery: Delivery) -> None:
        """Send it where the message that it is about stands, if that is another room than its target: the chat's
        conversation, or a link of the chat. An unlinked room is left alone."""
        ...

    async def is_send_open(self, room: RoomId) -> bool:
        """Whether a send into this room that began within the last two minutes is not recorded yet."""
        ...

    async def held_emoji(self, message: MessageId) -> Sequence[str]:
        """The emoji that somebody holds on it, the latest first."""
        ...

    async def claim(self, target: RoomId) -> Claim | None:
        """Take the room's next delivery with a new fence; None when none is in line, or the first one has to wait. For
        a thread that is still to be made: that of the first of all that are to be made in the same room."""
        ...

    async def find(self, delivery: DeliveryId) -> DeliveryWithReceipts | None: ...

    async def of_message(self, message: MessageId) -> Sequence[DeliveryWithReceipts]:
        """Every delivery of one message that no other replaces, with their receipts."""
        ...

    async def wake(self, delivery: DeliveryId, prepared: Sequence[PreparedPart] | None) -> bool:
        """Preparing went on beside the jobs and has ended; None: it failed. Store what it left, and let the delivery
        have its turn now. False when it does not wait for that any more."""
        ...

    async def retry_late_first(self, delivery: Delivery, prepared: Sequence[PreparedPart]) -> bool:
        """Files can be fetched again: store what was prepared, and let those that stepped aside before it have a try
        before it goes. False when there are none, and nothing is stored then."""
        ...

    async def postpone(
        self,
        delivery: DeliveryId,
        fence: Fence,
        *,
        wait: timedelta,
        reason: str,
        code: str,
        remedy: Remedy,
        counts: bool,
        is_late: bool,
    ) -> bool:
        """Surely not sent: not to be tried again before ``wait`` is over. An intent is taken back, what was prepared
        stays. ``counts``: it was one of the tries that end some day. ``is_late``: it steps aside until it is prepared.

        Where its message is gone meanwhile, the delivery is cancelled instead.
        """
        ...

    async def mark_sending(self, delivery: DeliveryId, fence: Fence, prepared: Sequence[PreparedPart]) -> bool:
        """Store "about to send" and what was prepared."""
        ...

    async def search_later(
        self, delivery: DeliveryId, fence: Fence, *, wait: timedelta, reason: str, code: str
    ) -> None:
        """Perhaps sent: look for it again after ``wait``. Until then it keeps its place in the room."""
        ...

    async def record(self, delivery: DeliveryId, sent: Sent, *, poll: bool) -> bool:
        """Store the message's id and its first receipt. A fact needs no fence; False when that message already belongs
        to another delivery. ``poll``: ask for its status if no receipt comes."""
        ...

    async def close(
        self, delivery: DeliveryId, fence: Fence, state: DeliveryState, *, reason: str, code: str, remedy: Remedy
    ) -> bool: ...

    async def approve(self, delivery: DeliveryId, decision: Decision, *, by: PersonId) -> bool:
        """A person approved it: it is in line from now on, or from the hour of this decision on. False when it did not
        wait for an approval any more."""
        ...

    async def reschedule(self, delivery: DeliveryId, decision: Decision, *, by: PersonId) -> bool:
        """A person gave it this hour, or none. False when it was not held any more."""
        ...

    async def dismiss(self, delivery: DeliveryId, *, by: PersonId) -> bool:
        """A person cancelled it. False when it was not held any more."""
        ...

    async def withdraw(self, message: MessageId, rooms: Sequence[RoomId], kept: Sequence[str]) -> Sequence[PersonId]:
        """The message was deleted, or only the parts with the ``kept`` keys are left: drop the others where they have
        not been sent, where they are being sent just now as soon as it turns out that they surely were not, and where
        they come later. A delivery without parts is cancelled. Gives who had sent some of it, the first time."""
        ...

    async def retry_rooms(self, rooms: Sequence[RoomId]) -> None:
        """These can be sent into again: what waits for them, and for the threads of conversations in them, is in line
        at once."""
        ...

    async def save_temporary_url(self, delivery: DeliveryId, token: str, valid_for: timedelta) -> None:
        """Let the holder of this token fetch the part for that long."""
        ...

    async def by_temporary_url(self, token: str) -> Delivery | None:
        """The unfinished delivery whose part this token opens now."""
        ...

    async def mark_fetched(self, delivery: DeliveryId) -> None:
        """The target fetched the part: evidence that it got our request."""
        ...


class ReactionStore(Protocol):
    """Knows who holds which reaction."""

    async def held_reactions(self, messages: Sequence[MessageId]) -> Sequence[HeldReaction]: ...


@dataclass(frozen=True)
class Overdue:
    """A delivery whose receipt did not come in time, and how often it was polled."""

    told: DeliveryWithReceipts
    polls: int


class ReceiptStore(Protocol):
    """Keeps receipts, and knows which are overdue."""

    async def add(self, receipts: Sequence[Receipt]) -> None:
        """Commit receipts with the refreshes they cause; a known id changes nothing."""
        ...

    async def overdue(self, limit: int) -> Sequence[Overdue]:
        """Deliveries due for a poll. They are nobody else's for a minute."""
        ...

    async def polled(self, delivery: DeliveryId, next_poll_in: timedelta | None) -> None: ...


class NoticeStore(Protocol):
    """Keeps notices."""

    async def begin_refresh(self, notice: NoticeId) -> Notice | None:
        """The notice with all it has to show; what changes from now on requests another refresh. None for one that is
        not known, or was put off and is not due yet.

        One that is not known to be posted is stored as being posted since now; ``posting_since`` of what is given is
        since when earlier refreshes may have posted it.
        """
        ...

    async def posted(self, notice: Notice, message: MessageId | None, shown: str) -> MessageId | None:
        """It shows this; without a message, by marks alone. Gives the message it stands as: not ours when another
        process posted it before.

        Where another has begun a later refresh meanwhile, what shows now may be old, and one more is requested.
        """
        ...

    async def not_posted(self, notice: Notice) -> None:
        """This refresh has surely not posted it: the next one need not look for that."""
        ...

    async def postpone_refresh(self, notice: NoticeId, wait: timedelta) -> None:
        """This refresh could not be done: another one is due after ``wait``."""
        ...

    async def alerted(self, delivery: DeliveryId, status: str) -> None:
        """The sender was notified of this status."""
        ...


class PeopleStore(Protocol):
    """Keeps who the people at the other end are: handles and names stand here and nowhere else."""

    async def save_handle(self, person: PersonId, handle: str) -> None: ...

    async def save_card(self, person: PersonId, handle: str, name: str, photo_url: str = "") -> None:
        """They shared a contact card."""
        ...

    async def names(self, persons: Collection[PersonId]) -> Mapping[PersonId, str]:
        """The names that these people's contact cards give, as far as they have shared one."""
        ...

    async def author(self, person: PersonId, room: RoomId) -> Author | None:
        """The name to show them under: of their contact card, else of the link to this room if they are its only
        contact, else their handle."""
        ...
