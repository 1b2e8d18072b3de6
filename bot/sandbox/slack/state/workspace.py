"""The workspace: its people, channels, messages and files, found by id, with ids and times for new ones."""

import itertools
import time
from collections.abc import Callable

from bot.sandbox.slack.fixtures import (
    ANN,
    ARCHIVED,
    BEN,
    BOT,
    BOT_ID,
    CLIPS,
    CREW,
    ELSEWHERE,
    HIDDEN,
    OTHER_BOT,
    OTHER_BOT_ID,
    PRIVATE,
)
from bot.sandbox.slack.state.models import Channel, Ephemeral, FunctionExecution, Message, StoredFile, User


class Workspace:
    """One team. ``now`` gives seconds since the epoch by Slack's clock."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.users = {u.id: u for u in _people()}
        self.usergroups: dict[str, list[str]] = {}
        self.channels = {c.id: c for c in _channels()}
        self.files: dict[str, StoredFile] = {}
        self.ephemerals: list[Ephemeral] = []
        self.executions: dict[str, FunctionExecution] = {}
        self._last_micros = 0
        # Ids carry the start time: a bot that outlives this workspace must not meet yesterday's ids again.
        self._stem = f"{int(now() * 1000):X}"[-8:]
        self._numbers = itertools.count(1)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{self._stem}{next(self._numbers):05X}"

    def new_ts(self) -> str:
        """Return a message ts: seconds with six digits, unique and rising."""
        self._last_micros = max(int(self.now() * 1_000_000), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def store(self, message: Message) -> None:
        channel = self.channels[message.channel]
        channel.messages[message.ts] = message
        if message.thread_ts:
            channel.threads.setdefault(message.thread_ts, []).append(message.ts)

    def remove(self, message: Message) -> None:
        channel = self.channels[message.channel]
        channel.messages.pop(message.ts, None)
        replies = channel.threads.get(message.thread_ts or "", [])
        if message.ts in replies:
            replies.remove(message.ts)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """List the root (unless deleted) and its replies, oldest first; empty for an unknown ts."""
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
