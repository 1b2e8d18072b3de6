"""What travels to the bot and what comes back, the same over HTTP and over a socket."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from bot.sandbox.slack.state.workspace import Body

Kind = Literal["events_api", "slash_commands", "interactive"]
ANSWER_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """One payload for the bot. ``attempt`` counts from 0; ``reason`` says why the one before failed."""

    kind: Kind
    payload: Body
    attempt: int = 0
    reason: str = ""

    def again(self, reason: str) -> "Envelope":
        return replace(self, attempt=self.attempt + 1, reason=reason)


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """What the bot said: a status (a socket's ack counts as 200) and a body, or no status and why there is none."""

    status: int | None
    reason: str = ""
    body: bytes = b""
    no_retry: bool = False
    seconds: float = 0.0

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Transport(Protocol):
    async def carry(self, parcel: Envelope) -> BotAnswer:
        """Hand the parcel over once and wait for the answer, at most 3 s. Never raises for what the bot does."""
        ...
