"""The objects of a Linq account: lines, chats with their handles, attachments, messages, subscriptions."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as checked_dataclass

from bot.sandbox.json_types import Json

Service = Literal["iMessage", "SMS", "RCS"]
Health = Literal["HEALTHY", "AT_RISK", "CRITICAL"]
LineStatus = Literal["ACTIVE", "FLAGGED"]
ChatCondition = Literal["ready", "creating", "left"]
DeliveryStep = Literal["sent", "delivered", "read", "failed"]
DeliveryStatus = Literal["queued", "sent", "delivered", "read", "failed", "received"]
Tapback = Literal["love", "like", "dislike", "laugh", "emphasize", "question", "custom"]
HandleStatus = Literal["active", "left", "removed"]


@dataclass
class Line:
    """One phone number of the partner, E.164."""

    id: str
    number: str
    status: LineStatus = "ACTIVE"
    reputation: Health = "HEALTHY"


@dataclass
class Handle:
    """One participant of one chat; ``address`` is E.164 or an e-mail address."""

    id: str
    address: str
    service: Service
    joined_at: datetime
    is_me: bool = False
    status: HandleStatus = "active"
    left_at: datetime | None = None


@dataclass
class Chat:
    """``me`` is the partner's line in this chat; ``people`` is everybody else who is or was in it.

    ``is_marked_opted_out`` is what the health status shows; the block itself is the account's. ``has_texted``: somebody
    else has written in it.
    """

    id: str
    me: Handle
    people: list[Handle]
    service: Service
    is_group: bool
    created_at: datetime
    updated_at: datetime
    condition: ChatCondition = "ready"
    display_name: str | None = None
    health: Health = "HEALTHY"
    health_updated_at: datetime | None = None
    has_texted: bool = False
    is_marked_opted_out: bool = False

    @property
    def handles(self) -> list[Handle]:
        return [self.me, *self.people]

    @property
    def members(self) -> list[Handle]:
        """Everybody else who is in the chat now."""
        return [person for person in self.people if person.status == "active"]

    @property
    def addresses(self) -> list[str]:
        return [person.address for person in self.members]


@dataclass(frozen=True)
class StoredBytes:
    """The bytes of an attachment as they arrived, at monotonic second ``at``; ``body`` only where it was to be kept."""

    size_bytes: int
    sha256: str
    head: bytes
    at: float
    body: bytes | None = None


@dataclass
class Attachment:
    """A file. ``expires`` is the monotonic second at which its upload address ends; ``signature`` is part of it.

    ``is_deleted`` leaves the messages that hold it with a part without reference.
    """

    id: str
    filename: str
    content_type: str
    size_bytes: int
    created_at: datetime
    expires: float
    signature: str
    stored: StoredBytes | None = None
    is_deleted: bool = False


@dataclass
class Reaction:
    """One person's tapback on one part of a message."""

    id: str
    person: Handle
    type: Tapback
    custom_emoji: str | None = None


@dataclass
class Part:
    """One part of a message: a text, a link, a media file, or ``raw`` JSON of a kind that nobody knows.

    ``part_id`` overrides the id a media part is shown under; ``mime_type`` overrides its type, "" stands for none.
    """

    type: Literal["text", "link", "media", "raw"]
    value: str = ""
    decorations: list[Json] = field(default_factory=list)
    mentions: list[Json] = field(default_factory=list)
    media: Attachment | None = None
    part_id: str = ""
    mime_type: str | None = None
    raw: Json = field(default_factory=dict)
    reactions: list[Reaction] = field(default_factory=list)


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Failure:
    """How a send will fail. Linq's 4001 has two reasons: "Message send failed" never left the line, "Message delivery
    failed. Please retry the message." did (``after_sent``) and may yet arrive (``then_delivered``)."""

    code: int = 4001
    reason: str = "Message send failed"
    detail_code: int | None = None
    after_sent: bool = False
    then_delivered: bool = False


@dataclass(frozen=True)
class ReplyTo:
    """The message, and the part of it, that a message answers."""

    message_id: str
    part_index: int = 0


@dataclass
class Message:
    """One message of a chat, theirs or ours.

    ``edits`` counts them; ``looks`` counts the lists that might have shown it; ``accepted`` is a monotonic second.
    """

    id: str
    chat_id: str
    sender: Handle
    service: Service
    created_at: datetime
    trace_id: str
    status: DeliveryStatus
    parts: list[Part] = field(default_factory=list)
    is_voice_memo: bool = False
    reply_to: ReplyTo | None = None
    effect: Json | None = None
    preferred_service: Service | None = None
    idempotency_key: str | None = None
    override_optout: bool = False
    failure: Failure | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    edited_at: datetime | None = None
    reconciled_at: datetime | None = None
    edits: int = 0
    looks: int = 0
    accepted: float = 0.0

    @property
    def text(self) -> str:
        """The words of all its text and link parts."""
        return "\n".join(part.value for part in self.parts if part.type in ("text", "link"))

    @property
    def media(self) -> list[Attachment]:
        return [part.media for part in self.parts if part.media]


@dataclass
class Subscription:
    """Where webhooks go. ``secret`` signs them and is shown once."""

    id: str
    target_url: str
    events: list[str]
    secret: str
    created_at: datetime
    updated_at: datetime
    phone_numbers: list[str] | None = None
    is_active: bool = True
    routing_key_header: str | None = None
    routing_id_header: str | None = None


@dataclass(frozen=True)
class BlockedHandle:
    handle: str
    reason: str | None
    blocked_at: datetime


@dataclass(frozen=True)
class Memo:
    """A voice memo of ours as it is now. ``body`` is None unless the switches keep bytes; times are UTC."""

    id: str
    chat_id: str
    attachment_id: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    status: DeliveryStatus
    service: Service
    trace_id: str
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    override_optout: bool
    body: bytes | None = field(default=None, repr=False)


def stable_id(*names: str) -> str:
    """Return the same UUID for the same names, on every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("linq", *names))))
