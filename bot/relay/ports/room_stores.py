"""What the relay asks of the store about rooms: links, conversations, and how far a room's history is known.

Every method may raise ``RetryLater`` when the database cannot be reached, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.relay.ids import MessageId, PersonId, RoomId
from bot.relay.model import Delivery, Message
from bot.relay.rooms import Conversation, Link, RoomHealth, UnheardRoom


@dataclass(frozen=True)
class HistoryMark:
    """Up to where a room's history is known to have been told. ``cursor``: where an unfinished pass goes on. By
    ``pass_began`` a pass that a new gap has interrupted is known, and nothing of it is stored any more."""

    room: RoomId
    read_up_to: datetime
    pass_began: datetime
    cursor: str
    has_gap: bool


class MarkStore(Protocol):
    """Keeps the marks of linked rooms."""

    async def open_gaps(self) -> None:
        """Every linked room has a gap; one without a mark gets one, from which on it is read. A pass that is under way
        begins again."""
        ...

    async def open_gap(self, rooms: Sequence[RoomId]) -> None:
        """The same for those of these rooms that have a mark."""
        ...

    async def lease(self, interval: timedelta, network: str = "") -> HistoryMark | None:
        """The room that needs reading most, of this network alone if one is named; nobody else's for ten seconds. Those
        with a gap come first, of them those that have something to send, each in turn; then those that were not read
        for ``interval``."""
        ...

    async def save_cursor(self, mark: HistoryMark, cursor: str) -> None:
        """A part of the pass was read."""
        ...

    async def finish_pass(self, mark: HistoryMark) -> None:
        """All up to the beginning of this pass is known. What the room has to send may go."""
        ...

    async def postpone_pass(self, mark: HistoryMark, wait: timedelta) -> None: ...

    async def open_sources(self, room: RoomId) -> Sequence[MessageId]:
        """The messages in this room that were accepted before its gap, and whose parts have not been sent yet."""
        ...


class ConversationStore(Protocol):
    """Keeps the conversations of inboxes, and which chats nobody listens to."""

    async def go_on(self, message: Message, inbox: RoomId | None, new_room: RoomId | None) -> None:
        """The chat of this message has a conversation from now on, open, if it is to have one: the one it has, unless
        that was closed more than a day before; else a new one in ``inbox``, as the thread ``new_room``.
        A message that was accepted before, and is told again, changes nothing."""
        ...

    async def of(self, room: RoomId) -> Conversation | None:
        """The conversation in this thread, also one that has ended."""
        ...

    async def move_root(self, conversation: Conversation, inbox: RoomId, new_room: RoomId) -> None:
        """Its root, or its channel, is gone: it goes on in a new thread, with all that was not sent yet."""
        ...

    async def due(self, room: RoomId) -> Conversation | None:
        """The conversation in this thread, if its root is to be edited now."""
        ...

    async def shown(self, conversation: Conversation) -> None:
        """Its root shows this. What has changed meanwhile is shown in a while."""
        ...

    async def postpone(self, conversation: Conversation, wait: timedelta) -> None:
        """Its root could not be edited: again after ``wait``."""
        ...

    async def take(self, room: RoomId, by: PersonId) -> PersonId | None:
        """Whose it is now: theirs, or whose it was already. None: there is no such conversation."""
        ...

    async def release(self, room: RoomId) -> None: ...

    async def close(self, room: RoomId) -> None: ...

    async def reopen(self, room: RoomId) -> None: ...

    async def set_blocked(self, peer: RoomId, *, is_blocked: bool) -> None: ...

    async def move(self, conversation: Conversation, link: Link, line: Delivery) -> bool:
        """End it, make this link of its chat, and let ``line`` be its last; together. False: it has ended already.
        RetryLater while something is being sent into its thread."""
        ...

    async def is_beginning(self, inbox: RoomId | None = None) -> bool:
        """Whether the root of a conversation (of this inbox) is being posted, or may have been."""
        ...

    async def is_news(self, message: MessageId) -> bool:
        """Whether this message, which goes nowhere, is told for the first time."""
        ...

    async def note_unheard(self, message: Message) -> None:
        """Count a message that nobody listens to."""
        ...

    async def unheard(self) -> Sequence[UnheardRoom]: ...


class LinkStore(Protocol):
    """Keeps links."""

    async def of(self, rooms: Sequence[RoomId]) -> Sequence[Link]:
        """The links of a message that belongs to these rooms, the most particular first: one for a room of the team,
        every one that leads here for a peer."""
        ...

    async def save(self, link: Link) -> None: ...

    async def learn(self, peer: RoomId, *, key: str, is_group: bool, line: RoomId | None) -> None:
        """What was said by this peer told its key ("": it has none), whether it is a group, and the line that holds
        it."""
        ...

    async def learn_health(self, peer: RoomId, health: RoomHealth, at: datetime) -> None:
        """The peer stands like this since then; an older fact changes nothing."""
        ...

    async def follow(self, key: str, peer: RoomId) -> bool:
        """The peer with this key goes on under this id: its links and their marks follow. Whether there were any."""
        ...

    async def remove(self, room: RoomId) -> Link | None: ...

    async def all(self) -> Sequence[Link]: ...

    async def count_open(self, target: RoomId) -> int:
        """How many deliveries are still on their way into that room."""
        ...
