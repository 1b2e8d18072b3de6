"""What the toy Slack remembers: one team, its people, channels, messages and files. No wire comes in here."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.slack.events.event_dispatcher import EventDelivery
    from bot.sandbox.slack.state.files import StoredFile

Body = dict[str, Any]

TEAM, DOMAIN, APP = "T0TOY000001", "toyworld", "A0MEMO00001"
ANN, BEN = "U0ANN000001", "U0BEN000001"
BOT, BOT_ID = "U0MEMOBOT01", "B0MEMOBOT01"
OTHER_BOT, OTHER_BOT_ID = "U0OTHERBOT1", "B0OTHERBOT1"
CLIPS, CREW, PRIVATE = "C0CLIPS0001", "C0CREW00001", "C0PRIVATE01"
ARCHIVED, ELSEWHERE, HIDDEN = "C0ARCHIVED1", "C0ELSEWHERE", "C0HIDDEN001"


@dataclass(slots=True)
class User:
    """A person or a bot user; ``bot_id`` is empty for people."""

    id: str
    name: str
    real_name: str
    is_admin: bool = False
    bot_id: str = ""
    team: str = TEAM


@dataclass(slots=True)
class Message:
    """One message as stored; ``drafts`` are its earlier texts, oldest first."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Body] = field(default_factory=list)
    attachments: list[Body] = field(default_factory=list)
    files: "list[StoredFile]" = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str = ""
    bot_id: str = ""
    client_msg_id: str = ""
    team: str = TEAM
    metadata: Body | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited_ts: str = ""
    drafts: list[str] = field(default_factory=list)
    delivery: "EventDelivery | None" = field(default=None, repr=False, compare=False)

    @property
    def root_ts(self) -> str:
        """The ts of the thread this message is in, or would start."""
        return self.thread_ts or self.ts


@dataclass(slots=True)
class Ephemeral:
    """What only one person sees: an answer to a command or a chat.postEphemeral."""

    channel: str
    user: str
    ts: str
    text: str = ""
    blocks: list[Body] = field(default_factory=list)
    thread_ts: str | None = None


@dataclass(slots=True)
class Channel:
    """A channel with its messages by ts (in order of time) and, per root ts, the ts of its replies."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    members: set[str] = field(default_factory=set)
    messages: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)


class Workspace:
    """One team. ``now`` gives seconds since the epoch."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.users = {u.id: u for u in _people()}
        self.channels = {c.id: c for c in _channels()}
        self.files: dict[str, StoredFile] = {}
        self.ephemerals: list[Ephemeral] = []
        self._last_micros = 0
        # Ids carry the start time: a bot that outlives this workspace must not meet yesterday's ids again.
        self._stem = f"{int(now() * 1000):X}"[-8:]
        self._numbers = itertools.count(1)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{self._stem}{next(self._numbers):05X}"

    def new_ts(self) -> str:
        """A message ts: seconds with six digits, unique and rising."""
        self._last_micros = max(int(self.now() * 1_000_000), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def store(self, message: Message) -> None:
        channel = self.channels[message.channel]
        channel.messages[message.ts] = message
        if message.thread_ts:
            channel.threads.setdefault(message.thread_ts, []).append(message.ts)

    def forget(self, message: Message) -> None:
        channel = self.channels[message.channel]
        channel.messages.pop(message.ts, None)
        replies = channel.threads.get(message.thread_ts or "", [])
        if message.ts in replies:
            replies.remove(message.ts)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The root (unless deleted) and its replies, oldest first; empty for an unknown ts."""
        place = self.channels[channel]
        found = place.messages.get(ts)
        root = found.root_ts if found else ts
        return [place.messages[t] for t in (root, *place.threads.get(root, ())) if t in place.messages]

    def channel_named(self, name_or_id: str) -> Channel | None:
        if name_or_id in self.channels:
            return self.channels[name_or_id]
        name = name_or_id.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == name), None)


def _people() -> list[User]:
    return [
        User(ANN, "ann", "Ann Archer", is_admin=True),
        User(BEN, "ben", "Ben Brook"),
        User(BOT, "memobridge", "memobridge", bot_id=BOT_ID),
        User(OTHER_BOT, "otherbot", "Other Bot", bot_id=OTHER_BOT_ID),
    ]


def _channels() -> list[Channel]:
    everyone, people = {ANN, BEN, BOT, OTHER_BOT}, {ANN, BEN}
    return [
        Channel(CLIPS, "clips", members=set(everyone)),
        Channel(CREW, "crew", members=set(everyone)),
        Channel(PRIVATE, "private", is_private=True, members=set(everyone)),
        Channel(ARCHIVED, "archived", is_archived=True, members=set(everyone)),
        Channel(ELSEWHERE, "elsewhere", members=set(people)),
        Channel(HIDDEN, "hidden", is_private=True, members=set(people)),
    ]
