"""The words of the relay as plain values. No payload of a network, no SQL and no SDK type may come in here.

Times are aware UTC datetimes; sizes are bytes; durations are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from bot.relay.errors import Remedy
from bot.relay.ids import DeliveryId, Fence, MediaRef, MessageId, NoticeId, PersonId, RoomId
from bot.relay.parts import Media, Part, Text, Voice


class DeliveryState(StrEnum):
    """How far our own hands have come with a delivery."""

    WAITING = "waiting"
    PREPARED = "prepared"
    SENDING = "sending"  # about to send: perhaps done, so reconcile before acting again
    RECORDED = "recorded"  # the target took it, and its message id there is known
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({DeliveryState.WAITING, DeliveryState.PREPARED, DeliveryState.SENDING})


class Status(StrEnum):
    """What people see of a delivery: one word, exactly as shown."""

    QUEUED = "queued"
    HELD = "held"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


class HeldFor(StrEnum):
    """Why a delivery was held, also once it is no longer."""

    NOTHING = ""
    APPROVAL = "approval"  # the link asks for one
    LATE = "late"  # found too late to be sent unasked
    QUIET = "quiet"  # quiet hours of the link
    HOUR = "hour"  # that a person chose


NEEDS_ATTENTION = (Status.FAILED, Status.UNCONFIRMED)
"""A person has to act: the sender is notified, and it may be sent again."""


class ReceiptKind(StrEnum):
    """What one receipt says. The order is the rank: a later one outweighs all before it."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"

    @property
    def rank(self) -> int:
        return list(ReceiptKind).index(self)


class ReceiptSource(StrEnum):
    """How we learnt of a receipt."""

    SEND = "send"  # in the answer to our own call
    WEBHOOK = "webhook"
    POLL = "poll"  # we asked
    PERSON = "person"  # somebody confirmed what nobody else could


@dataclass(frozen=True)
class Message:
    """What somebody said or did in a room.

    ``id`` is the network's id of it; a reaction, an edit or an announcement has one of its own. ``room_key`` stays the
    same when the room goes on under another id, "" where nothing does. ``within`` are rooms that hold this one, the
    narrowest first, as a line holds its chats; ``line`` is our own number there, as people read it.
    ``room`` is where it stands, ``thread`` the thread in that room, if it stands in one. ``notice_room`` is where its
    notice belongs: mostly the thread that the message begins or stands in. ``dedup_key`` is another name of the
    message, where its network may tell of it twice under different ids. ``command`` names the explicit act (a
    command, a shortcut) that asked for these parts, so that asking twice sends twice; it is empty where the message
    itself is the cause, and the message's own id where its writer made it such an act (by a mention of the bot).
    """

    id: MessageId
    room: RoomId
    sender: PersonId
    sent_at: datetime
    parts: tuple[Part, ...]
    thread: RoomId | None = None
    notice_room: RoomId | None = None
    about: MessageId | None = None  # the message replied to, reacted to, or edited
    dedup_key: str = ""
    command: str = ""
    send_at: datetime | None = None  # the hour that a person chose for it
    is_internal: bool = False  # its writer said that it is meant for colleagues
    is_ours: bool = False  # our own side said it, though not through us as far as its network knows
    sender_handle: str = ""  # as the network knows them, a number or an address; kept with people, nowhere else
    room_key: str = ""
    is_in_group: bool = False  # more than two people are in the room
    within: tuple[RoomId, ...] = ()
    line: str = ""
    is_room_well: bool = field(default=False, compare=False)  # its network says so; a history may leave it open

    @property
    def rooms(self) -> tuple[RoomId, ...]:
        """The rooms it belongs to, the most particular one first."""
        return ((self.thread,) if self.thread else ()) + (self.room, *self.within)

    @property
    def says_something(self) -> bool:
        """Whether somebody wants to be heard: no reaction, no edit, no news about the room."""
        return any(isinstance(part, Voice | Media | Text) for part in self.parts)


@dataclass(frozen=True)
class Author:
    """Whose message it is, for a network that shows it under a name. ``photo_url`` is "" where none is known."""

    name: str
    photo_url: str = ""


@dataclass(frozen=True)
class AudioInfo:
    """What was learnt of a recording by decoding it. ``waveform`` holds about 24 levels from 0 to 7."""

    duration_s: float
    converted_from: str = ""
    is_sound_of_video: bool = False
    waveform: tuple[int, ...] = ()


@dataclass(frozen=True)
class PreparedPart:
    """What preparing left of one part: its media at the target, none where it needs none or is fetched by address.

    One file may become several (a picture that not every client shows, and a copy that it does). ``refused``: why this
    part cannot be carried, where the others can.
    """

    media: tuple[MediaRef, ...] = ()
    audio: AudioInfo | None = None
    refused: str = ""


@dataclass(frozen=True)
class Delivery:
    """Parts of one message on their way into another room.

    ``source`` is the message (or the command, which has no message), ``origin`` the linked room it stands in.
    ``ordered_at`` and ``position`` order the deliveries into a target: the time of the message, or when a person asked.
    """

    id: DeliveryId
    source: MessageId
    origin: RoomId
    target: RoomId
    sender: PersonId
    parts: tuple[Part, ...]
    ordered_at: datetime
    position: int = 0
    about: MessageId | None = None  # in the origin's network: the message replied to, reacted to, or edited
    notice_room: RoomId | None = None
    dedup_key: str | None = None
    is_explicit: bool = False  # a person asked for it by an act of its own, so it is not the message itself
    is_broadcast: bool = False  # a reply that is shown beside its thread, too
    replaces: DeliveryId | None = None  # the delivery that a person chose to send again
    state: DeliveryState = DeliveryState.WAITING
    fence: Fence = Fence(0)
    attempts: int = 0
    retry_at: datetime | None = None  # waits, and keeps its place in the room's order
    not_before: datetime | None = None  # not in line yet, blocks nobody
    awaits_approval: bool = False  # the same, until a person decides
    held_for: HeldFor = HeldFor.NOTHING
    decided_by: PersonId | None = None  # who sent what was held, gave it another hour, or cancelled it
    is_late: bool = False  # could not be prepared in time: stepped aside, the room goes on
    accepted_at: datetime | None = None
    sending_since: datetime | None = None
    prepared: tuple[PreparedPart, ...] | None = None
    sent_as: MessageId | None = None
    next_poll_at: datetime | None = None  # when the target is asked for its status; it may report none
    sent_in: RoomId | None = None  # the thread that it was sent into, if it was one
    trace_id: str = ""
    fetched_at: datetime | None = None  # when the target fetched the temporary url of this delivery, if it did
    reason: str = ""
    code: str = ""
    remedy: Remedy = Remedy.NONE

    @property
    def notice(self) -> NoticeId:
        return NoticeId(self.source)

    @property
    def voice(self) -> Voice | None:
        """The recording that it carries, if it carries one."""
        return next((part for part in self.parts if isinstance(part, Voice)), None)

    @property
    def is_public(self) -> bool:
        """Whether the target fetches the recording by itself, from an address that a person named."""
        return self.voice is not None and self.voice.is_public

    @property
    def audio(self) -> AudioInfo | None:
        """What is known of the recording, once it was prepared."""
        return next((part.audio for part in self.prepared or () if part.audio), None)

    @property
    def temporary_name(self) -> str:
        """The file name under which a temporary url shows up at the target: unique where we can choose it."""
        name = PurePosixPath(self.voice.name if self.voice else "")
        return f"{name.stem or 'memo'}-{self.id[:6]}{name.suffix}"


@dataclass(frozen=True)
class Receipt:
    """One dated fact from a network about something we sent (or from a person about what nobody could confirm).

    ``id`` is the network's id of the fact, so a repeat is the same receipt. ``attachments`` are the message's media:
    with them a receipt finds its delivery even when our own send never got its answer. ``is_final``: the network
    reports no more than this for such a room.
    """

    id: str
    kind: ReceiptKind
    at: datetime
    source: ReceiptSource
    message: MessageId | None = None
    attachments: tuple[MediaRef, ...] = ()
    delivery: DeliveryId | None = None
    trace_id: str = ""
    is_final: bool = False
    reason: str = ""
    code: str = ""
    remedy: Remedy = Remedy.NONE
    confirmed_by: PersonId | None = None


@dataclass(frozen=True)
class Sent:
    """A message of ours as the target has it. A reaction or an edit leaves no message of its own."""

    message: MessageId | None
    thread: RoomId | None = None
    trace_id: str = ""
    receipt: Receipt | None = None


@dataclass(frozen=True)
class DeliveryWithReceipts:
    """A delivery and its receipts: all that its status is made from."""

    delivery: Delivery
    receipts: tuple[Receipt, ...] = ()


@dataclass(frozen=True)
class Notice:
    """The one message kept up to date where the source stands.

    ``posted_as`` is None until its id is known; ``posting_since`` is stored before the first post, so that whoever
    meets it without ``posted_as`` looks before posting, and whoever meets both, for a second one. ``shown`` is the
    fingerprint of what it last showed. ``turn`` tells an old notice in the hands of a process that was frozen from what
    others have shown since.
    """

    id: NoticeId
    room: RoomId
    posted_as: MessageId | None = None
    posting_since: datetime | None = None
    shown: str = ""
    turn: int = 0
    deliveries: tuple[DeliveryWithReceipts, ...] = ()
    alerted: Mapping[DeliveryId, str] = field(default_factory=dict)  # the status of which the sender was notified last
    is_source_gone: bool = False  # the message was deleted: nothing new can be posted in its thread
    contact: str = ""  # whose conversation it belongs to, in an inbox; personal


class Mark(StrEnum):
    """A sign on the source message itself, for what has no notice of its own."""

    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True)
class Rendered:
    """What a notice shows now. ``fingerprint`` changes with all that people see or can do; ``body`` is the adapter's.

    ``text`` is empty where there is nothing to post, because ``marks`` on the source say it all; ``marks`` is None for
    a notice that has none.
    """

    text: str
    fingerprint: str
    body: Any = None
    marks: frozenset[Mark] | None = None
