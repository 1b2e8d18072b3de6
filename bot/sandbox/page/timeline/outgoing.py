"""Sorts the wire log by what the team sent: a file leads to its download, its upload at Linq, its memo, its notice.

The two sides share no id, and names repeat. So an upload belongs to the clip whose bytes it holds, among those whose
file was fetched; a converted one to a fetched clip of its name. Until its bytes are there, an upload waits unsorted.
A text at Linq belongs to the message whose words it has, among those that did not arrive so far.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from bot.sandbox.json_types import Json
from bot.sandbox.linq.state.models import Attachment
from bot.sandbox.page.timeline.timeline import Claim, Outgoing
from bot.sandbox.page.timeline.truth import DEAD_ENDS, message_at, outgoing_truth, slack_word
from bot.sandbox.page.timeline.words import ALIKE, likeness, short
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.state.models import Message, StoredFile
from bot.sandbox.wire import Entry

RECENT = 25
_BEGINNINGS = ("drop", "share", "say")


class OutgoingTimelines:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.all: list[Outgoing] = []
        self._unsorted: dict[str, list[Entry]] = {}
        self._chat_of: dict[tuple[str, str], str] = {}  # by channel and thread: in an inbox each leads elsewhere

    def begin(self, entry: Entry) -> list[Outgoing]:
        """Open a timeline for each file of a message that a person posts, or for its text."""
        if entry.side != "slack" or entry.what not in _BEGINNINGS:
            return []
        message = message_at(self._sandbox, entry.facts["channel"], entry.facts["ts"])
        if message is None:
            return []
        begun = [_of_file(file, message, entry) for file in message.files] or [_of_text(message, entry)]
        self.all += begun
        return begun

    def unfinished(self) -> list[Outgoing]:
        """List those whose two sides have not come to an end together."""
        recent = self.all[-RECENT:]
        return [t for t in recent if not t.sent or outgoing_truth(t, self._sandbox)["verdict"] != "true"]

    def claim(self, entry: Entry) -> Iterator[Claim]:
        """Yield the timelines that an entry belongs to, and entries that waited for what this one tells."""
        if self._is_upload(entry) and not self._owning(entry.facts):
            yield from self._sort(entry)
            return
        for timeline in self._about(entry):
            self._learn(timeline, entry)
            yield timeline, entry

    def _is_upload(self, entry: Entry) -> bool:
        return entry.side == "linq" and "attachment_id" in entry.facts

    # which of them an entry is about

    def _about(self, entry: Entry) -> Iterable[Outgoing]:
        facts = entry.facts
        if found := self._owning(facts):
            return found
        if message := self._sandbox.linq.account.messages.get(facts.get("message_id", "")):
            ids = {media.id for media in message.media}
            return [t for t in self.all if ids.intersection(t.attachments)] or self._of_words(message.text, entry)
        if "file" in facts:
            same = [t for t in self.all if t.file == facts["file"]]
            return [t for t in same if not t.is_fetched][:1] or same[-1:]
        return self._in_slack(entry) if "channel" in facts else self._unnamed(entry)

    def _owning(self, facts: Json) -> list[Outgoing]:
        """Find those that an attachment or a message at Linq is known to belong to."""
        attachment, sent = facts.get("attachment_id"), facts.get("message_id")
        return [t for t in self.all if attachment in t.attachments] or [t for t in self.all if sent in t.sent]

    def _of_words(self, text: str, entry: Entry) -> list[Outgoing]:
        """Find the message whose words were sent; of equal ones the oldest."""
        if entry.what != "messages.send":
            return []
        chat = entry.facts.get("chat_id")
        waiting = [t for t in self.all if t.text and not t.sent and self._leads_to(t, chat)]
        found = max(waiting, key=lambda t: likeness(t.text, text), default=None)
        return [found] if found and likeness(found.text, text) >= ALIKE else []

    def _leads_to(self, timeline: Outgoing, chat: str | None) -> bool:
        return chat in (None, self._known_chat(timeline) or chat)

    def _known_chat(self, timeline: Outgoing) -> str | None:
        """Return where its thread leads, else where the channel's root does."""
        places = ((timeline.channel, timeline.root_ts), (timeline.channel, ""))
        return next((chat for place in places if (chat := self._chat_of.get(place))), None)

    def _sort(self, entry: Entry) -> Iterator[Claim]:
        """Find the clip of an upload by its bytes; what was written of it before follows. Without bytes it waits."""
        attachment = self._sandbox.linq.account.attachments.get(entry.facts["attachment_id"])
        if attachment is None or attachment.stored is None:
            if entry.status is None or entry.status >= 400:
                yield from ((timeline, entry) for timeline in self._unnamed(entry))
            else:
                self._unsorted.setdefault(entry.facts["attachment_id"], []).append(entry)
            return
        for timeline in self._candidates(attachment, entry)[:1]:
            timeline.attachments.append(attachment.id)
            for each in [*self._unsorted.pop(attachment.id, []), entry]:
                self._learn(timeline, each)
                yield timeline, each

    def _candidates(self, attachment: Attachment, entry: Entry) -> list[Outgoing]:
        """List the clips an upload may belong to, the most likely first."""
        assert attachment.stored is not None
        waiting = [t for t in self.all if t.is_fetched and self._waits_for_memo(t)]
        same = [t for t in waiting if attachment.stored.sha256 in t.hashes]
        stem = PurePosixPath(attachment.filename).stem
        found = same or [t for t in waiting if PurePosixPath(t.name).stem == stem]
        found = [t for t in found if self._leads_to(t, entry.facts.get("chat_id"))] or found
        return sorted(found, key=lambda t: (PurePosixPath(t.name).stem != stem, bool(t.attachments)))

    def _waits_for_memo(self, timeline: Outgoing) -> bool:
        if len(timeline.sent) >= timeline.wishes:
            return False
        return slack_word(timeline, self._sandbox) not in DEAD_ENDS or timeline.wishes > 1

    def _in_slack(self, entry: Entry) -> list[Outgoing]:
        facts, root = entry.facts, entry.facts.get("thread_ts", "")
        channel, ts = facts.get("channel", ""), facts.get("ts") or facts.get("timestamp") or ""
        here = [t for t in self.all if t.channel == channel]
        if entry.direction == "to_bot":
            return [] if facts.get("user") == BOT else [t for t in here if t.ts == ts]
        if entry.what == "conversations.history":
            return [t for t in here if not (t.is_heard or t.sent)]
        if found := [t for t in here if ts and ts in (t.ts, *t.notices)]:
            return found
        found = [t for t in here if root and root == t.root_ts]
        fresh = [t for t in found if not t.notices]
        return [t for t in found if t.ts == (fresh or found)[0].ts] if found else []

    def _unnamed(self, entry: Entry) -> Iterable[Outgoing]:
        """Sort an exchange that failed before it named anything: it belongs to those at that point of the way."""
        facts, failed = entry.facts, entry.status is None or entry.status >= 400
        waiting = [t for t in self.unfinished() if not t.sent]
        if facts.get("lost"):
            return self.all[-1:] if entry.side == "slack" else []
        if entry.what == "messages.list":
            return [t for t in self.all if t.in_doubt]
        if not failed:
            return []
        if entry.what in ("voicememo", "messages.send"):
            ready = [t for t in waiting if t.attachments or (t.text and entry.what == "messages.send")]
            return [t for t in ready if self._leads_to(t, facts.get("chat_id"))][:1]
        if entry.what in ("attachments.create", "upload"):
            return [t for t in waiting if t.is_fetched]
        return self.unfinished() if entry.what in ("download", "chat.postMessage", "chat.update") else []

    # what an entry teaches

    def _learn(self, timeline: Outgoing, entry: Entry) -> None:
        facts, what = entry.facts, entry.what
        if what == "download" and entry.status == 200 and not facts.get("login"):
            timeline.is_fetched = True
        elif what in ("voicememo", "messages.send"):
            self._learn_message(timeline, entry)
        elif entry.side == "linq" and "message_id" in facts and facts["message_id"] not in timeline.sent:
            timeline.sent.append(facts["message_id"])
        elif what == "chat.postMessage" and entry.status == 200 and facts.get("ts"):
            self._learn_notice(timeline, facts["ts"])
        elif what == "shortcut" or facts.get("action_id") == "resend":
            timeline.wishes += 1

    def _learn_notice(self, timeline: Outgoing, ts: str) -> None:
        """Take the bot's first message in the thread as the notice; what it posts for a contact is none."""
        posted = message_at(self._sandbox, timeline.channel, ts)
        if posted is not None and not posted.username:
            timeline.notices.append(ts)

    def _learn_message(self, timeline: Outgoing, entry: Entry) -> None:
        timeline.in_doubt = entry.status is None or entry.status >= 500
        sent = entry.facts.get("message_id")
        if not sent:
            return
        owner = self._settle(timeline, entry.facts["chat_id"])
        owner.sent += [sent] if sent not in owner.sent else []
        owner.chat = self._chat_of[owner.channel, owner.root_ts] = entry.facts["chat_id"]
        if owner.root_ts == owner.ts:
            self._chat_of[owner.channel, ""] = owner.chat

    def _settle(self, timeline: Outgoing, chat: str) -> Outgoing:
        """Return the clip that a memo into this chat belongs to.

        Two clips of the same bytes may have been uploaded at once; if the memo goes where another one's channel leads,
        the two exchange their uploads.
        """
        if self._leads_to(timeline, chat):
            return timeline
        for other in self.all:
            same = other.hashes & timeline.hashes and other.attachments and not other.sent
            if same and self._known_chat(other) == chat:
                other.attachments, timeline.attachments = timeline.attachments, other.attachments
                return other
        return timeline


def _of_file(file: StoredFile, message: Message, entry: Entry) -> Outgoing:
    copies = [file.upload.content] if file.upload.copy is None else [file.upload.content, file.upload.copy]
    made = _of_text(message, entry)
    made.id, made.name, made.text, made.file = f"{file.id}-{message.ts}", file.upload.name, "", file.id
    made.hashes = {hashlib.sha256(content).hexdigest() for content in copies}
    return made


def _of_text(message: Message, entry: Entry) -> Outgoing:
    return Outgoing(
        f"{message.channel}-{message.ts}",
        short(message.text),
        entry.at,
        message.channel,
        ts=message.ts,
        root_ts=message.root_ts,
        text=message.text,
    )
