"""Says in a channel that a neighbour is in trouble: once when it has lasted a while, and once when it is over.

A trouble is a neighbour's, whatever its words: they may change while it lasts. What could not be said is said as soon
as it can be; when Slack itself is the trouble, that is after it.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.relay.errors import OutcomeUnknown, RelayError

log = logging.getLogger("memobridge.app")

EVERY_S = 15.0


@dataclass
class Incident:
    """Times are the clock's. ``over_since`` is None while it lasts."""

    why: str
    since: float
    is_told: bool = False
    over_since: float | None = None

    def lasted(self, now: float) -> float:
        """Seconds, until its end or until now."""
        return (now if self.over_since is None else self.over_since) - self.since

    def is_over(self, now: float, for_s: float) -> bool:
        return self.over_since is not None and now - self.over_since >= for_s


class Alerts:
    """``reasons`` gives each neighbour's trouble, "" for none; ``say`` puts a sentence where operators read it."""

    def __init__(
        self,
        reasons: Callable[[], Awaitable[Mapping[str, str]]],
        say: Callable[[str], Awaitable[None]],
        *,
        clock: Callable[[], float],
        lasts_s: float,
    ) -> None:
        self._reasons = reasons
        self._say = say
        self._clock = clock
        self._lasts_s = lasts_s
        self._troubles: dict[str, Incident] = {}

    async def look(self) -> None:
        for neighbour, why in (await self._reasons()).items():
            if why:
                self._note(neighbour, why)
            elif neighbour in self._troubles:
                self._note_end(neighbour)
        for neighbour, trouble in list(self._troubles.items()):
            await self._tell(neighbour, trouble)

    def _note(self, neighbour: str, why: str) -> None:
        trouble = self._troubles.get(neighbour)
        if trouble is None:
            log.warning("trouble", extra={"neighbour": neighbour, "why": why})
            trouble = self._troubles[neighbour] = Incident(why, self._clock())
        trouble.why, trouble.over_since = why, None

    def _note_end(self, neighbour: str) -> None:
        """What passes quickly was no trouble; what comes back quickly was not over."""
        trouble = self._troubles[neighbour]
        if trouble.over_since is None:
            trouble.over_since = self._clock()
            log.warning("trouble over", extra={"neighbour": neighbour, "lasted_s": round(trouble.lasted(0.0))})
        if not trouble.is_told and trouble.lasted(0.0) < self._lasts_s:
            del self._troubles[neighbour]

    async def _tell(self, neighbour: str, trouble: Incident) -> None:
        now = self._clock()
        lasted = trouble.lasted(now)
        if not trouble.is_told and lasted >= self._lasts_s:
            has = "has" if trouble.over_since is None else "had"
            trouble.is_told = await self._said(f"memobridge {has} trouble with {neighbour}: {trouble.why}")
        elif trouble.is_over(now, self._lasts_s) and await self._said(
            f"memobridge is well again with {neighbour}, after {_span(lasted)}."
        ):
            del self._troubles[neighbour]

    async def _said(self, sentence: str) -> bool:
        """Whether it is said. Where nobody knows, once is better than twice."""
        try:
            await self._say(sentence)
        except OutcomeUnknown:
            return True
        except RelayError as error:
            log.info("alarm not said", extra={"code": error.code})
            return False
        return True


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
