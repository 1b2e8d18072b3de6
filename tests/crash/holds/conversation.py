"""A channel in which messages are held, and what people decided about each of them."""

from dataclasses import dataclass, field
from typing import Literal

from tests.crash.conversation import Conversation, TeamMessage
from tests.crash.presses import Press
from tests.stories.system import shown

Rule = Literal["always", "first", "quiet", "later"]
REFUSED = "already"  # "It is sent already.": somebody or the hour was faster
EXACT_S = 0.05  # two clocks of one machine


@dataclass
class Hour:
    """An hour that a person chose in ``press``, in seconds since the epoch."""

    at: float
    press: Press


@dataclass
class HeldMessage:
    """A message and why it is held. ``quiet_until``: it was surely dropped within quiet hours that end then."""

    said: TeamMessage
    rule: Rule
    quiet_until: float = 0.0
    hours: list[Hour] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    is_unsure: bool = False  # Slack was told neither that it is scheduled nor that it is not

    @property
    def is_in_hand(self) -> bool:
        return any(not each.is_done for each in self.presses)

    def pressed(self, *names: str) -> list[Press]:
        return [each for each in self.presses if each.name in names and each.counts]

    def is_surely(self, *names: str) -> bool:
        """Whether one of these was done, and nobody was told otherwise."""
        return any(each.is_done and not each.was_gone and REFUSED not in each.said for each in self.pressed(*names))

    def may_leave_at(self, at: float) -> bool:
        """By an hour that had come and that nobody had moved before it came, or because somebody let it go."""
        return any(each.began_at <= at for each in self.pressed("approve", "send_now")) or self._has_come(at)

    def _has_come(self, at: float) -> bool:
        match self.rule:
            case "quiet":
                return at + EXACT_S >= self.quiet_until
            case "later":
                return any(hour.at <= at + EXACT_S and not self._was_moved(hour) for hour in self.hours)
        return False

    def _was_moved(self, hour: Hour) -> bool:
        later = [each.press for each in self.hours[self.hours.index(hour) + 1 :]]
        return any(each.is_done and REFUSED not in each.said and each.ended_at < hour.at for each in later)


@dataclass
class HoldingConversation(Conversation):
    rule: Rule = "always"
    held: list[HeldMessage] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.rule

    def statuses(self, held: HeldMessage) -> list[str]:
        return shown(self.view.notice(held.said.message))

    def has_left(self, held: HeldMessage) -> bool:
        return self.has_arrived(held.said)
