"""What campaigns hand back: kills by place, times and the audit, added up and printed as Markdown."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tests.crash.audit import Findings

MODES = {
    "embedded": "one process, database inside the bot",
    "socket": "the same over Socket Mode",
    "shared": "one process, database on a server",
    "pair": "two processes: one dies, one takes over",
    "frozen": "two processes: one sleeps past its heartbeat, wakes",
    "database": "the database server killed under load",
    "revived": "the embedded server killed under load",
    "drained": "SIGTERM under load",
    "inbox": "conversations of inboxes, one process",
    "inbox_pair": "conversations of inboxes, two processes",
    "holds": "what is held, one process",
    "holds_pair": "what is held, two processes",
}
COLUMNS = ("said", "lost", "doubled", "disordered", "misplaced", "early", "echoed", "untrue", "unconfirmed")
HEAD = f"| mode | kills | {' | '.join(COLUMNS)} |\n|---|{'--:|' * (len(COLUMNS) + 1)}"


@dataclass
class Result:
    """``kills`` by the name of the place; the times are in seconds. The sum of many is one again."""

    kills: Counter[str] = field(default_factory=Counter)
    taken_over_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    drained_s: list[float] = field(default_factory=list)
    exit_codes: list[int] = field(default_factory=list)
    repeated_alerts: int = 0
    unfinished: list[str] = field(default_factory=list)  # rows that still want work when all is done
    findings: Findings = field(default_factory=Findings)
    trouble: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "kills": dict(self.kills), "findings": asdict(self.findings)}

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> "Result":
        return cls(**body | {"kills": Counter(body["kills"]), "findings": Findings(**body["findings"])})

    @property
    def is_clean(self) -> bool:
        return not (self.findings.faults or self.unfinished or self.trouble or any(self.exit_codes))

    def faults(self) -> str:
        """What did not hold, in words."""
        unfinished = [f"unfinished: {row}" for row in self.unfinished]
        codes = [f"exit codes {self.exit_codes}"] if any(self.exit_codes) else []
        return "; ".join([*self.findings.told, *unfinished, *codes, *self.trouble])


def total(results: Iterable[Result]) -> Result:
    whole = Result()
    for result in results:
        _add(whole, result)
    return whole


def _add(whole: Any, part: Any) -> None:
    """Numbers, lists and counters alike add up field by field."""
    for each in fields(whole):
        ours, theirs = getattr(whole, each.name), getattr(part, each.name)
        if isinstance(ours, Findings):
            _add(ours, theirs)
        else:
            setattr(whole, each.name, ours + theirs)


@dataclass(frozen=True)
class Named:
    """One campaign's result; its seed replays it."""

    name: str
    seed: str
    result: Result


def table(results: Sequence[Named], command: str) -> str:
    whole = total(each.result for each in results)
    places = len([place for place in whole.kills if not place.startswith("any time")])
    by_mode = {name: total(each.result for each in results if each.name == name) for name in MODES}
    times = {
        "kill → the other process has finished all that was open": (whole.taken_over_s, 75),
        "database back → first delivery finished that waited for nothing else": (whole.back_s, 10),
        "SIGTERM under load → gone, exit code 0": (whole.drained_s, 10),
    }
    return "\n".join(
        [
            f"`{command}`: {whole.kills.total()} kills at {places} places.",
            "",
            HEAD,
            *(_row(MODES[name], result) for name, result in by_mode.items() if result.kills),
            _row("**all**", whole),
            "",
            "| time | median | worst | must |",
            "|---|--:|--:|--:|",
            *(_times(words, seconds, must_s) for words, (seconds, must_s) in times.items() if seconds),
            "",
            _rest(whole),
            *(f"FAULT {each.name} {each.seed}: {each.result.faults()}" for each in results if not each.result.is_clean),
        ]
    )


def _row(words: str, result: Result) -> str:
    cells = (result.kills.total(), *(getattr(result.findings, column) for column in COLUMNS))
    return f"| {words} | {' | '.join(map(str, cells))} |"


def _times(words: str, seconds: Sequence[float], must_s: float) -> str:
    return f"| {words} | {statistics.median(seconds):.1f} s | {max(seconds):.1f} s | {must_s:g} s |"


def _rest(result: Result) -> str:
    found = result.findings
    return (
        f"Notices: {found.notices}, {found.notices_doubled} twice, {found.notices_missing} missing. Alerts told twice: "
        f"{result.repeated_alerts}. Clips failed {found.failed}, cancelled {found.cancelled}, unconfirmed and then "
        f"found {found.found_later}, late {found.stepped_aside}; webhooks that no bot heard: {found.unheard}."
    )


def soak_report(result: Result, command: str) -> str:
    """The soak in a few lines."""
    found = result.findings
    incidents = ", ".join(f"{times} × {name}" for name, times in result.kills.most_common())
    counts = ", ".join(f"{getattr(found, column)} {column}" for column in COLUMNS)
    lines = [f"`{command}`: {result.kills.total()} incidents ({incidents}).", f"{counts}.", _rest(result)]
    return "\n".join([*lines, *([] if result.is_clean else [f"FAULT: {result.faults()}"])])
