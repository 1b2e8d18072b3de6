"""Sorts the wire by clip: a file's id leads to its download, its attachment, its memo, and the notice in its thread.

The two sides share no id, so an attachment is matched to the clip whose file was fetched and whose name it bears. What
was done to the world stands in every time line that is still open, and at the head of the next one.
"""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bot.sandbox.page.controller import Json
from bot.sandbox.page.timeline.rows import row_of
from bot.sandbox.page.timeline.timeline import DEAD_ENDS, Track, thread_word, word_in
from bot.sandbox.slack.state.workspace import BOT
from bot.sandbox.wire import Entry

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

SHOWN_MOST = 25
NOTE_LIVES_S = 120.0


class Tracks:
    """Reads the wire once, in order; ``sections`` gives what is known so far."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox, self._read = sandbox, 0
        self._all: list[Track] = []
        self._done: list[Entry] = []
        self._leads_to: dict[str, str] = {}

    def sections(self) -> Iterator[tuple[str, Json]]:
        """``track:<file id>`` for the most recent ones."""
        self.catch_up()
        for track in self._all[-SHOWN_MOST:]:
            yield f"track:{track.id}", track.shown(self._sandbox)

    def catch_up(self) -> None:
        entries = self._sandbox.wire.entries
        while self._read < len(entries):
            self._take(entries[self._read])
            self._read += 1

    # which clips an entry is about

    def _take(self, entry: Entry) -> None:
        if entry.side == "world":
            self._done.append(entry)
        tracks = self._begun(entry) if entry.what in ("drop", "share") else self._about(entry)
        for track in tracks:
            self._learn(track, entry)
            if row := row_of(entry, self._detail(track, entry)):
                track.add(row)

    def _begun(self, entry: Entry) -> list[Track]:
        """A new time line for each file of a message; what was just done to the world stands above it."""
        channel, ts = entry.facts["channel"], entry.facts["ts"]
        message = self._sandbox.slack.stage.workspace.channels[channel].messages.get(ts)
        begun = []
        for file in message.files if message else []:
            track = Track(
                f"{file.id}-{ts}", file.upload.name, channel, ts, message.root_ts if message else ts, entry.at
            )
            for done in self._done:
                if entry.at - done.at < NOTE_LIVES_S and (row := row_of(done)):
                    track.add(row)
            begun.append(track)
        self._done.clear()
        self._all += begun
        return begun

    def _about(self, entry: Entry) -> Iterable[Track]:
        facts = entry.facts
        if entry.side == "world":
            return self._open()
        if entry.what == "attachments.create" and "attachment_id" in facts:
            return self._matching(facts["filename"])
        for fact, owned in (("attachment_id", "attachments"), ("message_id", "memos")):
            if fact in facts and (found := [t for t in self._all if facts[fact] in getattr(t, owned)]):
                return found
        if memo := self._sandbox.linq.account.messages.get(facts.get("message_id", "")):
            return [t for t in self._all if memo.media and memo.media.id in t.attachments]
        if "file" in facts:
            return [t for t in self._all if t.id.startswith(f"{facts['file']}-")][-1:]
        if "channel" in facts:
            return self._in_slack(entry)
        return self._unnamed(entry)

    def _in_slack(self, entry: Entry) -> list[Track]:
        channel, ts, root = (entry.facts.get(name, "") for name in ("channel", "ts", "thread_ts"))
        here = [t for t in self._all if t.channel == channel]
        if entry.what == "event message":
            return [t for t in here if t.ts == ts]
        if found := [t for t in here if ts and ts in (t.ts, *t.notices)]:
            return found
        found = [t for t in here if root and root == t.root_ts]
        fresh = [t for t in found if not t.notices]
        return [t for t in found if t.ts == (fresh or found)[0].ts] if found else []

    def _matching(self, filename: str) -> list[Track]:
        """Whose upload this is: the bot may ask for a place before it has fetched the file."""
        stem = PurePosixPath(filename).stem
        waiting = [t for t in self._all if not t.memos and thread_word(t, self._sandbox) not in DEAD_ENDS]
        named = [t for t in waiting if PurePosixPath(t.name).stem == stem] or [t for t in waiting if t.fetched]
        fresh = [t for t in named if not t.attachments]
        return fresh[:1] or named[-1:]

    def _unnamed(self, entry: Entry) -> Iterable[Track]:
        """An exchange that failed before it named anything: it belongs to whoever is at that point of the way."""
        facts, failed = entry.facts, entry.status is None or entry.status >= 400
        waiting = [t for t in self._open() if not t.memos]
        if facts.get("lost"):
            return self._all[-1:]
        if entry.what == "messages.list":
            return [t for t in self._all if t.in_doubt]
        if not failed:
            return []
        if entry.what == "voicememo":
            chat = facts.get("chat_id")
            return [t for t in waiting if t.attachments and chat in (None, self._leads_to.get(t.channel, chat))][:1]
        if entry.what in ("attachments.create", "upload"):
            return [t for t in waiting if t.fetched]
        return self._open() if entry.what in ("download", "chat.postMessage", "chat.update") else []

    def _open(self) -> list[Track]:
        """Those whose thread and phone have not come to an end together."""
        recent = self._all[-SHOWN_MOST:]
        return [t for t in recent if not t.memos or t.shown(self._sandbox)["verdict"] != "true"]

    # what an entry teaches

    def _learn(self, track: Track, entry: Entry) -> None:
        facts, what = entry.facts, entry.what
        if what == "download" and entry.status == 200:
            track.fetched = True
        elif what == "attachments.create" and "attachment_id" in facts:
            track.attachments.append(facts["attachment_id"])
        elif what == "voicememo":
            self._learn_memo(track, entry)
        elif "message_id" in facts and facts["message_id"] not in track.memos:
            track.memos.append(facts["message_id"])
        elif what == "chat.postMessage" and entry.status == 200 and facts.get("ts"):
            track.notices.append(facts["ts"])
        elif what == "shortcut" or facts.get("action_id") == "resend":
            track.wishes += 1

    def _learn_memo(self, track: Track, entry: Entry) -> None:
        track.in_doubt = entry.status is None or entry.status >= 500
        memo = entry.facts.get("message_id")
        if memo:
            track.memos += [memo] if memo not in track.memos else []
            track.chat = self._leads_to[track.channel] = entry.facts["chat_id"]

    def _detail(self, track: Track, entry: Entry) -> str:
        """What the notice said at that moment; other entries speak for themselves."""
        if entry.status != 200 or entry.what not in ("chat.postMessage", "chat.update"):
            return ""
        ts = entry.facts.get("ts", "")
        notice = self._sandbox.slack.stage.workspace.channels[track.channel].messages.get(ts)
        if notice is None or notice.user != BOT:
            return ""
        texts = [*notice.drafts, notice.text]
        if entry.what == "chat.update":
            track.edits += 1
        else:
            return f"“{word_in(texts[0], track.name)}”" if ts == track.notices[0] else "said aloud"
        return f"“{word_in(texts[min(track.edits, len(texts) - 1)], track.name)}”"
