"""What people press: once, and again for as long as Slack shows them that it was not done."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.sandbox.slack.interactions.interactions import InteractionAnswer

LOOK_AGAIN_S = 1.0
TOLD_WITHIN_S = 0.5  # what a bot has to say of it comes through the response_url, within milliseconds
COMPLAINT = "Try again in a moment."
Act = Callable[[], Awaitable[InteractionAnswer | None]]


@dataclass
class Press:
    """``act`` gives what was answered, None where that was no end yet. LookupError: there is no such button
    any more, so somebody has pressed it before. Times are seconds since the epoch; ``ended_at`` is 0 until it is surely
    done."""

    name: str
    user: str
    act: Act
    began_at: float = 0.0
    last_began_at: float = 0.0
    ended_at: float = 0.0
    answered_at: float = 0.0
    answer: InteractionAnswer | None = None
    tries: int = 0
    was_gone: bool = False  # the last try found no button
    was_at_rest: bool = True  # nothing else was going on when it was pressed

    @property
    def is_done(self) -> bool:
        return bool(self.ended_at)

    @property
    def counts(self) -> bool:
        """Whether it may have been done: whose first try found no button has pressed nothing."""
        return not (self.was_gone and self.tries == 1)

    @property
    def said(self) -> str:
        """What the person was told."""
        if self.answer is None:
            return ""
        return " ".join(map(str, (self.answer.text, self.answer.body or "", *self.answer.later)))

    async def press(self) -> None:
        self.tries += 1
        self.last_began_at = time.time()
        self.began_at = self.began_at or self.last_began_at
        try:
            self.answer = await self.act()
        except LookupError:
            self.was_gone, self.answered_at = True, time.time()
        else:
            self.answered_at = time.time() if self.answer is not None and not self.answer.error else 0.0

    def look(self) -> None:
        """A moment after: was it done?"""
        if self.answered_at and time.time() - self.answered_at > TOLD_WITHIN_S and COMPLAINT not in self.said:
            self.ended_at = self.answered_at


@dataclass
class Presses:
    """``is_bot_up``: while no bot runs nobody presses again."""

    is_bot_up: Callable[[], bool]
    open: list[Press] = field(default_factory=list)

    async def press(self, *presses: Press) -> None:
        """At once; it is repeated where that fails."""
        self.open += presses
        await asyncio.gather(*(each.press() for each in presses))

    async def repeat(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            for each in list(self.open):
                each.look()
                if each.is_done:
                    self.open.remove(each)
                elif self.is_bot_up() and time.time() - each.last_began_at > 2 * LOOK_AGAIN_S:
                    await each.press()
