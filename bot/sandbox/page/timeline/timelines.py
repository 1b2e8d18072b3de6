"""Sorts the wire log by message: each that a person says on either side gets a time line of what crossed because of it.

What was done to the sandbox itself appears in every time line that is still open, and at the head of the next one.
"""

from collections.abc import Iterator

from bot.sandbox.json_types import Json
from bot.sandbox.page.timeline.incoming import IncomingTimelines
from bot.sandbox.page.timeline.outgoing import OutgoingTimelines
from bot.sandbox.page.timeline.rows import row_of
from bot.sandbox.page.timeline.timeline import Claim, Incoming, Outgoing, Timeline
from bot.sandbox.page.timeline.truth import incoming_truth, message_at, outgoing_truth, word_in
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.wire import Entry

SHOWN_MOST = 25
NOTE_TTL_S = 120.0


class Timelines:
    """Reads the wire log once, in order; ``sections`` gives what is known so far."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._read = sandbox, 0
        self.outgoing, self.incoming = OutgoingTimelines(sandbox), IncomingTimelines(sandbox)
        self._notes: list[Entry] = []

    @property
    def all(self) -> list[Timeline]:
        return sorted([*self.outgoing.all, *self.incoming.all], key=lambda timeline: timeline.opened_at)

    def sections(self) -> Iterator[tuple[str, Json]]:
        """Yield ``timeline:<id>`` for the most recent ones."""
        self.catch_up()
        for timeline in self.all[-SHOWN_MOST:]:
            yield f"timeline:{timeline.id}", self._shown(timeline)

    def catch_up(self) -> None:
        entries = self._sandbox.wire.entries
        while self._read < len(entries):
            self._take(entries[self._read])
            self._read += 1

    def _take(self, entry: Entry) -> None:
        if entry.side == "world":
            self._notes.append(entry)
        begun: list[Timeline] = [*self.outgoing.begin(entry), *self.incoming.begin(entry)]
        for timeline in begun:
            self._add_notes(timeline)
        if begun:
            self._notes.clear()
        for timeline, each in [(timeline, entry) for timeline in begun] or self._claims(entry):
            timeline.hear(each)
            if row := row_of(each, self._detail(timeline, each)):
                timeline.add(row)

    def _claims(self, entry: Entry) -> list[Claim]:
        if entry.side == "world":
            return [(timeline, entry) for timeline in self._unfinished()]
        return list(self.incoming.claim(entry)) or list(self.outgoing.claim(entry))

    def _unfinished(self) -> list[Timeline]:
        waiting = [t for t in self.incoming.all[-SHOWN_MOST:] if not t.posts]
        return [*self.outgoing.unfinished(), *waiting]

    def _add_notes(self, timeline: Timeline) -> None:
        """Put what was just done to the sandbox at the head of a time line."""
        for note in self._notes:
            if timeline.opened_at - note.at < NOTE_TTL_S and (row := row_of(note)):
                timeline.add(row)

    def _detail(self, timeline: Timeline, entry: Entry) -> str:
        """Return what a notice said at that moment; other entries need no detail."""
        if entry.status != 200 or not isinstance(timeline, Outgoing):
            return ""
        ts = str(entry.facts.get("ts", ""))
        notice = message_at(self._sandbox, timeline.channel, ts)
        if notice is None or notice.user != BOT or ts not in timeline.notices:
            return ""
        texts = [*notice.drafts, notice.text]
        if entry.what == "chat.update":
            timeline.edits += 1
            return _quoted(texts[min(timeline.edits, len(texts) - 1)], timeline.name)
        if entry.what == "chat.postMessage":
            return _quoted(texts[0], timeline.name) if ts == timeline.notices[0] else "said aloud"
        return ""

    def _shown(self, timeline: Timeline) -> Json:
        is_out = isinstance(timeline, Outgoing)
        truth = _truth(timeline, self._sandbox)
        return truth | {
            "id": timeline.id,
            "way": "out" if is_out else "in",
            "name": timeline.name,
            "channel": timeline.channel,
            "chat": timeline.chat,
            "opened_at": timeline.opened_at,
            "acted_at": timeline.acted_at,
            "rows": [row.shown() for row in timeline.rows],
        }


def _truth(timeline: Timeline, sandbox: Sandbox) -> Json:
    if isinstance(timeline, Incoming):
        return incoming_truth(timeline, sandbox)
    assert isinstance(timeline, Outgoing)
    return outgoing_truth(timeline, sandbox)


def _quoted(text: str, name: str) -> str:
    word = word_in(text, name)
    return f"“{word}”" if word else ""
