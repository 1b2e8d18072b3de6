"""What travels to the bot, the same over HTTP and over a socket."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from bot.sandbox.json_types import Json
from bot.sandbox.slack.bot_answers import BotAnswer

Kind = Literal["events_api", "slash_commands", "interactive"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One payload for the bot. ``attempt`` counts from 0; ``reason`` says why the one before failed."""

    kind: Kind
    payload: Json
    attempt: int = 0
    reason: str = ""

    def retry(self, reason: str) -> "Envelope":
        return replace(self, attempt=self.attempt + 1, reason=reason)


class Transport(Protocol):
    """A way to the bot."""

    async def send(self, envelope: Envelope) -> BotAnswer:
        """Send the envelope once and wait for the answer, at most 3 s. Never raises for what the bot does."""
        ...
