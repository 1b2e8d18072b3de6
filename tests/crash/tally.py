"""What campaigns hand back: kills by place, times, and the audit; sums of many are one again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tests.crash.audit import Findings


@dataclass
class Tally:
    """``kills`` by the name of the place; the times are in seconds. ``seeds`` replay the campaigns one by one."""

    kills: Counter[str] = field(default_factory=Counter)
    resumed_s: list[float] = field(default_factory=list)
    taken_over_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    drained_s: list[float] = field(default_factory=list)
    exit_codes: list[int] = field(default_factory=list)
    repeated_alarms: int = 0
    left_over: int = 0  # rows that still want work when all is done
    findings: Findings = field(default_factory=Findings)
    trouble: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """As plain JSON; ``read`` takes it back."""
        return {**vars(self), "kills": dict(self.kills), "findings": asdict(self.findings)}

    @classmethod
    def read(cls, shown: dict[str, Any]) -> "Tally":
        return cls(**shown | {"kills": Counter(shown["kills"]), "findings": Findings(**shown["findings"])})

    @property
    def count(self) -> int:
        return self.kills.total()

    @property
    def holds(self) -> bool:
        return not (self.findings.faults or self.left_over or self.trouble or any(self.exit_codes))

    def faults(self) -> str:
        """What did not hold, in words."""
        left = [f"{self.left_over} rows left over"] if self.left_over else []
        codes = [f"exit codes {self.exit_codes}"] if any(self.exit_codes) else []
        return "; ".join([*self.findings.told, *left, *codes, *self.trouble])


def total(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        _add(whole, tally)
    return whole


def _add(whole: Any, part: Any) -> None:
    """Numbers, lists and counters alike add up field by field."""
    for each in fields(whole):
        ours, theirs = getattr(whole, each.name), getattr(part, each.name)
        if isinstance(ours, Findings):
            _add(ours, theirs)
        else:
            setattr(whole, each.name, ours + theirs)
