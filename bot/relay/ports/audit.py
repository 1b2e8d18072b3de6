"""The audit: what people did, for whoever has to answer for it. No words, no names of files, no phone numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.relay.ids import DeliveryId, RoomId

COMMAND_LINE = "command line"  # who acts for the operator


@dataclass(frozen=True)
class AuditEntry:
    """``act`` is a verb, like ``approve``; ``by`` a person's id or ``COMMAND_LINE``. ``detail`` holds ids, settings and
    codes and nothing else."""

    act: str
    by: str
    delivery: DeliveryId | None = None
    room: RoomId | None = None
    peer: RoomId | None = None
    detail: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


class AuditLog(Protocol):
    """Keeps what people do. An entry is stored before the act it tells of, once that is allowed: what then fails was
    asked for all the same, and nothing is done that nobody answers for. The store itself adds what becomes of
    deliveries."""

    async def add(self, entry: AuditEntry) -> None: ...
