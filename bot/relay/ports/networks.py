"""What the relay asks of a network and of the audio package: one small Protocol for each need.

A network offers the ports it has; ``Network`` lists them. Every method may raise the three errors of ``errors`` and
nothing else, unless it says so. What the relay asks of the store stands in ``stores``.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from bot.relay.ids import DeliveryId, MediaRef, MessageId, PersonId, RoomId, network_of
from bot.relay.model import (
    AudioInfo,
    Author,
    Delivery,
    DeliveryWithReceipts,
    Mark,
    Message,
    Notice,
    Receipt,
    Rendered,
    Sent,
)
from bot.relay.parts import Media, Voice
from bot.relay.rooms import Conversation, LineInfo, Membership, RoomInfo


class Download(Protocol):
    """An open download. ``size_bytes`` is what the sender promises now (None: unknown); chunks come as they arrive."""

    @property
    def size_bytes(self) -> int | None: ...

    def chunks(self) -> AsyncIterator[bytes]: ...


class MediaSource(Protocol):
    """Hands out the media of its own messages."""

    def open(self, part: Voice | Media) -> AbstractAsyncContextManager[Download]:
        """Open the part's bytes. A stale address is renewed once before giving up."""
        ...


@dataclass(frozen=True)
class Upload:
    """Media that a network is ready to take. Adapters derive from it to say where the bytes go."""

    media: MediaRef
    content_type: str
    size_bytes: int


class MediaStore(Protocol):
    """Takes media before the message that carries it is sent."""

    async def create_upload(self, name: str, content_type: str, size_bytes: int) -> Upload: ...

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None: ...


class Settlement(Enum):
    """How a send whose answer was lost is settled. A property of the target and of what is sent."""

    REPEAT = auto()  # send the same again under the same key: the target recognises it
    FIND_OR_REPEAT = auto()  # look for it; what is not listed after a while was not sent
    FIND_OR_ASK = auto()  # look for it; not finding it proves nothing, so a person decides


@dataclass(frozen=True)
class Outgoing:
    """All that a send needs, with every id in the target's network.

    - ``url``: the temporary address of the recording, where it was not uploaded.
    - ``about``: the message replied to, reacted to, or edited; ``thread``: the thread it stands in or begins.
    - ``author``: whose message it is, where the target shows that.
    - ``held``: after a reaction changed, all that are still held on the message, the latest first.
    - ``conversation``: the one whose thread is the target; its root is still to be made where it has none.
    - ``require_fresh``: raises RetryLater when the process slept since it stored that it would send, and others may
      have looked for the message in vain meanwhile. A sender calls it right before the effect.
    """

    delivery: Delivery
    url: str = ""
    about: MessageId | None = None
    thread: RoomId | None = None
    author: Author | None = None
    held: tuple[str, ...] = ()
    conversation: Conversation | None = None
    require_fresh: Callable[[], None] = lambda: None


class Sender(Protocol):
    """Puts messages into a room of its network; reacts to them and edits them, as far as the network can.

    ``send`` looks at the parts: one ``Reaction`` or ``Edit`` changes the message it is about, everything else becomes
    one message. Doing a reaction or an edit twice does no harm.
    """

    def settlement(self, delivery: Delivery) -> Settlement: ...

    async def send(self, outgoing: Outgoing) -> Sent:
        """The one act that must not be repeated. OutcomeUnknown when it may have been done."""
        ...

    async def find(self, delivery: Delivery, *, thread: RoomId | None = None) -> Sent | None:
        """The message that an unanswered send of this delivery left in the target, if the network lists one.
        ``thread``: where a reply would stand."""
        ...


class StatusPoll(Protocol):
    """Answers what became of a message that we sent, where no receipt came by itself."""

    async def poll(self, message: MessageId) -> Receipt | None:
        """What the network says of it now; None when it does not know it."""
        ...


class StatusBoard(Protocol):
    """Keeps one message up to date where a source stands."""

    def render(self, notice: Notice) -> Rendered: ...

    async def wait_turn(self, notice: Notice, *, is_final: bool) -> bool:
        """Wait until the network's rate limit lets this notice be edited; final states go first, rooms take turns.

        Gives whether there was a wait: then what it shows should be read again.
        """
        ...

    async def post(self, notice: Notice, rendered: Rendered) -> MessageId:
        """Post it once. OutcomeUnknown when the post may have been taken after all."""
        ...

    async def update(self, notice: Notice, rendered: Rendered) -> None: ...

    async def find(self, notice: Notice) -> Sequence[MessageId]:
        """Every message under which a post, answered or not, left this notice; the oldest first."""
        ...

    async def remove(self, notice: Notice, message: MessageId) -> None:
        """Delete a second notice that should not be there."""
        ...

    async def mark(self, notice: Notice, marks: frozenset[Mark]) -> None:
        """Put exactly these marks of ours on the source message."""
        ...

    async def alert(self, notice: Notice, delivery: DeliveryWithReceipts) -> None:
        """Notify the sender of a failure: an edit notifies nobody."""
        ...


class Directory(Protocol):
    """Who is this, and what may they do."""

    async def is_admin(self, person: PersonId) -> bool:
        """Whether the network calls this person an admin of the workspace."""
        ...

    async def membership(self, person: PersonId) -> Membership: ...

    async def is_in_group(self, person: PersonId, group: str) -> bool:
        """Whether ``group`` is a group, and this person is in it: a list of senders names people, too."""
        ...


@dataclass(frozen=True)
class HistoryPage:
    """A part of a room's history, as far as one call gave it.

    ``messages``: what events would have told, in any order; to be told twice does no harm. ``cursor`` leads on to what
    is older, "" when all since the given time was read. ``reactions_of``: every reaction that the peer held on these
    messages at ``read_at`` is among ``messages``, so what else is known of them was taken off.
    """

    messages: Sequence[Message]
    cursor: str = ""
    reactions_of: frozenset[MessageId] = frozenset()
    read_at: datetime | None = None


class History(Protocol):
    """Reads what was said in a room, for what no event told."""

    async def read(self, room: RoomId, since: datetime, cursor: str = "") -> HistoryPage:
        """One call's worth, the newest first; threads with newer replies are part of their room. RetryLater when the
        network's rate limit is used up for now."""
        ...


class DeletionCheck(Protocol):
    """Tells what is left of a message, for a network in which people can delete."""

    async def surviving_parts(self, message: MessageId) -> Sequence[str]:
        """The keys of the parts that are still there; none when the message is gone."""
        ...


class ThreadBoard(Protocol):
    """Makes a thread for each conversation of an inbox; its root shows how the conversation stands."""

    def new_thread(self, room: RoomId, key: str) -> RoomId:
        """A thread in this room that is still to be made: what is sent into it first becomes its root. ``Sent.thread``
        is its name from then on."""
        ...

    async def show(self, conversation: Conversation) -> None:
        """Edit the root. Where it was deleted there is nothing to be done."""
        ...


class Blocking(Protocol):
    """Keeps a contact from writing to us at all."""

    async def block(self, room: RoomId) -> None: ...

    async def unblock(self, room: RoomId) -> None: ...


class RoomFinder(Protocol):
    """Finds the rooms that a person may mean."""

    def person(self, handle: str) -> PersonId:
        """Whose handle it is, however it is written."""
        ...

    async def room(self, room: RoomId) -> RoomInfo: ...

    async def find_rooms(self, query: str) -> Sequence[RoomInfo]:
        """The rooms meant by an id or a handle, never none: Refused says what to write instead."""
        ...

    async def search_rooms(self, typed: str) -> Sequence[RoomInfo]:
        """The rooms whose name or people hold what was typed, maybe none; those that were active last come first."""
        ...

    async def find_line(self, query: str) -> LineInfo:
        """Our own number that is meant, or all of them, with how many chats it has. Refused names those there are."""
        ...


class RoomOpener(Protocol):
    """Opens a room with somebody with whom there is none yet."""

    async def lines(self) -> Sequence[LineInfo]: ...

    async def open_room(self, line: RoomId, handle: str, text: str, *, key: DeliveryId) -> tuple[RoomInfo, Sent]:
        """Send the text from that line, and give the room that it opens. Under the same key it is sent once."""
        ...


@dataclass(frozen=True)
class AudioFile:
    """A file that the target takes: the recording itself, or a converted copy."""

    path: Path
    content_type: str
    extension: str
    size_bytes: int
    info: AudioInfo


class FileConverter(Protocol):
    """Makes other files fit for one network."""

    async def convert(self, path: Path, part: Media, copy: Path) -> "Sequence[PlainFile]":
        """What to upload: the file itself, a copy of it, or both. Refused says why it cannot be carried."""
        ...


@dataclass(frozen=True)
class PlainFile:
    """A file that the target takes, under the name that it is to have there. ``audio``: it is a recording after all."""

    path: Path
    name: str
    content_type: str
    size_bytes: int
    audio: AudioInfo | None = None


class AudioConverter(Protocol):
    """Makes recordings fit for one network."""

    def declare(self, head: bytes, name: str) -> tuple[str, str] | None:
        """Content type and extension for a recording that begins so and may pass unchanged; None: not as it is."""
        ...

    async def convert(self, path: Path, target: Path) -> AudioFile:
        """Decode all of it; write a copy to ``target`` where the network would not take it. Refused says why not."""
        ...


@dataclass(frozen=True)
class Network:
    """The ports of one network. What a network lacks is None, and the relay does without it.

    ``voice_alone``: it shows a recording as a message of its own. ``names_refused``: a part that it cannot take is
    named in the message, which goes without it. ``single_reaction``: a person holds at most one reaction on a message,
    so a new one takes the place of the former. ``shows_reaction``: whether it can show this emoji as one.
    """

    name: str
    voice_alone: bool = False
    names_refused: bool = False
    single_reaction: bool = False
    shows_reaction: Callable[[str], bool] = lambda emoji: True
    source: MediaSource | None = None
    media: MediaStore | None = None
    audio: AudioConverter | None = None
    files: FileConverter | None = None
    sender: Sender | None = None
    status: StatusPoll | None = None
    board: StatusBoard | None = None
    directory: Directory | None = None
    history: History | None = None
    deletions: DeletionCheck | None = None
    threads: ThreadBoard | None = None
    blocking: Blocking | None = None


class Networks:
    """Every network by its name."""

    def __init__(self, *networks: Network) -> None:
        self._networks = {network.name: network for network in networks}
        self.names = tuple(self._networks)

    def of(self, opaque_id: str) -> Network:
        """The network that made this id. KeyError: nobody did, which is a bug."""
        return self._networks[network_of(opaque_id)]
