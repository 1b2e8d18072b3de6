"""The relay as the Slack adapter sees it: remembers what was asked of it. Each fault is a switch."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.relay.errors import Refused
from bot.relay.ids import DeliveryId, MessageId, PersonId, RoomId
from bot.relay.model import Message
from bot.relay.parts import Media, Voice
from bot.relay.rooms import LineInfo, Link, LinkSettings, RoomInfo, UnheardRoom
from bot.relay.routing import settings
from bot.slack.ids import person_id
from tests.slack.fake_workspace import ANN, TEAM

ANNS_CHAT = RoomInfo(RoomId("linq:default/0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"), ("+12025550123",), service="iMessage")
GROUP = RoomInfo(
    RoomId("linq:default/1d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"),
    ("+12025550123", "+12025550199"),
    is_group=True,
    name="Crew",
)

LINE = LineInfo(RoomId("linq:default/line/1f2e3d"), "+1 202 555 0100", rooms=3)


@dataclass
class FakeRelay:
    """MessageIntake, LinkService, DeliveryActions and ConversationService in one.

    ``trouble``: raised by everything while it is set.
    ``held``: clear it, and whatever is asked for takes until it is set again. ``asked`` is set by the first question.
    ``refusal``: what explicit acts are refused with.
    """

    messages: list[Message] = field(default_factory=list)
    withdrawn: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    sent_already: list[PersonId] = field(default_factory=list)  # whose parts a withdrawal comes too late for
    gaps: list[RoomId] = field(default_factory=list)  # whose histories have to be read
    acts: list[tuple[str, ...]] = field(default_factory=list)
    links: dict[RoomId, Link] = field(default_factory=dict)
    rooms: list[RoomInfo] = field(default_factory=lambda: [ANNS_CHAT])
    holders: dict[RoomId, PersonId] = field(default_factory=dict)  # who has taken which conversation
    chats_unheard: list[UnheardRoom] = field(default_factory=list)
    messages_held: list[MessageId] = field(default_factory=list)  # of which something is held
    shown_as: dict[str, str] = field(default_factory=dict)  # how labels are shown to those who may see numbers
    admins: set[PersonId] = field(default_factory=lambda: {person_id(TEAM, ANN)})
    refusal: str = ""
    trouble: Exception | None = None
    held: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.held.set()

    async def _take(self) -> None:
        self.asked.set()
        await self.held.wait()
        if self.trouble is not None:
            raise self.trouble

    async def open_gap(self, rooms: Sequence[RoomId]) -> None:
        self.gaps += rooms

    async def accept(self, message: Message) -> Sequence[DeliveryId]:
        await self._take()
        if not any(room in self.links for room in message.rooms):
            return ()
        if self.refusal and message.command:
            raise Refused(self.refusal)
        self.messages.append(message)
        return [DeliveryId(f"d{number}") for number in range(len(message.parts))]

    @property
    def names(self) -> list[str]:
        """Of the recordings and files that came, in their order."""
        parts = [part for message in self.messages for part in message.parts]
        return [part.name for part in parts if isinstance(part, Voice | Media)]

    async def withdraw(
        self, message: MessageId, rooms: Sequence[RoomId], kept: Sequence[str] = ()
    ) -> Sequence[PersonId]:
        await self._take()
        self.withdrawn.append((message, tuple(rooms), tuple(kept)))
        return self.sent_already

    async def retry_rooms(self, rooms: Sequence[RoomId]) -> None:
        await self._take()
        self.acts.append(("retry rooms", *rooms))

    async def of(self, room: RoomId) -> Link | None:
        await self._take()
        return self.links.get(room)

    async def all(self) -> Sequence[Link]:
        await self._take()
        return list(self.links.values())

    async def named(self, links: Sequence[Link]) -> Sequence[Link]:
        await self._take()
        return [replace(link, label=self.shown_as.get(link.label, link.label)) for link in links]

    async def may_send(self, link: Link, person: PersonId) -> None:
        await self._take()

    async def choices(self, query: str, *, by: PersonId) -> Sequence[RoomInfo]:
        await self._take()
        if not self.rooms:
            raise Refused(f"There is no chat with {query} yet.")
        return self.rooms

    async def search(self, typed: str, *, by: PersonId) -> Sequence[RoomInfo]:
        await self._take()
        return [room for room in self.rooms if any(typed in person for person in room.people)]

    async def is_admin(self, person: PersonId) -> bool:
        await self._take()
        return person in self.admins

    async def link(self, room: RoomId, peer: RoomId, *, by: PersonId) -> Link:
        await self._take()
        self.links[room] = Link(room, peer, "+12025550123", by)
        return self.links[room]

    async def set(self, room: RoomId, changes: Mapping[str, Sequence[str]], *, by: PersonId | None) -> Link:
        await self._take()
        for key, values in changes.items():
            link = self.links[room]
            self.links[room] = replace(link, settings=settings.change(link.settings, key, values))
        return self.links[room]

    async def find_line(self, query: str, *, by: PersonId | None) -> LineInfo:
        await self._take()
        if self.refusal:
            raise Refused(self.refusal)
        return LINE

    async def make_inbox(self, room: RoomId, line: LineInfo, *, made_by: str) -> Link:
        await self._take()
        for link in self.links.values():
            if link.peer == line.room and link.room != room:
                raise Refused(f"{line.label} has an inbox already.", room=link.room)
        self.links[room] = Link(room, line.room, line.label, made_by, LinkSettings(), is_inbox=True)
        return self.links[room]

    async def unlink(self, room: RoomId, *, by: PersonId) -> tuple[Link, int]:
        await self._take()
        if room not in self.links:
            raise Refused("This place is not linked to anybody.")
        return self.links.pop(room), 2

    async def moved(self, old: RoomId, new: RoomId) -> None:
        await self._take()
        self.acts.append(("moved", old, new))

    async def resend(self, delivery: DeliveryId, *, by: PersonId | None) -> DeliveryId:
        await self._take()
        self.acts.append(("resend", delivery, str(by)))
        return DeliveryId("again")

    async def resend_message(self, message: MessageId, *, by: PersonId) -> int:
        await self._take()
        self.acts.append(("resend message", message, by))
        return 2

    async def confirm_delivered(self, delivery: DeliveryId, *, by: PersonId) -> None:
        await self._take()
        self.acts.append(("confirm delivered", delivery, by))

    async def approve(self, delivery: DeliveryId, *, by: PersonId) -> None:
        await self._take()
        self.acts.append(("approve", delivery, by))

    async def send_now(self, delivery: DeliveryId, *, by: PersonId) -> None:
        await self._take()
        self.acts.append(("send now", delivery, by))

    async def reschedule(self, delivery: DeliveryId, at: datetime, *, by: PersonId) -> None:
        await self._take()
        self.acts.append(("reschedule", delivery, at.isoformat(), by))

    async def reschedule_message(self, message: MessageId, at: datetime, *, by: PersonId) -> int:
        await self._take()
        if message in self.messages_held:
            self.acts.append(("reschedule message", message, at.isoformat(), by))
        return message in self.messages_held

    async def next_schedule(self, message: MessageId) -> str:
        return f"{message}/later/{sum(accepted.id == message for accepted in self.messages)}"

    async def dismiss(self, delivery: DeliveryId, *, by: PersonId) -> None:
        await self._take()
        self.acts.append(("dismiss", delivery, by))

    async def take(self, room: RoomId, *, by: PersonId) -> PersonId:
        await self._act("take", room, by)
        return self.holders.setdefault(room, by)

    async def release(self, room: RoomId, *, by: PersonId) -> None:
        await self._act("release", room, by)
        self.holders.pop(room, None)

    async def close(self, room: RoomId, *, by: PersonId) -> None:
        await self._act("close", room, by)

    async def reopen(self, room: RoomId, *, by: PersonId) -> None:
        await self._act("reopen", room, by)

    async def move(self, room: RoomId, to: RoomId, *, by: PersonId) -> Link:
        await self._act("move", room, to, by)
        return Link(to, ANNS_CHAT.id, ANNS_CHAT.label, by)

    async def block(self, room: RoomId, *, by: PersonId) -> None:
        await self._act("block", room, by)

    async def unblock(self, room: RoomId, *, by: PersonId) -> None:
        await self._act("unblock", room, by)

    async def unheard(self) -> Sequence[UnheardRoom]:
        await self._take()
        return self.chats_unheard

    async def _act(self, *act: str) -> None:
        """What is refused leaves nothing."""
        await self._take()
        if self.refusal:
            raise Refused(self.refusal)
        self.acts.append(act)
