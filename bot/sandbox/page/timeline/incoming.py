"""Sorts the wire log by what contacts said: a webhook names its message, and a post is known by the words in it.

The two sides share no id. So a post without a thread notice's form belongs to the message whose words it shows. Equal
words are told apart by their order, by the name above the post, and by the chat that was shown there before: a channel
may show one chat, or one in each thread. An upload belongs to the message that shows it in the end, and waits unsorted
until then.
"""

from collections.abc import Iterator

from bot.sandbox.page.contacts import name_of
from bot.sandbox.page.timeline.timeline import Claim, Incoming
from bot.sandbox.page.timeline.truth import message_at
from bot.sandbox.page.timeline.words import ALIKE, likeness, short
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.wire import Entry

CANDIDATES_MOST = 40
_UPLOAD_STEPS = ("files.getUploadURLExternal", "files.upload")


class IncomingTimelines:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.all: list[Incoming] = []
        self._uploads: dict[str, list[Entry]] = {}
        self._chat_of: dict[tuple[str, str], str] = {}  # by channel and thread, "" at the channel's root

    def begin(self, entry: Entry) -> list[Incoming]:
        """Open a timeline for each message that a contact sends."""
        if entry.what != "phone.send" or entry.facts.get("dropped"):
            return []
        message = self._sandbox.linq.account.messages[entry.facts["message_id"]]
        name = short(message.text) if message.text else _name_of_media([media.content_type for media in message.media])
        made = Incoming(f"phone-{message.id}", name, entry.at, chat=message.chat_id, message=message.id)
        self.all.append(made)
        return [made]

    def claim(self, entry: Entry) -> Iterator[Claim]:
        """Yield the timeline that an entry belongs to, and entries that waited for what this one tells."""
        if entry.side == "linq":
            yield from ((timeline, entry) for timeline in self._at_linq(entry))
        elif entry.what in _UPLOAD_STEPS:
            self._uploads.setdefault(str(entry.facts.get("file_id") or entry.facts.get("file")), []).append(entry)
        elif (timeline := self._in_slack(entry)) is not None:
            yield timeline, entry
            yield from self._attached(timeline)

    def _at_linq(self, entry: Entry) -> list[Incoming]:
        facts = entry.facts
        if "message_id" in facts:
            return [t for t in self.all if t.message == facts["message_id"]]
        if "attachment_id" in facts:
            return [t for t in self.all if facts["attachment_id"] in self._media_ids(t)]
        if entry.what == "messages.list":
            return [t for t in self.all if t.chat == facts.get("chat_id") and not (t.posts or t.is_heard)]
        return []

    def _media_ids(self, timeline: Incoming) -> list[str]:
        return [media.id for media in self._sandbox.linq.account.messages[timeline.message].media]

    def _in_slack(self, entry: Entry) -> Incoming | None:
        channel, ts = entry.facts.get("channel", ""), entry.facts.get("ts") or entry.facts.get("timestamp")
        own = next((t for t in self.all if t.channel == channel and ts in t.posts), None)
        if own is not None:
            return None if _is_echo(entry) else own
        if entry.what != "chat.postMessage":
            return None
        if entry.status == 200 and ts:
            return self._posted(entry, channel, str(ts))
        is_waiting = "thread_ts" not in entry.facts
        waiting = [t for t in self._candidates(channel) if is_waiting and not t.posts]
        return max(waiting, key=lambda t: t.chat == self._chat_of.get((channel, "")), default=None)

    def _posted(self, entry: Entry, channel: str, ts: str) -> Incoming | None:
        """Find whose words a post shows; nobody's are the bot's own."""
        post = message_at(self._sandbox, channel, ts)
        candidates = self._candidates(channel)
        if post is None or post.user != BOT or not candidates or (post.thread_ts and not post.username):
            return None
        shown_here = self._chat_of.get((channel, post.thread_ts or ""))

        def rank(t: Incoming) -> tuple[bool, bool, bool]:
            return not t.posts, self._sender(t) == post.username, t.chat == shown_here

        scored = [(likeness(self._text(t), post.text), rank(t), t) for t in candidates]
        like, _, found = max(scored, key=lambda each: each[:2])  # of equal ones the oldest
        if like < ALIKE:
            silent = [t for t in candidates if not (self._text(t) or t.posts) and post.username]
            if not silent:
                return None
            found = max(silent, key=rank)
        found.channel = channel
        found.posts.append(ts)
        self._chat_of[channel, post.thread_ts or ""] = self._chat_of[channel, post.thread_ts or ts] = found.chat
        return found

    def _sender(self, timeline: Incoming) -> str:
        return name_of(self._sandbox.linq.account.messages[timeline.message].sender.address)

    def _text(self, timeline: Incoming) -> str:
        return self._sandbox.linq.account.messages[timeline.message].text

    def _candidates(self, channel: str) -> list[Incoming]:
        return [t for t in self.all[-CANDIDATES_MOST:] if t.channel in ("", channel)]

    def _attached(self, timeline: Incoming) -> Iterator[Claim]:
        """Yield the uploads of files that the message shows by now."""
        for ts in timeline.posts:
            post = message_at(self._sandbox, timeline.channel, ts)
            for file in post.files if post else []:
                timeline.files.append(file.id)
                yield from ((timeline, entry) for entry in self._uploads.pop(file.id, []))


def _is_echo(entry: Entry) -> bool:
    """Return whether Slack only tells the bot of what the bot itself did."""
    is_event = entry.direction == "to_bot" and entry.what.startswith("event ")
    return is_event and (entry.what == "event message" or entry.facts.get("user") == BOT)


def _name_of_media(types: list[str]) -> str:
    if any(kind.startswith("audio/") for kind in types):
        return "Voice memo"
    return "Picture" if any(kind.startswith("image/") for kind in types) else "File"
