"""How the bot answered what Slack delivered to it."""

import asyncio
from dataclasses import dataclass, field

ANSWER_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """A status (a socket's acknowledgement counts as 200) and a body, or no status and the reason for that."""

    status: int | None
    reason: str = ""
    body: bytes = b""
    no_retry: bool = False
    seconds: float = 0.0

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class EventDelivery:
    """One event on its way: every answer so far, and the last one once it was accepted or given up."""

    event_id: str
    what: str
    answers: list[BotAnswer] = field(default_factory=list)
    _end: asyncio.Future[BotAnswer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def ended(self, timeout: float = 30.0) -> BotAnswer:
        """Wait for the answer that accepted it, or the last refusal. Raises TimeoutError."""
        return await asyncio.wait_for(asyncio.shield(self._end), timeout)

    def end(self) -> None:
        if self._end.done():
            return
        if self.answers:
            self._end.set_result(self.answers[-1])
        else:
            self._end.cancel()
