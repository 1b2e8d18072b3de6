"""Alerts: says in a channel that something fails, once when it has lasted a while, and once when it has recovered.

An incident is a dependency's, whatever its reason: that may change while it lasts. What could not be said is said as
soon as it can be; when Slack itself fails, that is after its recovery.
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

    reason: str
    since: float
    is_told: bool = False
    over_since: float | None = None

    def lasted(self, now: float) -> float:
        """Seconds, until its end or until now."""
        return (now if self.over_since is None else self.over_since) - self.since

    def is_over(self, now: float, for_s: float) -> bool:
        return self.over_since is not None and now - self.over_since >= for_s


class Alerts:
    """``reasons`` gives each dependency's problem, "" for none; ``say`` puts a sentence where operators read it."""

    def __init__(
        self,
        reasons: Callable[[], Awaitable[Mapping[str, str]]],
        say: Callable[[str], Awaitable[None]],
        *,
        clock: Callable[[], float],
        after_s: float,
    ) -> None:
        self._reasons = reasons
        self._say = say
        self._clock = clock
        self._after_s = after_s
        self._incidents: dict[str, Incident] = {}

    async def check(self) -> None:
        for dependency, reason in (await self._reasons()).items():
            if reason:
                self._note(dependency, reason)
            elif dependency in self._incidents:
                self._note_end(dependency)
        for dependency, incident in list(self._incidents.items()):
            await self._tell(dependency, incident)

    def _note(self, dependency: str, reason: str) -> None:
        incident = self._incidents.get(dependency)
        if incident is None:
            log.warning("alert.incident_began", extra={"dependency": dependency, "reason": reason})
            incident = self._incidents[dependency] = Incident(reason, self._clock())
        incident.reason, incident.over_since = reason, None

    def _note_end(self, dependency: str) -> None:
        """What passes quickly was no incident; what comes back quickly was not over."""
        incident = self._incidents[dependency]
        if incident.over_since is None:
            incident.over_since = self._clock()
            lasted_s = round(incident.lasted(0.0))
            log.warning("alert.incident_ended", extra={"dependency": dependency, "lasted_s": lasted_s})
        if not incident.is_told and incident.lasted(0.0) < self._after_s:
            del self._incidents[dependency]

    async def _tell(self, dependency: str, incident: Incident) -> None:
        now = self._clock()
        lasted = incident.lasted(now)
        if not incident.is_told and lasted >= self._after_s:
            verb = "fails" if incident.over_since is None else "failed"
            incident.is_told = await self._said(f"memobridge: {dependency} {verb}: {incident.reason}")
        elif incident.is_over(now, self._after_s) and await self._said(
            f"memobridge: recovered: {dependency} (down {_duration(lasted)})."
        ):
            del self._incidents[dependency]

    async def _said(self, sentence: str) -> bool:
        """Whether it is said. Where nobody knows, once is better than twice."""
        try:
            await self._say(sentence)
        except OutcomeUnknown:
            return True
        except RelayError as error:
            log.info("alert.not_said", extra={"code": error.code, "reason": error.reason})
            return False
        return True


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
