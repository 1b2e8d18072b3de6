"""Small real classes that stand in for the relay's networks. Each fault is a switch; nothing is patched.

The store is always the real one: ``tests/relay/world.py`` runs a relay between these two networks on a real database.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bot.relay.errors import ROOT_GONE, OutcomeUnknown, Refused, RelayError, Remedy, RetryLater
from bot.relay.ids import DeliveryId, MediaRef, MessageId, NoticeId, PersonId, RoomId
from bot.relay.model import AudioInfo, Delivery, DeliveryWithReceipts, Mark, Message, Notice, Receipt, Rendered, Sent
from bot.relay.parts import Edit, Media, Part, Reaction, Text, Voice
from bot.relay.ports.networks import AudioFile, HistoryPage, Network, Outgoing, PlainFile, Settlement, Upload
from bot.relay.receipts import status_of
from bot.relay.rooms import Conversation, ConversationState, LineInfo, Membership, RoomInfo

CHANNEL = RoomId("team:T0AAA/C0MAP")
OTHER_CHANNEL = RoomId("team:T0AAA/C0MAQ")
CHAT = RoomId("chat:default/ann")
OTHER_CHAT = RoomId("chat:default/ben")
ANN = PersonId("team:T0AAA@U0ANN")
CONTACT = PersonId("chat:default@contact")
LINE, ALL_LINES = RoomId("chat:default/line/a"), RoomId("chat:default/line/all")
SECOND = timedelta(seconds=1)
BASE = datetime(2024, 11, 22, 6, 0, tzinfo=UTC)  # long ago, so that the day on which the tests run does not matter

Trouble = dict[str, list[RelayError]]
"""By method: what its next calls raise."""


def _raise(trouble: Trouble, method: str) -> None:
    if trouble.get(method):
        raise trouble[method].pop(0)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what no event tells, as long as a slow machine may take."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def thread_of(message: MessageId) -> RoomId:
    """The thread that a message begins."""
    room, _, number = message.partition("#")
    return RoomId(f"{room}/{number}")


def voice(name: str = "memo.m4a", *, key: str = "") -> Voice:
    key = key or f"F0{name}"
    return Voice(key, name, MediaRef(f"team:T0AAA!{key}"), media_hint="fresh", size_bytes=9)


def public_voice(url: str = "https://example.com/memo.m4a") -> Voice:
    return Voice(url, "memo.m4a", MediaRef(f"web:{url}"))


def said(
    number: str = "1",
    *parts: Part,
    room: RoomId = CHANNEL,
    sender: PersonId = ANN,
    at: datetime | None = None,
    thread: RoomId | None = None,
    command: str = "",
    dedup_key: str = "",
    about: MessageId | None = None,
) -> Message:
    """A message of the team with these parts (one ``memo.m4a`` if none is given)."""
    message = MessageId(f"{room}#{number}")
    return Message(
        id=message,
        room=room,
        sender=sender,
        sent_at=at or BASE + int(number.partition("-")[0]) * SECOND,
        parts=parts or (voice(),),
        thread=thread,
        notice_room=thread or thread_of(message),
        command=command,
        dedup_key=dedup_key,
        about=about,
    )


def heard(
    number: str = "1",
    *parts: Part,
    room: RoomId = CHAT,
    about: MessageId | None = None,
    at: datetime | None = None,
    is_ours: bool = False,
    room_key: str = "",
    is_in_group: bool = False,
    line: RoomId | None = None,
) -> Message:
    """A message of the contact."""
    return Message(
        id=MessageId(f"{room.rpartition('/')[0]}#{number}"),
        room=room,
        sender=CONTACT,
        sent_at=at or BASE + int(number.partition("-")[0]) * SECOND,
        parts=parts or (Text("0", "Hello."),),
        about=about,
        sender_handle="+12025550123",
        is_ours=is_ours,
        room_key=room_key,
        is_in_group=is_in_group,
        within=(line, ALL_LINES) if line else (),
        line="+1 202 555 0100" if line else "",
    )


class FakeDownload:
    def __init__(self, body: bytes, size: int | None, breaks_off_at: int | None = None) -> None:
        self.size_bytes = size
        self._body = body
        self._breaks_off_at = breaks_off_at

    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 4):
            if self._breaks_off_at is not None and start >= self._breaks_off_at:
                raise RetryLater("The download broke off.")
            yield self._body[start : start + 4]


@dataclass
class FakeSource:
    """Hands out files. ``bodies`` by part key; ``stalled``: downloads of these keys give nothing until released."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=dict)
    trouble_of: dict[str, list[RelayError]] = field(default_factory=dict)  # by part key
    stalled: dict[str, asyncio.Event] = field(default_factory=dict)
    breaks_on: str = ""  # the part of this name ends in an error that nobody foresaw
    breaks_off_at: int | None = None  # downloads stop coming about there, in bytes
    tells_sizes: bool = True
    opened: list[str] = field(default_factory=list)  # keys, ever
    left_open: int = 0

    @asynccontextmanager
    async def open(self, part: Voice | Media) -> AsyncIterator[FakeDownload]:
        _raise(self.trouble, "open")
        if self.trouble_of.get(part.key):
            raise self.trouble_of[part.key].pop(0)
        if part.name == self.breaks_on:
            raise KeyError("a fault in open")
        body = self.bodies.get(part.key, b"AUDIO-ok!")
        self.opened.append(part.key)
        self.left_open += 1
        try:
            if part.key in self.stalled:
                await self.stalled[part.key].wait()
            yield FakeDownload(body, len(body) if self.tells_sizes else None, self.breaks_off_at)
        finally:
            self.left_open -= 1


@dataclass
class FakeMediaStore:
    """Takes files. ``stall``: takes not a byte of the next uploads, nor ends them."""

    network: str
    trouble: Trouble = field(default_factory=dict)
    uploads: dict[MediaRef, bytes] = field(default_factory=dict)
    created: list[tuple[str, str, int]] = field(default_factory=list)
    stall: int = 0

    async def create_upload(self, name: str, content_type: str, size_bytes: int) -> Upload:
        _raise(self.trouble, "create_upload")
        self.created.append((name, content_type, size_bytes))
        return Upload(MediaRef(f"{self.network}:x!A{len(self.created)}"), content_type, size_bytes)

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        if self.stall:
            self.stall -= 1
            await asyncio.Event().wait()
        body = b"".join([chunk async for chunk in chunks])
        _raise(self.trouble, "upload")
        self.uploads[upload.media] = body


@dataclass
class FakeSender:
    """Remembers what it was sent. ``lose_answers``: takes the next sends and loses the answer."""

    network: str
    kind: Settlement = Settlement.FIND_OR_ASK
    trouble: Trouble = field(default_factory=dict)
    sent: list[Outgoing] = field(default_factory=list)
    breaks: int = 0  # takes the next sends and ends in an error that nobody foresaw
    keys: dict[DeliveryId, Sent] = field(default_factory=dict)
    lose_answers: int = 0
    lose_requests: int = 0  # neither taken nor answered
    lists_messages: bool = True
    finds: int = 0
    looked_in: list[RoomId | None] = field(default_factory=list)  # the thread given with each find
    meanwhile: list[Awaitable[object]] = field(default_factory=list)  # what happens while the next sends are under way
    gone: set[RoomId] = field(default_factory=set)  # channels that were archived, threads whose root was deleted

    def settlement(self, delivery: Delivery) -> Settlement:
        return self.kind

    async def send(self, outgoing: Outgoing) -> Sent:
        if self.meanwhile:
            await self.meanwhile.pop(0)
        outgoing.require_fresh()
        _raise(self.trouble, "send")
        self._refuse_gone(outgoing.delivery.target)
        if self.lose_requests:
            self.lose_requests -= 1
            raise OutcomeUnknown("The request was lost.")
        if self.kind is Settlement.REPEAT and outgoing.delivery.id in self.keys:
            return self.keys[outgoing.delivery.id]
        self.sent.append(outgoing)
        is_change = isinstance(outgoing.delivery.parts[0], Reaction | Edit)
        taken = Sent(None) if is_change else self._sent(len(self.sent), outgoing.delivery.target)
        self.keys[outgoing.delivery.id] = taken
        if self.breaks:
            self.breaks -= 1
            raise KeyError("a fault in send")
        if self.lose_answers:
            self.lose_answers -= 1
            raise OutcomeUnknown("The answer was lost.")
        return taken

    async def find(self, delivery: Delivery, *, thread: RoomId | None = None) -> Sent | None:
        self.finds += 1
        self.looked_in.append(thread)
        _raise(self.trouble, "find")
        for number, outgoing in enumerate(self.sent, 1):
            if self.lists_messages and self._is_same(outgoing, delivery):
                return self._sent(number, delivery.target)
        return None

    def _sent(self, number: int, target: RoomId) -> Sent:
        """What is sent into a thread that is still to be made becomes its root."""
        channel, is_new, _ = target.partition("/new-")
        return Sent(self.message(number), RoomId(f"{channel}/M{number}") if is_new else None)

    def _refuse_gone(self, target: RoomId) -> None:
        if target in self.gone and "/M" in target:
            raise Refused("The root was deleted.", code=ROOT_GONE)
        if any(target == channel or target.startswith(f"{channel}/") for channel in self.gone):
            raise Refused("The channel is archived.", code="is_archived", remedy=Remedy.RESTORE_ROOM)

    def message(self, number: int) -> MessageId:
        return MessageId(f"{self.network}:x#M{number}")

    def _is_same(self, outgoing: Outgoing, delivery: Delivery) -> bool:
        if outgoing.delivery.target != delivery.target:
            return False
        if delivery.is_public:
            return outgoing.delivery.voice == delivery.voice
        if outgoing.url:
            return unquote(outgoing.url).endswith(delivery.temporary_name)
        return outgoing.delivery.id == delivery.id


@dataclass
class FakeBoard:
    """Keeps notices. ``posts_taken_when_lost``: what ends in trouble was posted all the same."""

    trouble: Trouble = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    removed: list[MessageId] = field(default_factory=list)
    alerts: list[tuple[DeliveryId, str]] = field(default_factory=list)
    marks: dict[NoticeId, list[frozenset[Mark]]] = field(default_factory=dict)  # every call
    posted: dict[NoticeId, list[MessageId]] = field(default_factory=dict)
    finds: int = 0
    waits: int = 0  # how many turns have to wait
    posts_taken_when_lost: bool = True
    by_marks: bool = False  # shows its status by marks, and failures by a text as well
    meanwhile: list[Awaitable[object]] = field(default_factory=list)

    def render(self, notice: Notice) -> Rendered:
        lines = [(_name(told.delivery), status_of(told).status) for told in notice.deliveries]
        text = ", ".join(f"{name} {status}" for name, status in lines)
        if self.by_marks:
            has_failed = any(status == "failed" for _, status in lines)
            marks = {Mark.FAILED} if has_failed else {mark for mark in Mark if any(s == mark.value for _, s in lines)}
            return Rendered(text if has_failed else "", text, marks=frozenset(marks))
        return Rendered(text, f"{text} {[told.delivery.id for told in notice.deliveries]}")

    async def wait_turn(self, notice: Notice, *, is_final: bool) -> bool:
        if not self.waits:
            return False
        self.waits -= 1
        if self.meanwhile:
            await self.meanwhile.pop(0)
        return True

    async def post(self, notice: Notice, rendered: Rendered) -> MessageId:
        message = MessageId(f"{notice.room}#notice-{len(self.posts):04}")
        if not self.trouble.get("post") or self.posts_taken_when_lost:
            self.posts.append(rendered.text)
            self.posted.setdefault(notice.id, []).append(message)
        _raise(self.trouble, "post")
        return message

    async def update(self, notice: Notice, rendered: Rendered) -> None:
        _raise(self.trouble, "update")
        self.edits.append(rendered.text)

    async def find(self, notice: Notice) -> Sequence[MessageId]:
        self.finds += 1
        _raise(self.trouble, "find")
        return self.posted.get(notice.id, [])

    async def remove(self, notice: Notice, message: MessageId) -> None:
        _raise(self.trouble, "remove")
        self.removed.append(message)
        self.posted[notice.id].remove(message)

    async def mark(self, notice: Notice, marks: frozenset[Mark]) -> None:
        _raise(self.trouble, "mark")
        self.marks.setdefault(notice.id, []).append(marks)

    async def alert(self, notice: Notice, delivery: DeliveryWithReceipts) -> None:
        _raise(self.trouble, "alert")
        self.alerts.append((delivery.delivery.id, status_of(delivery).status))


def _name(delivery: Delivery) -> str:
    return delivery.voice.name if delivery.voice else "text"


@dataclass
class FakeDirectory:
    admins: set[PersonId] = field(default_factory=lambda: {ANN})
    memberships: dict[PersonId, Membership] = field(default_factory=dict)  # a member, unless it says otherwise
    groups: dict[str, set[PersonId]] = field(default_factory=dict)
    asked: int = 0

    async def is_admin(self, person: PersonId) -> bool:
        return person in self.admins

    async def membership(self, person: PersonId) -> Membership:
        self.asked += 1
        return self.memberships.get(person, Membership.MEMBER)

    async def is_in_group(self, person: PersonId, group: str) -> bool:
        return person in self.groups.get(group, set())


@dataclass
class FakeStatus:
    trouble: Trouble = field(default_factory=dict)
    says: dict[MessageId, Receipt] = field(default_factory=dict)

    async def poll(self, message: MessageId) -> Receipt | None:
        _raise(self.trouble, "poll")
        return self.says.get(message)


@dataclass
class FakeThreads:
    """Keeps what the roots of conversations show, as pairs of thread and state."""

    shown: list[tuple[RoomId, ConversationState]] = field(default_factory=list)
    trouble: Trouble = field(default_factory=dict)

    def new_thread(self, room: RoomId, key: str) -> RoomId:
        return RoomId(f"{room}/new-{key}")

    async def show(self, conversation: Conversation) -> None:
        _raise(self.trouble, "show")
        self.shown.append((conversation.room, conversation.state))


@dataclass
class FakeBlocking:
    blocked: set[RoomId] = field(default_factory=set)

    async def block(self, room: RoomId) -> None:
        self.blocked.add(room)

    async def unblock(self, room: RoomId) -> None:
        self.blocked.discard(room)


@dataclass
class FakeRooms:
    rooms: list[RoomInfo] = field(
        default_factory=lambda: [RoomInfo(CHAT, ("+12025550123",)), RoomInfo(OTHER_CHAT, ("+12025550124",))]
    )

    async def room(self, room: RoomId) -> RoomInfo:
        for known in self.rooms:
            if known.id == room:
                return known
        raise Refused("There is no such chat.", code="2001")

    def person(self, handle: str) -> PersonId:
        return PersonId(f"chat:default@{handle}")

    async def find_line(self, query: str) -> LineInfo:
        if query != "+12025550100":
            raise Refused("That is none of our numbers.")
        return LineInfo(LINE, "+1 202 555 0100", len(self.rooms))

    async def search_rooms(self, typed: str) -> Sequence[RoomInfo]:
        return [room for room in self.rooms if any(typed in each for each in (room.name, *room.people))]

    async def find_rooms(self, query: str) -> Sequence[RoomInfo]:
        found = [room for room in self.rooms if query in (room.id, *room.people)]
        if not found:
            raise Refused(f"There is no chat with {query} yet.")
        return found


@dataclass
class FakeHistory:
    """``said`` is everything that stands in the rooms; pages hold ``page`` messages, the newest first."""

    said: list[Message] = field(default_factory=list)
    page: int = 100
    trouble: Trouble = field(default_factory=dict)
    reads: list[RoomId] = field(default_factory=list)
    deleted: dict[MessageId, Sequence[str]] = field(default_factory=dict)  # what is left of them
    everywhere: bool = False  # what is said is listed in every room that is read
    reactions_of: frozenset[MessageId] = frozenset()
    read_at: datetime | None = None

    async def read(self, room: RoomId, since: datetime, cursor: str = "") -> HistoryPage:
        _raise(self.trouble, "read")
        self.reads.append(room)
        said = [m for m in self.said if self.everywhere or room in m.rooms]
        there = [m for m in said if m.sent_at > since and m.id not in self.deleted]
        newest_first = sorted(there, key=lambda m: m.sent_at, reverse=True)
        start = int(cursor or 0)
        page, rest = newest_first[start : start + self.page], newest_first[start + self.page :]
        return HistoryPage(page, str(start + self.page) if rest else "", self.reactions_of, self.read_at)

    async def surviving_parts(self, message: MessageId) -> Sequence[str]:
        _raise(self.trouble, "surviving_parts")
        if message in self.deleted:
            return self.deleted[message]
        return [part.key for known in self.said if known.id == message for part in known.parts]


class FakeAudio:
    """Bodies that begin with AUDIO pass, OTHER is converted, anything else is refused."""

    def declare(self, head: bytes, name: str) -> tuple[str, str] | None:
        if head:
            return ("audio/x-m4a", "m4a") if head.startswith(b"AUDIO") else None
        return ("audio/x-m4a", "m4a") if name.endswith((".m4a", ".mp4")) else None

    async def convert(self, path: Path, target: Path) -> AudioFile:
        body = path.read_bytes()
        if body.startswith(b"AUDIO"):
            return AudioFile(path, "audio/x-m4a", "m4a", len(body), AudioInfo(1.5))
        if body.startswith(b"OTHER"):
            target.write_bytes(b"CONVERTED")
            return AudioFile(target, "audio/x-m4a", "m4a", 9, AudioInfo(1.5, converted_from="Ogg (Opus)"))
        raise Refused("The file holds no sound that can be played. Record it again.")


class FakeFiles:
    """Takes every file as it is, but those whose name ends in .exe."""

    async def convert(self, path: Path, part: Media, copy: Path) -> Sequence[PlainFile]:
        if part.name.endswith(".exe"):
            raise Refused(f"{part.name} is of a type that cannot be shown.")
        return [PlainFile(path, part.name, part.content_type or "application/octet-stream", path.stat().st_size)]


@dataclass
class FakeTeam:
    """The team's network: people write there, and notices stand there."""

    source: FakeSource = field(default_factory=FakeSource)
    media: FakeMediaStore = field(default_factory=lambda: FakeMediaStore("team"))
    sender: FakeSender = field(default_factory=lambda: FakeSender("team", Settlement.FIND_OR_REPEAT))
    board: FakeBoard = field(default_factory=FakeBoard)
    directory: FakeDirectory = field(default_factory=FakeDirectory)
    history: FakeHistory = field(default_factory=FakeHistory)
    threads: FakeThreads = field(default_factory=FakeThreads)
    unknown_emoji: Collection[str] = ()

    def network(self) -> Network:
        return Network(
            "team",
            names_refused=True,
            shows_reaction=lambda emoji: emoji not in self.unknown_emoji,
            source=self.source,
            media=self.media,
            audio=FakeAudio(),
            files=FakeFiles(),
            sender=self.sender,
            board=self.board,
            directory=self.directory,
            history=self.history,
            deletions=self.history,
            threads=self.threads,
        )


@dataclass
class FakeChats:
    """The contacts' network."""

    source: FakeSource = field(default_factory=FakeSource)
    media: FakeMediaStore = field(default_factory=lambda: FakeMediaStore("chat"))
    sender: FakeSender = field(default_factory=lambda: FakeSender("chat"))
    status: FakeStatus = field(default_factory=FakeStatus)
    rooms: FakeRooms = field(default_factory=FakeRooms)
    history: FakeHistory = field(default_factory=FakeHistory)
    blocking: FakeBlocking = field(default_factory=FakeBlocking)

    def network(self) -> Network:
        return Network(
            "chat",
            voice_alone=True,
            single_reaction=True,
            source=self.source,
            media=self.media,
            audio=FakeAudio(),
            files=FakeFiles(),
            sender=self.sender,
            status=self.status,
            history=self.history,
            blocking=self.blocking,
        )


class Faulty:
    """Anything, with faults: ``trouble`` is raised by the next calls of that name before they are made, ``after`` once
    they were made. ``meanwhile`` happens just before a call of that name."""

    def __init__(self, inner: object) -> None:
        self.inner = inner
        self.trouble: dict[str, list[Exception]] = {}
        self.after: dict[str, list[Exception]] = {}
        self.meanwhile: dict[str, list[Callable[[], Awaitable[object]]]] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            if self.meanwhile.get(name):
                await self.meanwhile[name].pop(0)()
            if self.trouble.get(name):
                raise self.trouble[name].pop(0)
            result = await method(*args, **kwargs)
            if self.after.get(name):
                raise self.after[name].pop(0)
            return result

        return call
