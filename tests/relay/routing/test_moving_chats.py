"""Chats, links, inboxes and threads move at random: each message and each clip goes where it must, and only there."""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.relay.errors import Refused
from bot.relay.ids import RoomId
from bot.relay.model import Message
from bot.relay.parts import Announcement, Text
from bot.relay.rooms import Link, RoomInfo
from tests.fakes import ANN, BASE, LINE, heard, said, voice
from tests.relay.world import World

INBOXES = [RoomId(f"team:T0AAA/C0IN{number}") for number in (1, 2)]
CHANNELS = [RoomId(f"team:T0AAA/C0CH{number}") for number in (1, 2, 3)]
CHATS = [RoomId(f"chat:default/{name}") for name in ("ann", "ben", "cleo", "dora")]
DAY = timedelta(days=1)
STEPS = 60


@dataclass
class Thread:
    """Where a chat's conversation stands. ``closed_at``: None while it is open."""

    room: RoomId
    closed_at: datetime | None = None
    is_gone: bool = False  # its root was deleted


@dataclass
class Expected:
    """What must hold, told in a few plain facts."""

    links: dict[RoomId, RoomId] = field(default_factory=dict)  # the chat of each channel
    inbox: RoomId | None = None
    threads: dict[RoomId, Thread] = field(default_factory=dict)  # of each chat that has a conversation
    former: set[RoomId] = field(default_factory=set)  # threads in which nothing goes on any more
    clock: datetime = BASE

    def channel_of(self, chat: RoomId) -> RoomId | None:
        return next((channel for channel, linked in self.links.items() if linked == chat), None)

    def goes_on(self, chat: RoomId) -> bool:
        thread = self.threads.get(chat)
        return thread is not None and (thread.closed_at is None or thread.closed_at > self.clock - DAY)


class Walk:
    """Does one thing after the other, and asks after each where a message and a clip went."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.expected = Expected()
        self.number = 0
        self.done: list[str] = []

    async def step(self) -> None:
        self.expected.clock += timedelta(minutes=self.chance.choice((1, 20, 60)))
        act = self.chance.choice((self.hear, self.hear, self.hear, self.drop, self.drop, self.change))
        await act()

    async def change(self) -> None:
        acts = (self.link, self.unlink, self.make_inbox, self.end_inbox, self.close, self.move, self.delete_root)
        await self.chance.choice((*acts, self.pass_days))()

    # what is asked

    async def hear(self) -> None:
        chat = self.chance.choice(CHATS)
        words, before = f"words {self.next_number()}", len(self.world.team.sender.sent)
        self.done.append(f"{chat} says {words}")
        message = heard(str(self.number), Text("0", words), room=chat, line=LINE, at=self.expected.clock)
        await self.world.deliveries.accept(message)
        await self.world.run(during=timedelta(minutes=1))
        assert self.places(before) == [(self._place_of(chat, before), words)][: self._is_heard(chat)], self.done
        self._note_heard(chat, before)

    def _is_heard(self, chat: RoomId) -> int:
        expected = self.expected
        return int(bool(expected.channel_of(chat) or expected.goes_on(chat) or expected.inbox))

    def _place_of(self, chat: RoomId, before: int) -> RoomId:
        """The channel of its own link, its thread, or the thread that this message begins."""
        expected, thread = self.expected, self.expected.threads.get(chat)
        if channel := expected.channel_of(chat):
            return channel
        if thread and expected.goes_on(chat) and not thread.is_gone:
            return thread.room
        inbox = RoomId(thread.room.rpartition("/")[0]) if thread and expected.goes_on(chat) else expected.inbox
        return RoomId(f"{inbox}/M{before + 1}")

    def _note_heard(self, chat: RoomId, before: int) -> None:
        expected, thread = self.expected, self.expected.threads.get(chat)
        if expected.channel_of(chat) or not self._is_heard(chat):
            return
        place = self._place_of(chat, before)
        if thread and thread.room != place:
            expected.former.add(thread.room)
        expected.threads[chat] = Thread(place)

    async def drop(self) -> None:
        """A clip in a thread, in a channel, or at an inbox's root."""
        threads = [thread.room for thread in self.expected.threads.values()]
        room = self.chance.choice([*threads, *self.expected.former, *CHANNELS, *INBOXES])
        before, target = len(self.world.chats.sender.sent), self._target_of(room)
        self.done.append(f"a clip in {room}")
        await self._accept(clip(self.next_number(), room, self.expected.clock))
        await self.world.run(during=timedelta(minutes=1))
        sent = [outgoing.delivery.target for outgoing in self.world.chats.sender.sent[before:]]
        assert sent == ([target] if target else []), self.done
        if target and room not in self.expected.links:
            self.expected.threads[target].closed_at = None

    def _target_of(self, room: RoomId) -> RoomId | None:
        if room in self.expected.links:
            return self.expected.links[room]
        chats = (chat for chat, thread in self.expected.threads.items() if thread.room == room)
        return next((chat for chat in chats if not self.expected.channel_of(chat)), None)

    async def _accept(self, message: Message) -> None:
        """A refusal is for the person who dropped it: nothing is sent."""
        try:
            await self.world.deliveries.accept(message)
        except Refused:
            assert message.room in INBOXES, self.done

    # what changes

    async def link(self) -> None:
        channel, chat = self.chance.choice(CHANNELS), self.chance.choice(CHATS)
        if channel not in self.expected.links and not self.expected.channel_of(chat):
            self.done.append(f"{channel} is linked to {chat}")
            await self.world.link(channel, chat)
            self.expected.links[channel] = chat

    async def unlink(self) -> None:
        if self.expected.links:
            channel = self.chance.choice(sorted(self.expected.links))
            self.done.append(f"{channel} is unlinked")
            await self.world.links.part(channel)
            del self.expected.links[channel]

    async def make_inbox(self) -> None:
        if self.expected.inbox is None:
            self.expected.inbox = self.chance.choice(INBOXES)
            self.done.append(f"{self.expected.inbox} is the inbox")
            await self.world.database.links.save(Link(self.expected.inbox, LINE, "our line", "test", is_inbox=True))

    async def end_inbox(self) -> None:
        if self.expected.inbox is not None:
            self.done.append(f"{self.expected.inbox} is no inbox")
            await self.world.links.part(self.expected.inbox)
            self.expected.inbox = None

    async def close(self) -> None:
        if chats := [chat for chat in self.usable() if self.expected.threads[chat].closed_at is None]:
            thread = self.expected.threads[self.chance.choice(chats)]
            self.done.append(f"{thread.room} is closed")
            await self.world.conversations.close(thread.room, by=ANN)
            thread.closed_at = self.expected.clock
            self.world.execute("UPDATE conversations SET closed_at = %s WHERE room = %s", thread.closed_at, thread.room)

    async def move(self) -> None:
        free = [channel for channel in CHANNELS if channel not in self.expected.links]
        chats = [chat for chat in self.usable() if not self.expected.threads[chat].is_gone]
        if not (free and chats):
            return
        chat, channel = self.chance.choice(chats), self.chance.choice(free)
        before, thread = len(self.world.team.sender.sent), self.expected.threads.pop(chat)
        self.done.append(f"{thread.room} moves to {channel}")
        await self.world.conversations.move(thread.room, channel, by=ANN)
        await self.world.run(during=timedelta(minutes=1))
        assert self.places(before) == [(thread.room, "goes on")], self.done
        self.expected.links[channel] = chat
        self.expected.former.add(thread.room)

    async def delete_root(self) -> None:
        if chats := self.usable():
            thread = self.expected.threads[self.chance.choice(chats)]
            self.done.append(f"the root of {thread.room} is deleted")
            thread.is_gone = True
            self.world.team.sender.gone.add(thread.room)

    async def pass_days(self) -> None:
        self.done.append("two days pass")
        self.expected.clock += 2 * DAY

    # help

    def usable(self) -> list[RoomId]:
        """Chats whose conversation is reached from its thread."""
        return [chat for chat in CHATS if chat in self.expected.threads and not self.expected.channel_of(chat)]

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def places(self, since: int) -> list[tuple[RoomId, str]]:
        """Where the team's side got what; a thread that began just now under the name that it has since then."""
        found = []
        for number, outgoing in enumerate(self.world.team.sender.sent[since:], since + 1):
            room, _, thread = outgoing.delivery.target.partition("/new-")
            part = outgoing.delivery.parts[0]
            words = part.text if isinstance(part, Text) else "goes on" if isinstance(part, Announcement) else "?"
            found.append((RoomId(f"{room}/M{number}" if thread else room), words))
        return found


def clip(number: int, room: RoomId, at: datetime) -> Message:
    message = replace(said(str(number), voice(), at=at), room=room)
    if room.count("/") == 1:
        return message
    return replace(message, room=RoomId(room.rpartition("/")[0]), thread=room)


@pytest.mark.parametrize("seed", range(6))
async def test_everything_goes_where_it_must_however_chats_are_moved(world: World, seed: int) -> None:
    await world.links.part(RoomId("team:T0AAA/C0MAP"))
    world.chats.rooms.rooms = [RoomInfo(chat, (chat,)) for chat in CHATS]
    walk = Walk(world, seed)
    await walk.make_inbox()
    for _ in range(STEPS):
        await walk.step()
    roots = [row["room"] for row in world.execute("SELECT room FROM conversations WHERE root IS NOT NULL")]
    assert len(roots) == len(set(roots))
