"""One message on its way across, as both sides saw it: which ids belong to it, and what crossed."""

from bisect import bisect_right
from dataclasses import dataclass, field

from bot.sandbox.page.timeline.rows import Row
from bot.sandbox.wire import Entry

MAX_ROWS = 120


@dataclass
class Timeline:
    """``channel`` and ``chat`` are the two ends, "" as long as one is not known.

    ``acted_at``: when a person did something in it last. ``is_heard``: the bot has accepted the event or webhook that
    tells of it.
    """

    id: str
    name: str
    opened_at: float
    channel: str = ""
    chat: str = ""
    acted_at: float = 0.0
    is_heard: bool = False
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Put the row at the place of its time, or count it with an equal one before it."""
        if row.way == "person" and row.lane != "world":
            self.acted_at = max(self.acted_at, row.at)
        place = bisect_right(self.rows, row.at, key=lambda other: other.at)
        if place and self.rows[place - 1].repeats(row):
            self.rows[place - 1].count += 1
        elif len(self.rows) < MAX_ROWS:
            self.rows.insert(place, row)

    def hear(self, entry: Entry) -> None:
        if entry.direction == "to_bot" and entry.status is not None and entry.status < 300:
            self.is_heard = True


@dataclass
class Outgoing(Timeline):
    """A file of a Slack message, or a Slack message without files.

    ``text`` is what was written; ``hashes`` are the SHA-256 of the file's bytes and of Slack's copy of them. ``sent``
    are the messages at Linq that it became, ``wishes`` how many of them people asked for; ``in_doubt``: a send whose
    answer never came; ``edits``: how often the notice was edited.
    """

    ts: str = ""
    root_ts: str = ""
    text: str = ""
    file: str = ""
    hashes: set[str] = field(default_factory=set)
    is_fetched: bool = False
    in_doubt: bool = False
    wishes: int = 1
    edits: int = 0
    attachments: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass
class Incoming(Timeline):
    """A message of a contact. ``posts`` are the Slack messages that it became, ``files`` the uploads to Slack."""

    message: str = ""
    posts: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


Claim = tuple[Timeline, Entry]
"""A timeline and an entry that belongs to it."""
