"""The relay as the Slack door sees it: remembers what was asked of it. Each fault is a switch."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.relay.errors import Refused
from bot.relay.model import ChannelId, Chat, ChatId, DeliveryId, Link, Share, UserId

CHAT = Chat(ChatId("0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"), ("+12025550123",), service="iMessage")
GROUP = Chat(
    ChatId("1d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"), ("+12025550123", "+12025550199"), is_group=True, name="Crew"
)


@dataclass
class FakeRelay:
    """DeliveryService, links and wishes in one. ``trouble`` is raised by everything while it is set.

    ``held``: clear it, and whatever is asked for takes until it is set again. ``asked`` is set by the first question.
    """

    shares: list[Share] = field(default_factory=list)
    withdrawn: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    wishes: list[tuple[str, ...]] = field(default_factory=list)
    links: dict[ChannelId, Link] = field(default_factory=dict)
    chats: list[Chat] = field(default_factory=lambda: [CHAT])
    trouble: Exception | None = None
    held: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.held.set()

    async def _turn(self) -> None:
        self.asked.set()
        await self.held.wait()
        if self.trouble is not None:
            raise self.trouble

    async def accept(self, share: Share) -> Sequence[DeliveryId]:
        await self._turn()
        self.shares.append(share)
        return [DeliveryId(f"d{number}") for number in range(len(share.clips))]

    async def withdraw(self, channel: ChannelId, message_ts: str, kept_files: Sequence[str] = ()) -> None:
        await self._turn()
        self.withdrawn.append((channel, message_ts, tuple(kept_files)))

    async def choices(self, target: str, *, by: UserId) -> Sequence[Chat]:
        await self._turn()
        if not self.chats:
            raise Refused(f"There is no chat with {target} yet.")
        return self.chats

    async def link(self, channel: ChannelId, chat: ChatId, *, by: UserId) -> Link:
        await self._turn()
        self.links[channel] = Link(channel, chat, "+12025550123", by)
        return self.links[channel]

    async def unlink(self, channel: ChannelId, *, by: UserId) -> tuple[Link, int]:
        await self._turn()
        if channel not in self.links:
            raise Refused("This channel is not linked to a chat.")
        return self.links.pop(channel), 2

    async def linked(self, channel: ChannelId) -> Link | None:
        await self._turn()
        return self.links.get(channel)

    async def all(self) -> Sequence[Link]:
        await self._turn()
        return list(self.links.values())

    async def moved(self, old: ChannelId, new: ChannelId) -> None:
        await self._turn()
        self.wishes.append(("moved", old, new))

    async def resend(self, delivery: DeliveryId, *, by: UserId) -> DeliveryId:
        await self._turn()
        self.wishes.append(("resend", delivery, by))
        return DeliveryId("again")

    async def resend_message(self, channel: ChannelId, message_ts: str, *, by: UserId) -> int:
        await self._turn()
        self.wishes.append(("resend message", channel, message_ts, by))
        return 2

    async def arrived(self, delivery: DeliveryId, *, by: UserId) -> None:
        await self._turn()
        self.wishes.append(("arrived", delivery, by))
