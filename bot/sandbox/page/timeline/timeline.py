"""One clip as both sides saw it: which ids belong to it, what crossed, and whether its thread shows the truth."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from bot.sandbox.json_types import Json
from bot.sandbox.page.timeline.rows import Row
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import BOT

WORDS = ("queued", "held", "sent", "delivered", "read", "failed", "unconfirmed", "cancelled")
DEAD_ENDS = ("failed", "unconfirmed", "cancelled")
MAX_ROWS = 120
_LINE = re.compile(rf"(.*): ({'|'.join(WORDS)})\b")  # the last such word: a name may hold one, too


@dataclass
class Timeline:
    """``hashes`` are the SHA-256 of the clip's bytes and of Slack's copy of them.

    ``wishes``: how many memos people asked for; ``in_doubt``: a send whose answer never came.
    """

    id: str
    name: str
    channel: str
    ts: str
    root_ts: str
    opened_at: float
    file: str = ""
    hashes: set[str] = field(default_factory=set)
    chat: str = ""
    fetched: bool = False
    in_doubt: bool = False
    wishes: int = 1
    edits: int = 0
    attachments: list[str] = field(default_factory=list)
    memos: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Put the row at the place of its time, or count it with an equal one before it."""
        place = bisect_right(self.rows, row.at, key=lambda other: other.at)
        if place and self.rows[place - 1].repeats(row):
            self.rows[place - 1].count += 1
        elif len(self.rows) < MAX_ROWS:
            self.rows.insert(place, row)

    def shown(self, sandbox: Sandbox) -> Json:
        statuses = memo_statuses(self, sandbox)
        word = thread_word(self, sandbox)
        return {
            "id": self.id,
            "name": self.name,
            "channel": self.channel,
            "ts": self.ts,
            "chat": self.chat,
            "opened_at": self.opened_at,
            "rows": [row.shown() for row in self.rows],
            "memos": self.memos,
            "phone": statuses,
            "thread": word,
            "verdict": verdict(word, statuses, self.wishes),
        }


def memo_statuses(timeline: Timeline, sandbox: Sandbox) -> list[str]:
    """Return the status of each memo of this clip on the phone."""
    return [sandbox.linq.account.messages[memo].status for memo in timeline.memos]


def thread_word(timeline: Timeline, sandbox: Sandbox) -> str:
    """Return the one word the notice says of this clip now, or nothing."""
    channel = sandbox.slack.workspace.channels.get(timeline.channel)
    if not timeline.notices or channel is None:
        return ""
    notice = channel.messages.get(timeline.notices[0])
    return word_in(notice.text, timeline.name) if notice and notice.user == BOT else ""


def word_in(text: str, name: str) -> str:
    """Return the word of the line that begins with the clip's name, escaped as Slack wants it, and perhaps its length.

    The last such line counts; where there is none, the first line does: a name may have been cut.
    """
    head = re.compile(re.escape(escape(name)) + r"(?: \([\d:]+\))?")
    lines = [found for line in text.split("\n") if (found := _LINE.match(line))]
    own = [found for found in lines if head.fullmatch(found[1])] or lines[:1]
    return own[-1][2] if own else ""


def verdict(word: str, phone: list[str], wishes: int) -> str:
    """Compare thread and phone.

    ``true``: they agree; ``twice``: more memos than wishes; ``silent``: no notice so far; ``behind``: the thread does
    not show it yet; ``asks``: nobody can know, and the thread says so.
    """
    arrived = [status for status in phone if status != "failed"]
    if len(arrived) > wishes:
        return "twice"
    if not word:
        return "silent" if not phone else "behind"
    if word == "unconfirmed":
        return "asks"
    if word in ("queued", "held", "failed", "cancelled"):
        return "behind" if arrived and word != "failed" else "true"
    return "true" if word in phone else "behind"
