"""The figures of a run as Markdown, for the README."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.crash.tally import Tally, total

MODES = {
    "embedded": "one process, database inside the bot",
    "socket": "the same over Socket Mode",
    "cold": "the same, each start by the command line",
    "shared": "one process, database on a server",
    "pair": "two processes: one dies, one takes over",
    "frozen": "two processes: one sleeps past its lease, wakes",
    "database": "the database server killed under load",
    "revived": "the embedded server killed under load",
    "drain": "SIGTERM under load",
}
HEAD = (
    "| mode | blows | acked clips | lost | sent twice | out of order "
    "| notices: twice / orphaned / untrue | unconfirmed |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(frozen=True)
class Result:
    """One campaign; its seed replays it."""

    name: str
    seed: str
    tally: Tally


def table(results: Sequence[Result], seed: str, kills: int) -> str:
    whole = total(result.tally for result in results)
    rows = [_row(words, _of(results, name)) for name, words in MODES.items() if _of(results, name).count]
    times = [
        _times("restart, its imports done beforehand → first resumed delivery", whole.resumed_s, 10),
        _times("restart by the command line → first resumed delivery", _of(results, "cold").resumed_s, 10),
        _times("kill → the other process has finished all that was held", whole.taken_over_s, 15),
        _times("database back → first delivery finished", whole.back_s, 10),
        _times("SIGTERM under load → gone, exit code 0", whole.drained_s, 10),
    ]
    places = len([place for place in whole.kills if not place.startswith("any time")])
    return "\n".join(
        [
            f"`python -m tests.crash --seed {seed} --kills {kills}`: {whole.count} blows at {places} places.",
            "",
            HEAD,
            *rows,
            _row("**all**", whole),
            "",
            "| time | median | worst | must |",
            "|---|--:|--:|--:|",
            *(line for line in times if line),
            "",
            f"Alarms said twice: {whole.repeated_alarms}. Memos that came after all, once given up: "
            f"{whole.findings.late}.",
            *[
                f"FAULT {result.name} {result.seed}: {result.tally.faults()}"
                for result in results
                if not result.tally.holds
            ],
        ]
    )


def _of(results: Sequence[Result], name: str) -> Tally:
    return total(result.tally for result in results if result.name == name)


def _row(words: str, tally: Tally) -> str:
    found = tally.findings
    notices = f"{found.notices_doubled} / {found.notices_orphaned + found.notices_missing} / {found.untrue}"
    cells = (tally.count, found.acked, found.lost, found.doubled, found.inverted, notices, found.unconfirmed)
    return f"| {words} | {' | '.join(map(str, cells))} |"


def _times(words: str, seconds: Sequence[float], must_s: float) -> str:
    if not seconds:
        return ""
    return f"| {words} | {statistics.median(seconds):.1f} s | {max(seconds):.1f} s | {must_s:g} s |"


def hour(lived: Tally, seed: str) -> str:
    """The soak in a few lines."""
    found = lived.findings
    incidents = ", ".join(f"{times} × {name}" for name, times in lived.kills.most_common())
    ends = f"{found.unconfirmed} unconfirmed, {found.failed} failed, {found.cancelled} cancelled"
    lines = [
        f"`python -m tests.crash soak --seed {seed}`: {lived.count} incidents ({incidents}).",
        f"{found.acked} clips taken, {found.memos} memos, {found.lost} lost, {found.doubled} doubled, "
        f"{found.inverted} out of order, {found.untrue} notices untrue; {ends}.",
    ]
    return "\n".join([*lines, *([] if lived.holds else [f"FAULT: {lived.faults()}"])])
