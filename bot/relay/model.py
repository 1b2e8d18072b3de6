"""The words of the relay as plain values. No payload of Slack or Linq, no SQL and no SDK type may come in here.

Times are aware UTC datetimes; sizes are bytes; durations are seconds. A *notice id* names the one notice of one Slack
message (or of one command, which has no message).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import NewType
from urllib.parse import unquote, urlsplit

ChannelId = NewType("ChannelId", str)
ChatId = NewType("ChatId", str)
DeliveryId = NewType("DeliveryId", str)
MemoId = NewType("MemoId", str)
AttachmentId = NewType("AttachmentId", str)
NoticeId = NewType("NoticeId", str)
UserId = NewType("UserId", str)
Fence = NewType("Fence", int)


class DeliveryState(StrEnum):
    """How far our own hands have come with a delivery."""

    WAITING = "waiting"
    PREPARED = "prepared"
    SENDING = "sending"  # about to send: perhaps done, so look before acting again
    RECORDED = "recorded"  # Linq took it and its memo id is known
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({DeliveryState.WAITING, DeliveryState.PREPARED, DeliveryState.SENDING})


class Status(StrEnum):
    """What the thread says of a delivery: one word, exactly as shown."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


NEEDS_ATTENTION = (Status.FAILED, Status.UNCONFIRMED)
"""A person has to see to it: it is said aloud, and may be sent again."""


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


@dataclass(frozen=True)
class Link:
    """A Slack channel joined to an iMessage chat. ``label`` says who is in the chat, for people."""

    channel: ChannelId
    chat: ChatId
    label: str = ""
    made_by: str = ""
    made_at: datetime | None = field(default=None, compare=False)  # once it is stored


@dataclass(frozen=True)
class Chat:
    """An iMessage chat as a person choosing it needs to see it."""

    id: ChatId
    people: tuple[str, ...]
    is_group: bool = False
    service: str = ""
    name: str = ""


@dataclass(frozen=True)
class Clip:
    """Audio shared in a linked channel, as Slack labels it: name, size and type may be wrong or empty.

    ``url`` is Slack's private download address and goes stale; ``given_url`` is an https address a person named instead
    of a file, and Linq fetches that one itself.
    """

    file_id: str
    name: str
    url: str = ""
    size_bytes: int = 0
    mimetype: str = ""
    given_url: str = ""


@dataclass(frozen=True)
class Post:
    """Where in Slack a delivery came from. ``root_ts`` is the thread its notice belongs to ("": the channel itself)."""

    team: str
    channel: ChannelId
    message_ts: str
    root_ts: str
    user: UserId


@dataclass(frozen=True)
class Share:
    """What a person asked for with one gesture: the clips of one message (or one given url).

    ``trigger`` is empty for a drop, where the message itself is the cause; a command or shortcut has one of its own, so
    that asking twice is two wishes. ``twin`` is Slack's ``client_msg_id``, if there was one.
    """

    post: Post
    clips: tuple[Clip, ...]
    asked_at: float
    trigger: str = ""
    twin: str = ""


@dataclass(frozen=True)
class AudioInfo:
    """What decoding told about a clip. ``converted_from`` is what it was, for people ("": passed as it is);
    ``waveform`` holds at most 24 levels from 0 to 7."""

    duration_s: float
    converted_from: str = ""
    is_sound_of_video: bool = False
    waveform: tuple[int, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """One clip on its way into one chat.

    ``chat`` is empty until it is accepted: a drop goes where its channel is linked at that moment. ``twin`` is a second
    name for the same cause where Slack has one (its ``client_msg_id`` with the file): a row with either name taken is
    the same delivery. ``asked_at`` and ``position`` order the deliveries of a chat.
    """

    id: DeliveryId
    post: Post
    clip: Clip
    asked_at: float  # seconds since 1970: the message's ts, or when a person asked
    chat: ChatId = ChatId("")
    position: int = 0  # place among the files of one message
    twin: str = ""
    replaces: DeliveryId | None = None  # the delivery that a person chose to send again
    step: DeliveryState = DeliveryState.WAITING
    fence: Fence = Fence(0)
    attempts: int = 0
    accepted_at: datetime | None = None
    sending_since: datetime | None = None
    due_at: datetime | None = None  # not to be tried before; None: now
    attachment: AttachmentId | None = None
    sound: AudioInfo | None = None
    memo: MemoId | None = None
    trace_id: str = ""
    fetched_at: datetime | None = None  # when Linq fetched the lent url of this delivery, if it did
    reason: str = ""
    code: str = ""

    @property
    def notice(self) -> NoticeId:
        return notice_id(self.post.channel, self.post.message_ts or self.id)

    @property
    def lent_name(self) -> str:
        """The file name under which a lent or given url shows up at Linq: unique where we can choose it."""
        if self.clip.given_url:
            return unquote(PurePosixPath(urlsplit(self.clip.given_url).path).name)
        name = PurePosixPath(self.clip.name)
        return f"{name.stem or 'memo'}-{self.id[:6]}{name.suffix}"


@dataclass(frozen=True)
class Receipt:
    """One dated fact from Linq about a memo (or from a person, about a delivery that nobody could confirm).

    ``id`` is the webhook's id, so a repeat is the same receipt. ``attachments`` are the memo's parts: with them a
    receipt finds its delivery even when our own send never got its answer.
    """

    id: str
    kind: ReceiptKind
    at: datetime
    memo: MemoId | None = None
    attachments: tuple[AttachmentId, ...] = ()
    delivery: DeliveryId | None = None
    trace_id: str = ""
    service: str = ""
    is_group: bool = False
    reason: str = ""
    code: str = ""


@dataclass(frozen=True)
class Memo:
    """A voice memo as Linq has it."""

    id: MemoId
    attachments: tuple[AttachmentId, ...] = ()
    trace_id: str = ""
    receipt: Receipt | None = None


@dataclass(frozen=True)
class DeliveryWithReceipts:
    """A delivery and its receipts: all that a notice is made from."""

    delivery: Delivery
    receipts: tuple[Receipt, ...] = ()


@dataclass(frozen=True)
class Notice:
    """The one message kept up to date in the thread.

    ``ts`` is None until it is known to stand in Slack; ``posting_since`` is set before the first post, so that
    whoever meets it without a ``ts`` looks before posting, and whoever meets both, for a second one. ``shown`` is the
    text it last showed. ``turn`` tells an old notice in the hands of a process that was frozen from what others have
    shown since.
    """

    id: NoticeId
    channel: ChannelId
    root_ts: str
    ts: str | None = None
    posting_since: datetime | None = None
    shown: str = ""
    turn: int = 0
    told: tuple[DeliveryWithReceipts, ...] = field(default=())
    alarmed: frozenset[DeliveryId] = frozenset()  # failures that were also said aloud


@dataclass(frozen=True)
class SendNext:
    """An errand for the engine: the oldest open delivery of this chat is due."""

    chat: ChatId


@dataclass(frozen=True)
class RefreshNotice:
    """An errand for the engine: this notice no longer shows the truth."""

    notice: NoticeId


RelayJob = SendNext | RefreshNotice


def delivery_id(*cause: str) -> DeliveryId:
    """The id is the cause: the same parts give the same id, on every machine and after every restart."""
    digest = hashlib.sha256("\x1f".join(cause).encode("utf-8", "surrogatepass")).hexdigest()
    return DeliveryId(digest[:20])


def notice_id(channel: ChannelId, message: str) -> NoticeId:
    return NoticeId(f"{channel}:{message}")
