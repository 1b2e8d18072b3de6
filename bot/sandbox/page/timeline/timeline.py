"""One clip's way as both sides saw it: which ids belong to it, what crossed, and whether the thread tells the truth."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from bot.sandbox.page.controller import Json
from bot.sandbox.page.timeline.rows import Row
from bot.sandbox.slack.state.workspace import BOT

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

WORDS = ("queued", "sent", "delivered", "read", "failed", "unconfirmed", "cancelled")
DEAD_ENDS = ("failed", "unconfirmed", "cancelled")
ROWS_MOST = 120
_LINE = re.compile(rf"(.*): ({'|'.join(WORDS)})\b")  # the last such word: a name may hold one, too


@dataclass
class Track:
    """``wishes``: how many memos people asked for; ``in_doubt``: a send whose answer never came."""

    id: str
    name: str
    channel: str
    ts: str
    root_ts: str
    opened_at: float
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
        place = bisect_right(self.rows, row.at, key=lambda other: other.at)
        if place and self.rows[place - 1].repeats(row):
            self.rows[place - 1].count += 1
        elif len(self.rows) < ROWS_MOST:
            self.rows.insert(place, row)

    def shown(self, sandbox: "Sandbox") -> Json:
        statuses = bubbles(self, sandbox)
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


def bubbles(track: Track, sandbox: "Sandbox") -> list[str]:
    """How each memo of this clip stands on the phone."""
    return [sandbox.linq.account.messages[memo].status for memo in track.memos]


def thread_word(track: Track, sandbox: "Sandbox") -> str:
    """The one word the notice says of this clip now, or nothing."""
    if not track.notices:
        return ""
    notice = sandbox.slack.stage.workspace.channels[track.channel].messages.get(track.notices[0])
    return word_in(notice.text, track.name) if notice and notice.user == BOT else ""


def word_in(text: str, name: str) -> str:
    """The word of the line that begins with the clip's name, as escaped as Slack wants it, and perhaps its length.

    The last such line counts; where there is none, the first line does: a name may have been cut.
    """
    head = re.compile(re.escape(escape(name)) + r"(?: \([\d:]+\))?")
    lines = [found for line in text.split("\n") if (found := _LINE.match(line))]
    own = [found for found in lines if head.fullmatch(found[1])] or lines[:1]
    return own[-1][2] if own else ""


def verdict(word: str, phone: list[str], wishes: int) -> str:
    """``true``: thread and phone agree; ``twice``: more bubbles than wishes; ``silent``: no notice so far.

    ``behind``: the thread does not say it yet; ``asks``: nobody can know, and the thread says so.
    """
    standing = [status for status in phone if status != "failed"]
    if len(standing) > wishes:
        return "twice"
    if not word:
        return "silent" if not phone else "behind"
    if word == "unconfirmed":
        return "asks"
    if word in ("queued", "failed", "cancelled"):
        return "behind" if standing and word != "failed" else "true"
    return "true" if word in phone else "behind"
