"""What a Linq account is made of: chats with their handles, stored files, messages, subscriptions. No wire comes in."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Service = Literal["iMessage", "SMS", "RCS"]
ChatCondition = Literal["ready", "creating", "left"]
Reached = Literal["sent", "delivered", "read", "failed"]
Status = Literal["queued", "sent", "delivered", "read", "failed", "received"]


@dataclass(frozen=True)
class Line:
    """A phone number of the partner, E.164."""

    id: str
    number: str


@dataclass
class Handle:
    """One participant of one chat; ``address`` is E.164 or an email."""

    id: str
    address: str
    service: Service
    joined_at: datetime
    is_me: bool = False


@dataclass
class Chat:
    """``me`` is the partner's line in this chat; ``people`` are everybody else."""

    id: str
    me: Handle
    people: list[Handle]
    service: Service
    is_group: bool
    created_at: datetime
    updated_at: datetime
    condition: ChatCondition = "ready"
    display_name: str | None = None
    has_texted: bool = False
    is_marked_opted_out: bool = False

    @property
    def handles(self) -> list[Handle]:
        return [self.me, *self.people]

    @property
    def addresses(self) -> list[str]:
        return [person.address for person in self.people]


@dataclass(frozen=True)
class Stored:
    """The bytes of an attachment as they arrived; ``body`` is kept only where the switches say so."""

    size_bytes: int
    sha256: str
    head: bytes
    at: float
    body: bytes | None = None


@dataclass
class Attachment:
    """``expires`` and ``Stored.at`` are monotonic seconds; ``signature`` is what its presigned URL was signed with."""

    id: str
    filename: str
    content_type: str
    size_bytes: int
    created_at: datetime
    expires: float
    signature: str
    download_url: str
    stored: Stored | None = None


@dataclass(frozen=True)
class Failure:
    """How a send will fail. Linq's 4001 has two reasons: "Message send failed" never left the line, "Message delivery
    failed. Please retry the message." did (``after_sent``) and may yet arrive (``then_delivered``)."""

    code: int = 4001
    reason: str = "Message send failed"
    detail_code: int | None = None
    after_sent: bool = False
    then_delivered: bool = False


@dataclass(frozen=True)
class Tapback:
    """A reaction somebody left on a message."""

    person: Handle
    kind: str


@dataclass
class Message:
    """One message of a chat, theirs or ours: text, or one media part, or both."""

    id: str
    chat_id: str
    sender: Handle
    service: Service
    created_at: datetime
    trace_id: str
    status: Status
    text: str | None = None
    media: Attachment | None = None
    part_id: str = ""
    reply_to: str | None = None
    override_optout: bool = False
    failure: Failure | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    tapbacks: list[Tapback] = field(default_factory=list)
    looks: int = 0
    accepted: float = 0.0


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
class Memo:
    """A voice memo as it stands now. ``body`` is None unless the switches keep bytes; times are UTC."""

    id: str
    chat_id: str
    attachment_id: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    status: Status
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
    """The same UUID for the same names, on every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("linq", *names))))
