"""What a webhook may tell beside messages and receipts, and who is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.relay.ids import PersonId, RoomId
from bot.relay.model import Message, Receipt


@dataclass(frozen=True)
class ContactCard:
    """A person shared name and photo with one of our lines; again whenever they change.

    ``photo_url`` is Linq's address; it may expire within 45 minutes. "" where there is none.
    """

    person: PersonId
    handle: str = field(repr=False)
    name: str = field(repr=False)
    photo_url: str = field(default="", repr=False)


@dataclass(frozen=True)
class LineStatus:
    """How Linq rates one of our numbers. ``status``: ACTIVE or FLAGGED; ``reputation``: HEALTHY, AT_RISK, CRITICAL."""

    line: RoomId
    number: str = field(repr=False)
    status: str
    reputation: str
    at: datetime

    @property
    def is_flagged(self) -> bool:
        return self.status not in ("", "ACTIVE")

    @property
    def is_at_risk(self) -> bool:
        return self.reputation not in ("", "HEALTHY")


@dataclass(frozen=True)
class SubscriptionDisabled:
    """A webhook subscription of the account was switched off, not necessarily ours. ``by``: team_member, api, system
    (Linq itself) or unknown; ``target_url`` comes without its query."""

    target_url: str
    by: str
    at: datetime


@dataclass(frozen=True)
class TokenExpiry:
    """An API token of the account will stop working, not necessarily ours. ``expires_at`` is None when it was called
    off; ``prefix`` is the part of the token that may be shown."""

    prefix: str
    expires_at: datetime | None
    at: datetime


Fact = Message | Receipt | ContactCard | LineStatus | SubscriptionDisabled | TokenExpiry


class MessageSink(Protocol):
    async def accept(self, message: Message) -> object:
        """Stored when this returns; to be told twice changes nothing."""
        ...


class ReceiptSink(Protocol):
    async def add(self, receipts: Sequence[Receipt]) -> None:
        """Stored when this returns; to be told twice changes nothing."""
        ...


class PeopleSink(Protocol):
    async def save_card(self, person: PersonId, handle: str, name: str, photo_url: str) -> None: ...


class AccountSink(Protocol):
    """What concerns the account and no chat."""

    async def line_status(self, status: LineStatus) -> None: ...

    async def subscription_disabled(self, disabled: SubscriptionDisabled) -> None: ...

    async def token_expires(self, expiry: TokenExpiry) -> None: ...


@dataclass(frozen=True)
class Sinks:
    """Whom the facts of webhooks go to."""

    messages: MessageSink
    receipts: ReceiptSink
    people: PeopleSink
    account: AccountSink
