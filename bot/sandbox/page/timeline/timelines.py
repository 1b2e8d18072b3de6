"""Sorts the wire log by clip: a file's id leads to its download, its upload at Linq, its memo, and its notice.

The two sides share no id, and names repeat. So an upload belongs to the clip whose bytes it holds, among those whose
file was fetched; a converted one to a fetched clip of its name. Until its bytes are there, an upload waits unsorted.
What was done to the sandbox itself appears in every time line that is still open, and at the head of the next one.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from bot.sandbox.json_types import Json
from bot.sandbox.linq.state.models import Attachment
from bot.sandbox.page.timeline.rows import row_of
from bot.sandbox.page.timeline.timeline import DEAD_ENDS, Timeline, thread_word, word_in
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.state.models import Message, StoredFile
from bot.sandbox.wire import Entry

SHOWN_MOST = 25
NOTE_TTL_S = 120.0


class Timelines:
    """Reads the wire log once, in order; ``sections`` gives what is known so far."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._read = sandbox, 0
        self.all: list[Timeline] = []
        self._notes: list[Entry] = []
        self._unsorted: dict[str, list[Entry]] = {}
        self._chat_of: dict[str, str] = {}

    def sections(self) -> Iterator[tuple[str, Json]]:
        """Yield ``timeline:<file id>-<ts>`` for the most recent ones."""
        self.catch_up()
        for timeline in self.all[-SHOWN_MOST:]:
            yield f"timeline:{timeline.id}", timeline.shown(self._sandbox)

    def catch_up(self) -> None:
        entries = self._sandbox.wire.entries
        while self._read < len(entries):
            self._take(entries[self._read])
            self._read += 1

    # which clips an entry is about

    def _take(self, entry: Entry) -> None:
        if entry.side == "world":
            self._notes.append(entry)
        begins = entry.side == "slack" and entry.what in ("drop", "share")
        for timeline in self._begin(entry) if begins else self._about(entry):
            self._add(timeline, entry)

    def _add(self, timeline: Timeline, entry: Entry) -> None:
        self._learn(timeline, entry)
        if row := row_of(entry, self._detail(timeline, entry)):
            timeline.add(row)

    def _begin(self, entry: Entry) -> list[Timeline]:
        """Open a time line for each file of a message; what was just done to the sandbox comes first in it."""
        message = self._message(entry.facts["channel"], entry.facts["ts"])
        begun = [_open(file, message, entry) for file in message.files] if message else []
        for timeline in begun:
            for note in self._notes:
                if entry.at - note.at < NOTE_TTL_S and (row := row_of(note)):
                    timeline.add(row)
        self._notes.clear()
        self.all += begun
        return begun

    def _message(self, channel: str, ts: str) -> Message | None:
        found = self._sandbox.slack.workspace.channels.get(channel)
        return found.messages.get(ts) if found else None

    def _about(self, entry: Entry) -> Iterable[Timeline]:
        facts = entry.facts
        if entry.side == "world":
            return self._unfinished()
        if found := self._owning(facts):
            return found
        if entry.side == "linq" and "attachment_id" in facts:
            return self._sort(entry)
        if memo := self._sandbox.linq.account.messages.get(facts.get("message_id", "")):
            return [t for t in self.all if any(media.id in t.attachments for media in memo.media)]
        if "file" in facts:
            same = [t for t in self.all if t.file == facts["file"]]
            return [t for t in same if not t.fetched][:1] or same[-1:]
        return self._in_slack(entry) if "channel" in facts else self._unnamed(entry)

    def _owning(self, facts: Json) -> list[Timeline]:
        """Find the clip that an attachment or a memo is known to belong to."""
        attachment, memo = facts.get("attachment_id"), facts.get("message_id")
        return [t for t in self.all if attachment in t.attachments] or [t for t in self.all if memo in t.memos]

    def _sort(self, entry: Entry) -> list[Timeline]:
        """Find the clip of an upload by its bytes; what was written of it before follows. Without bytes it waits."""
        attachment = self._sandbox.linq.account.attachments.get(entry.facts["attachment_id"])
        if attachment is None or attachment.stored is None:
            if entry.status is None or entry.status >= 400:
                return list(self._unnamed(entry))
            self._unsorted.setdefault(entry.facts["attachment_id"], []).append(entry)
            return []
        candidates = self._candidates(attachment, entry)
        if not candidates:
            return []
        candidates[0].attachments.append(attachment.id)
        for earlier in self._unsorted.pop(attachment.id, []):
            self._add(candidates[0], earlier)
        return candidates[:1]

    def _candidates(self, attachment: Attachment, entry: Entry) -> list[Timeline]:
        """List the clips an upload may belong to, the most likely first."""
        assert attachment.stored is not None
        waiting = [t for t in self.all if t.fetched and self._waits_for_memo(t)]
        same = [t for t in waiting if attachment.stored.sha256 in t.hashes]
        stem = PurePosixPath(attachment.filename).stem
        found = same or [t for t in waiting if PurePosixPath(t.name).stem == stem]
        chat = entry.facts.get("chat_id")
        found = [t for t in found if chat in (None, self._chat_of.get(t.channel, chat))] or found
        return sorted(found, key=lambda t: bool(t.attachments))

    def _waits_for_memo(self, timeline: Timeline) -> bool:
        if len(timeline.memos) >= timeline.wishes:
            return False
        return thread_word(timeline, self._sandbox) not in DEAD_ENDS or timeline.wishes > 1

    def _in_slack(self, entry: Entry) -> list[Timeline]:
        channel, ts, root = (entry.facts.get(name, "") for name in ("channel", "ts", "thread_ts"))
        here = [t for t in self.all if t.channel == channel]
        if entry.what == "event message":
            return [t for t in here if t.ts == ts]
        if found := [t for t in here if ts and ts in (t.ts, *t.notices)]:
            return found
        found = [t for t in here if root and root == t.root_ts]
        fresh = [t for t in found if not t.notices]
        return [t for t in found if t.ts == (fresh or found)[0].ts] if found else []

    def _unnamed(self, entry: Entry) -> Iterable[Timeline]:
        """Sort an exchange that failed before it named anything: it belongs to the clips at that point of the way."""
        facts, failed = entry.facts, entry.status is None or entry.status >= 400
        waiting = [t for t in self._unfinished() if not t.memos]
        if facts.get("lost"):
            return self.all[-1:]
        if entry.what == "messages.list":
            return [t for t in self.all if t.in_doubt]
        if not failed:
            return []
        if entry.what == "voicememo":
            chat = facts.get("chat_id")
            return [t for t in waiting if t.attachments and chat in (None, self._chat_of.get(t.channel, chat))][:1]
        if entry.what in ("attachments.create", "upload"):
            return [t for t in waiting if t.fetched]
        return self._unfinished() if entry.what in ("download", "chat.postMessage", "chat.update") else []

    def _unfinished(self) -> list[Timeline]:
        """List those whose thread and phone have not come to an end together."""
        recent = self.all[-SHOWN_MOST:]
        return [t for t in recent if not t.memos or t.shown(self._sandbox)["verdict"] != "true"]

    # what an entry teaches

    def _learn(self, timeline: Timeline, entry: Entry) -> None:
        facts, what = entry.facts, entry.what
        if what == "download" and entry.status == 200 and not facts.get("login"):
            timeline.fetched = True
        elif what == "voicememo":
            self._learn_memo(timeline, entry)
        elif entry.side == "linq" and "message_id" in facts and facts["message_id"] not in timeline.memos:
            timeline.memos.append(facts["message_id"])
        elif what == "chat.postMessage" and entry.status == 200 and facts.get("ts"):
            self._learn_notice(timeline, facts["ts"])
        elif what == "shortcut" or facts.get("action_id") == "resend":
            timeline.wishes += 1

    def _learn_notice(self, timeline: Timeline, ts: str) -> None:
        """Take the bot's first message in the thread as the notice; what it posts for a contact is none."""
        posted = self._message(timeline.channel, ts)
        if posted is not None and not posted.username:
            timeline.notices.append(ts)

    def _learn_memo(self, timeline: Timeline, entry: Entry) -> None:
        timeline.in_doubt = entry.status is None or entry.status >= 500
        memo = entry.facts.get("message_id")
        if not memo:
            return
        owner = self._settle(timeline, entry.facts["chat_id"])
        owner.memos += [memo] if memo not in owner.memos else []
        owner.chat = self._chat_of[owner.channel] = entry.facts["chat_id"]

    def _settle(self, timeline: Timeline, chat: str) -> Timeline:
        """Return the clip that a memo into this chat belongs to.

        Two clips of the same bytes may have been uploaded at once; if the memo goes where another one's channel leads,
        the two exchange their uploads.
        """
        if self._chat_of.get(timeline.channel, chat) == chat:
            return timeline
        for other in self.all:
            same = other.hashes & timeline.hashes and other.attachments and not other.memos
            if same and self._chat_of.get(other.channel) == chat:
                other.attachments, timeline.attachments = timeline.attachments, other.attachments
                return other
        return timeline

    def _detail(self, timeline: Timeline, entry: Entry) -> str:
        """Return what the notice said at that moment; other entries need no detail."""
        if entry.status != 200 or entry.what not in ("chat.postMessage", "chat.update"):
            return ""
        ts = entry.facts.get("ts", "")
        notice = self._message(timeline.channel, ts)
        if notice is None or notice.user != BOT or ts not in timeline.notices:
            return ""
        texts = [*notice.drafts, notice.text]
        if entry.what == "chat.update":
            timeline.edits += 1
        else:
            return f"“{word_in(texts[0], timeline.name)}”" if ts == timeline.notices[0] else "said aloud"
        return f"“{word_in(texts[min(timeline.edits, len(texts) - 1)], timeline.name)}”"


def _open(file: StoredFile, message: Message, entry: Entry) -> Timeline:
    copies = [file.upload.content] if file.upload.copy is None else [file.upload.content, file.upload.copy]
    return Timeline(
        id=f"{file.id}-{message.ts}",
        name=file.upload.name,
        channel=message.channel,
        ts=message.ts,
        root_ts=message.root_ts,
        opened_at=entry.at,
        file=file.id,
        hashes={hashlib.sha256(content).hexdigest() for content in copies},
    )
