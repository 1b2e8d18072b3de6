"""A conversation of an inbox, as both sides have it: its root, its thread, and the channel that it may be moved to."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.state.models import Message
from tests.crash.conversation import ContactMessage, Conversation, TeamMessage
from tests.crash.presses import Press
from tests.stories.system import System, said_in, shown

OPEN_STATUSES = ("", "queued", "held")
STATE_ID = "memobridge state"


@dataclass
class ThreadView(System):
    """Both sides seen from one conversation. ``channel`` is the inbox; ``moved_to`` the channel in which it goes on."""

    name: str = ""
    moved_to: str = ""

    @property
    def root(self) -> Message | None:
        """The first post of the conversation at the root of the inbox."""
        return next(iter(self.roots()), None)

    def roots(self) -> list[Message]:
        return [post for post in self.posts() if post.channel == self.channel and not post.thread_ts]

    def posts(self, channel: str = "") -> list[Message]:
        """What the contact said, wherever it stands."""
        found: list[Message] = []
        for place in filter(None, (channel,) if channel else (self.channel, self.moved_to)):
            found += [post for post in System.posts(self, place) if said_in(post).startswith(f"C-{self.name}-")]
        return sorted(found, key=lambda post: float(post.ts))

    @property
    def state(self) -> str:
        """What the root says of how the conversation stands."""
        blocks = self.root.blocks if self.root else []
        lines = [block for block in blocks if block.get("block_id") == STATE_ID]
        return str(lines[0]["elements"][0]["text"]) if lines else ""

    def has_button(self, action: str) -> bool:
        return any(
            element.get("action_id") == action
            for block in (self.root.blocks if self.root else [])
            for element in block.get("elements", ())
        )

    async def drop(self, *uploads: Any, **more: Any) -> Message:
        return await self.slack.drop(self._place, *uploads, **self._in_thread(more))

    async def say(self, text: str, **more: Any) -> Message:
        return await self.slack.say(self._place, text, **self._in_thread(more))

    @property
    def _place(self) -> str:
        return self.moved_to or self.channel

    def _in_thread(self, more: dict[str, Any]) -> dict[str, Any]:
        if self.moved_to:
            return more
        assert self.root is not None, "the team answers in threads that it sees"
        return {"thread_ts": self.root.ts, **more}


@dataclass
class InboxConversation(Conversation):
    """``presses``: what people did at its root. ``moving``: it was moved, but who did it does not know that yet."""

    view: ThreadView
    presses: list[Press] = field(default_factory=list)
    new_channel: str = ""

    @property
    def name(self) -> str:
        return self.view.name

    @property
    def channels(self) -> set[str]:
        return {self.view.channel, self.new_channel or self.view.channel}

    @property
    def move(self) -> Press | None:
        return next((each for each in self.presses if each.name == "move"), None)

    @property
    def is_moving(self) -> bool:
        return self.move is not None and not self.view.moved_to

    def places_of(self, said: ContactMessage) -> set[tuple[str, str | None]]:
        """In the thread until it is moved, in its own channel from then on; what was said meanwhile, in one of them."""
        root, posts = self.view.root, self.posts(said.label)
        thread = None if root is None or root in posts else root.ts
        in_thread, in_channel = (self.view.channel, thread), (self.new_channel, None)
        if self.move is None:
            return {in_thread}
        is_after = self.move.is_done and said.message.created_at.timestamp() > self.move.ended_at
        return {in_channel} if is_after else {in_thread, in_channel}

    @property
    def is_at_rest(self) -> bool:
        """Whether all that the team said is known to have arrived, as they see it."""
        return all(self.is_over(said) for said in self.team)

    def is_over(self, said: TeamMessage) -> bool:
        if said.text:
            return bool(self.view.marks(said.message)) or (self.is_group and self.has_arrived(said))
        statuses = shown(self.view.notice(said.message))
        return len(statuses) == len(said.clips) and not any(each in OPEN_STATUSES for each in statuses)
