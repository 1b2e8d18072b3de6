"""Who talks to whom: one chat per channel, and who may say so.

Unlinking touches no delivery: each knows its chat since it was accepted, and finishes its way.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from bot.relay.errors import Refused
from bot.relay.model import ChannelId, Chat, ChatId, Link, UserId
from bot.relay.ports import LinkStore, Linq, Slack

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
PHONE = re.compile(r"\+[1-9]\d{6,14}")
EMAIL = re.compile(r"[^@\s<>|]+@[^@\s<>|]+\.[^@\s<>|]+")
FROM_FILE = "LINKS_FILE"  # who made a link that an operator keeps in a file


class Links:
    def __init__(
        self,
        store: LinkStore,
        slack: Slack,
        linq: Linq,
        *,
        admins: Collection[UserId] = (),
        parted: Callable[[ChannelId], None] = lambda _: None,
    ) -> None:
        """``parted`` is told of each channel that is not linked any more."""
        self._parted = parted
        self._store = store
        self._slack = slack
        self._linq = linq
        self._admins = frozenset(admins)

    async def linked(self, channel: ChannelId) -> Link | None:
        return await self._store.linked(channel)

    async def all(self) -> Sequence[Link]:
        return await self._store.all()

    async def choices(self, target: str, *, by: UserId) -> Sequence[Chat]:
        """What ``find`` gives, for a person: who is in a chat is shown only to those who may link."""
        await self._allow(by)
        return await self.find(target)

    async def find(self, target: str) -> Sequence[Chat]:
        """The chats that may be meant by a chat id, a phone number or an e-mail address; never none."""
        target = target.strip()
        if UUID.fullmatch(target):
            return [await self._linq.chat(ChatId(target.lower()))]
        number = re.sub(r"[\s().-]", "", target)
        handle = number if PHONE.fullmatch(number) else target
        if not (PHONE.fullmatch(handle) or EMAIL.fullmatch(handle)):
            raise Refused(
                "That is neither a chat id, a phone number nor an e-mail address. "
                "Write a number with its country code, like +12025550123."
            )
        chats = await self._linq.chats_with(handle)
        if not chats:
            raise Refused(
                f"There is no chat with {handle} yet. A voice memo cannot open a chat: "
                "exchange a first message with them, then link again."
            )
        return chats

    async def link(self, channel: ChannelId, chat: ChatId, *, by: UserId) -> Link:
        await self._allow(by)
        return await self.join(channel, await self._linq.chat(chat), made_by=by)

    async def join(self, channel: ChannelId, chat: Chat, *, made_by: str) -> Link:
        """Join them, for somebody who may (the operator at the command line may always)."""
        standing = await self._store.linked(channel)
        if standing is not None and standing.chat != chat.id and standing.made_by != FROM_FILE:
            raise Refused(f"This channel is linked to {standing.label or standing.chat}. Unlink it first.")
        link = Link(channel, chat.id, label(chat), made_by)
        await self._store.save(link)
        return link

    async def unlink(self, channel: ChannelId, *, by: UserId) -> tuple[Link, int]:
        """The link that was, and how many deliveries are still on their way into its chat."""
        await self._allow(by)
        return await self.part(channel)

    async def part(self, channel: ChannelId) -> tuple[Link, int]:
        link = await self._store.remove(channel)
        if link is None and await self._store.linked(channel):
            raise Refused("This link stands in the operator's LINKS_FILE and can only be taken out there.")
        if link is None:
            raise Refused("This channel is not linked to a chat.")
        self._parted(channel)
        return link, await self._store.open_in(link.chat)

    async def moved(self, old: ChannelId, new: ChannelId) -> None:
        """Slack gave the channel a new id (workspace migrations do); its link follows. Where that breaks off halfway,
        both are linked, and Slack tells of it again."""
        link = await self._store.linked(old)
        if link is not None and link.made_by != FROM_FILE:
            await self._store.save(replace(link, channel=new))
            await self._store.remove(old)
            self._parted(old)

    async def _allow(self, user: UserId) -> None:
        if user not in self._admins and not await self._slack.is_admin(user):
            raise Refused("Only workspace admins may link or unlink a channel. Ask one of them to do it.")


def label(chat: Chat) -> str:
    """Who is in the chat, in a few words."""
    return chat.name or ", ".join(chat.people) or chat.id
