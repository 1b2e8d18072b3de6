"""Small real classes that stand in for the relay's neighbours. Each fault is a switch; nothing is patched.

``Memory`` keeps what the store keeps; the laws in ``tests/store`` hold it to the same promises as the real database.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, RetryLater
from bot.relay.links import FROM_FILE
from bot.relay.model import (
    OPEN_STATES,
    AttachmentId,
    AudioInfo,
    ChannelId,
    Chat,
    ChatId,
    Clip,
    Delivery,
    DeliveryId,
    DeliveryState,
    DeliveryWithReceipts,
    Fence,
    Link,
    Memo,
    MemoId,
    Notice,
    NoticeId,
    Post,
    Receipt,
    RefreshNotice,
    RelayJob,
    SendNext,
    Share,
    UserId,
)
from bot.relay.ports import AudioFile, Upload
from bot.relay.receipts import status_of

CHAT = ChatId("0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f")
OTHER_CHAT = ChatId("1d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f")
CHANNEL = ChannelId("C0MAP")
OTHER_CHANNEL = ChannelId("C0MAQ")
ANN = UserId("U0ANN")
SECOND = timedelta(seconds=1)


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 6, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, wait: timedelta) -> None:
        self.now += wait


def share(
    ts: str = "1790000005.606609", *names: str, channel: ChannelId = CHANNEL, trigger: str = "", twin: str = ""
) -> Share:
    """One message with clips of these names (one ``memo.m4a`` if none is given)."""
    clips = tuple(clip(name) for name in names or ("memo.m4a",))
    return Share(Post("T0AAA", channel, ts, ts, ANN), clips, float(ts), trigger, twin)


def clip(name: str = "memo.m4a", *, given_url: str = "") -> Clip:
    if given_url:
        return Clip("", name, given_url=given_url)
    return Clip(f"F0{name}", name, url=f"https://files.slack.com/files-pri/T0AAA-F0{name}/{name}", size_bytes=9)


@dataclass
class Memory:
    """All four stores in one dict-based place; ``errands`` is what an engine would have been handed."""

    clock: Clock
    links: dict[ChannelId, Link] = field(default_factory=dict)
    rows: dict[DeliveryId, Delivery] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    notices: dict[NoticeId, Notice] = field(default_factory=dict)
    errands: list[RelayJob] = field(default_factory=list)
    loans: dict[str, tuple[DeliveryId, datetime]] = field(default_factory=dict)
    looks: dict[DeliveryId, tuple[int, datetime | None]] = field(default_factory=dict)
    waiting: set[NoticeId] = field(default_factory=set)
    withdrawn: set[DeliveryId] = field(default_factory=set)
    commit_takes: timedelta = timedelta()  # a process that is frozen while its intent is being stored
    meanwhile: list[Awaitable[object]] = field(default_factory=list)  # what happens just after the next intents
    trouble: dict[str, list[RelayError]] = field(default_factory=dict)  # by method: what its next calls raise
    breaks: int = 0  # how many records end in an error that nobody foresaw

    # deliveries

    async def accept(self, deliveries: Sequence[Delivery]) -> Sequence[DeliveryId]:
        return [d.id for d in deliveries if self._accept(d)]

    def _accept(self, delivery: Delivery) -> bool:
        link = self.links.get(delivery.post.channel)
        chat = delivery.chat or (link.chat if link else "")
        if not chat or delivery.id in self.rows or any(self._is_twin(delivery, row) for row in self.rows.values()):
            return False
        self.rows[delivery.id] = replace(delivery, chat=ChatId(chat), accepted_at=self.clock())
        self.notices.setdefault(delivery.notice, Notice(delivery.notice, delivery.post.channel, delivery.post.root_ts))
        self.errands.append(SendNext(ChatId(chat)))
        self._bump(delivery)
        return True

    @staticmethod
    def _is_twin(one: Delivery, other: Delivery) -> bool:
        def key(d: Delivery) -> tuple[str, ...]:
            return (d.post.team, d.post.channel, d.twin, d.clip.file_id)

        return bool(one.twin) and key(one) == key(other)

    async def told(self, delivery: DeliveryId) -> DeliveryWithReceipts | None:
        row = self.rows.get(delivery)
        return self._told(row) if row else None

    async def of_message(self, channel: ChannelId, message_ts: str) -> Sequence[DeliveryWithReceipts]:
        rows = [r for r in self.rows.values() if (r.post.channel, r.post.message_ts) == (channel, message_ts)]
        return self._current(rows)

    async def claim(self, chat: ChatId) -> Delivery | None:
        rows = [r for r in self.rows.values() if r.chat == chat and r.step in OPEN_STATES]
        if not rows:
            return None
        oldest = min(rows, key=lambda r: (r.asked_at, r.position))
        return self._set(oldest.id, fence=Fence(oldest.fence + 1))

    async def postpone(
        self, delivery: DeliveryId, fence: Fence, *, due_at: datetime, reason: str, code: str, counts: bool
    ) -> bool:
        row = self.rows[delivery]
        if delivery in self.withdrawn:
            self._fenced(delivery, fence, step=DeliveryState.CANCELLED)
            return False
        step, attempts = (
            (DeliveryState.PREPARED if row.step is DeliveryState.SENDING else row.step),
            row.attempts + counts,
        )
        return self._fenced(delivery, fence, step=step, attempts=attempts, due_at=due_at, reason=reason, code=code)

    async def intend(
        self,
        delivery: DeliveryId,
        fence: Fence,
        *,
        attachment: AttachmentId | None,
        sound: AudioInfo | None,
        at: datetime,
    ) -> bool:
        self.clock.pass_by(self.commit_takes)
        is_ours = self._fenced(
            delivery,
            fence,
            step=DeliveryState.SENDING,
            attachment=attachment,
            sound=sound,
            sending_since=at,
            bump=False,
        )
        if self.meanwhile:
            await self.meanwhile.pop(0)
        return is_ours

    async def lend(self, delivery: DeliveryId, token: str, until: datetime) -> None:
        self.loans[token] = (delivery, until)

    async def lent(self, token: str, now: datetime) -> Delivery | None:
        delivery, until = self.loans.get(token, (None, now))
        row = self.rows.get(delivery) if delivery else None
        return row if row and until > now and row.step in OPEN_STATES | {DeliveryState.RECORDED} else None

    async def fetched(self, delivery: DeliveryId, at: datetime) -> None:
        _raise(self.trouble, "fetched")
        self._set(delivery, fetched_at=at)

    async def record(self, delivery: DeliveryId, memo: Memo) -> bool:
        _raise(self.trouble, "record")
        if self.breaks > 0:
            self.breaks -= 1
            raise KeyError("a fault in record")
        if any(r.memo == memo.id and r.id != delivery for r in self.rows.values()):
            return False
        self._bump(self._set(delivery, step=DeliveryState.RECORDED, memo=memo.id, trace_id=memo.trace_id))
        self.looks.setdefault(delivery, (0, self.clock() + 30 * SECOND))
        return True

    async def close(self, delivery: DeliveryId, fence: Fence, step: DeliveryState, *, reason: str, code: str) -> bool:
        _raise(self.trouble, "close")
        if step is DeliveryState.UNCONFIRMED:
            self.looks[delivery] = (0, self.clock() + 30 * SECOND)
        return self._fenced(delivery, fence, step=step, reason=reason, code=code)

    async def cancel(self, channel: ChannelId, message_ts: str, kept_files: Sequence[str]) -> None:
        for row in list(self.rows.values()):
            gone = (row.post.channel, row.post.message_ts) == (channel, message_ts)
            if not gone or row.clip.file_id in kept_files or row.step not in OPEN_STATES:
                continue
            if row.step is DeliveryState.SENDING:
                self.withdrawn.add(row.id)
            else:
                self._bump(self._set(row.id, step=DeliveryState.CANCELLED, fence=Fence(row.fence + 1)))

    # receipts

    async def add(self, receipts: Sequence[Receipt]) -> None:
        for receipt in receipts:
            if receipt.id in self.receipts:
                continue
            self.receipts[receipt.id] = receipt
            for row in list(self.rows.values()):
                if row.memo is None and receipt.memo and row.attachment in receipt.attachments:
                    self._set(row.id, memo=receipt.memo, step=DeliveryState.RECORDED)
                if self._concerns(receipt, self.rows[row.id]):
                    self._bump(row)

    async def silent(self, now: datetime, limit: int) -> Sequence[tuple[DeliveryWithReceipts, int]]:
        due = [(self.rows[d], n) for d, (n, at) in self.looks.items() if at is not None and at <= now]
        return [(self._told(row), n) for row, n in due[:limit]]

    async def looked(self, delivery: DeliveryId, next_look_at: datetime | None) -> None:
        self.looks[delivery] = (self.looks[delivery][0] + 1, next_look_at)

    # notices

    async def take(self, notice: NoticeId, at: datetime) -> Notice | None:
        kept = self.notices.get(notice)
        if kept is None:
            return None
        kept = replace(kept, turn=kept.turn + 1)
        self.notices[notice] = kept if kept.ts else replace(kept, posting_since=kept.posting_since or at)
        self.waiting.discard(notice)
        return replace(kept, told=tuple(self._current([r for r in self.rows.values() if r.notice == notice])))

    async def posted(self, notice: Notice, ts: str, shown: str) -> str:
        kept = self.notices[notice.id]
        stands = kept.ts or ts
        if kept.turn == notice.turn and stands == ts:
            since = kept.posting_since if notice.posting_since else None
            self.notices[notice.id] = replace(kept, ts=ts, shown=shown, posting_since=since)
        else:
            self.notices[notice.id] = replace(kept, ts=stands, shown="", turn=kept.turn + 1)
            self.errands.append(RefreshNotice(notice.id))
        return stands

    async def not_posted(self, notice: Notice) -> None:
        kept = self.notices[notice.id]
        if kept.turn == notice.turn and kept.ts is None:
            self.notices[notice.id] = replace(kept, posting_since=notice.posting_since)

    async def alarmed(self, delivery: DeliveryId) -> None:
        key = self.rows[delivery].notice
        self.notices[key] = replace(self.notices[key], alarmed=self.notices[key].alarmed | {delivery})

    # links

    async def linked(self, channel: ChannelId) -> Link | None:
        return self.links.get(channel)

    async def save(self, link: Link) -> None:
        _raise(self.trouble, "save")
        self.links[link.channel] = link

    async def remove(self, channel: ChannelId) -> Link | None:
        link = self.links.get(channel)
        return None if link is None or link.made_by == FROM_FILE else self.links.pop(channel)

    async def all(self) -> Sequence[Link]:
        return list(self.links.values())

    async def open_in(self, chat: ChatId) -> int:
        return sum(r.chat == chat and r.step in OPEN_STATES for r in self.rows.values())

    # shared

    def _set(self, delivery: DeliveryId, **changes: object) -> Delivery:
        self.rows[delivery] = replace(self.rows[delivery], **changes)  # type: ignore[arg-type]  # checked by the tests
        return self.rows[delivery]

    def _fenced(self, delivery: DeliveryId, fence: Fence, *, bump: bool = True, **changes: object) -> bool:
        if self.rows[delivery].fence != fence:
            return False
        row = self._set(delivery, **changes)
        if bump:
            self._bump(row)
        return True

    def _bump(self, row: Delivery) -> None:
        if row.notice not in self.waiting:
            self.waiting.add(row.notice)
            self.errands.append(RefreshNotice(row.notice))

    @staticmethod
    def _concerns(receipt: Receipt, row: Delivery) -> bool:
        if receipt.memo is None and receipt.delivery is None:
            return bool(receipt.trace_id) and receipt.trace_id == row.trace_id
        return receipt.delivery == row.id or (receipt.memo is not None and receipt.memo == row.memo)

    def _told(self, row: Delivery) -> DeliveryWithReceipts:
        return DeliveryWithReceipts(row, tuple(r for r in self.receipts.values() if self._concerns(r, row)))

    def _current(self, rows: Sequence[Delivery]) -> list[DeliveryWithReceipts]:
        replaced = {r.replaces for r in self.rows.values()}
        kept = [r for r in rows if r.id not in replaced]
        return [self._told(r) for r in sorted(kept, key=lambda r: (r.position, r.asked_at))]


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
class FakeSlack:
    """``bodies`` by file id; ``trouble`` is raised by the next call of that name."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    trouble: dict[str, list[RelayError]] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    alarms: list[DeliveryId] = field(default_factory=list)
    standing: dict[NoticeId, list[str]] = field(default_factory=dict)
    admins: set[UserId] = field(default_factory=lambda: {ANN})
    finds: int = 0
    post_stands_when_lost: bool = True
    breaks_on: str = ""  # the clip of this name ends in an error that nobody foresaw
    breaks_off_at: int | None = None  # downloads stop coming about there, in bytes
    tells_sizes: bool = True
    opened: int = 0  # downloads, ever
    left_open: int = 0

    @asynccontextmanager
    async def download(self, clip: Clip) -> AsyncIterator[FakeDownload]:
        _raise(self.trouble, "download")
        if clip.name == self.breaks_on:
            raise KeyError("a fault in download")
        body = self.bodies.get(clip.file_id, b"AUDIO-ok!")
        self.opened += 1
        self.left_open += 1
        try:
            yield FakeDownload(body, len(body) if self.tells_sizes else None, self.breaks_off_at)
        finally:
            self.left_open -= 1

    async def post_notice(self, notice: Notice) -> str:
        ts = f"179000{len(self.posts):04}.000001"
        if not self.trouble.get("post_notice") or self.post_stands_when_lost:
            self.posts.append(self.words(notice))
            self.standing.setdefault(notice.id, []).append(ts)
        _raise(self.trouble, "post_notice")
        return ts

    async def find_notices(self, notice: Notice) -> Sequence[str]:
        self.finds += 1
        return self.standing.get(notice.id, [])

    async def remove_notice(self, notice: Notice, ts: str) -> None:
        _raise(self.trouble, "remove_notice")
        self.removed.append(ts)
        self.standing[notice.id].remove(ts)

    async def update_notice(self, notice: Notice) -> None:
        _raise(self.trouble, "update_notice")
        self.edits.append(self.words(notice))

    async def is_admin(self, user: UserId) -> bool:
        return user in self.admins

    def words(self, notice: Notice) -> str:
        return ", ".join(f"{t.delivery.clip.name} {status_of(t).status}" for t in notice.told)

    async def alarm(self, notice: Notice, delivery: Delivery) -> None:
        _raise(self.trouble, "alarm")
        self.alarms.append(delivery.id)


@dataclass
class FakeLinq:
    """Remembers what it was sent. ``lose_answers``: takes the next sends and loses the answer. ``stall``: takes not a
    byte of the next uploads, nor ends them."""

    trouble: dict[str, list[RelayError]] = field(default_factory=dict)
    uploads: dict[AttachmentId, bytes] = field(default_factory=dict)
    created: list[tuple[str, str, int]] = field(default_factory=list)
    sent: list[tuple[ChatId, AttachmentId | None, str]] = field(default_factory=list)
    lose_answers: int = 0
    stall: int = 0
    meanwhile: list[Awaitable[None]] = field(default_factory=list)  # what happens while the next sends are under way
    lists_memos: bool = True
    chats: list[Chat] = field(default_factory=lambda: [Chat(CHAT, ("+12025550123",))])
    says: dict[MemoId, Receipt] = field(default_factory=dict)

    async def create_attachment(self, filename: str, content_type: str, size_bytes: int) -> Upload:
        _raise(self.trouble, "create_attachment")
        self.created.append((filename, content_type, size_bytes))
        attachment = AttachmentId(f"A{len(self.created)}")
        return Upload(attachment, "https://storage.example/x", {}, content_type, size_bytes)

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        if self.stall:
            self.stall -= 1
            await asyncio.Event().wait()
        body = b"".join([chunk async for chunk in chunks])
        _raise(self.trouble, "upload")
        self.uploads[upload.attachment] = body

    async def send(self, chat: ChatId, *, attachment: AttachmentId | None = None, url: str = "") -> Memo:
        if self.meanwhile:
            await self.meanwhile.pop(0)
        _raise(self.trouble, "send")
        self.sent.append((chat, attachment, url))
        if self.lose_answers:
            self.lose_answers -= 1
            raise OutcomeUnknown("The answer was lost.")
        return Memo(MemoId(f"M{len(self.sent)}"))

    async def find_memo(
        self, chat: ChatId, since: datetime, *, attachment: AttachmentId | None, filename: str
    ) -> Memo | None:
        _raise(self.trouble, "find_memo")
        for number, (where, sent, url) in enumerate(self.sent, 1):
            is_it = sent == attachment if attachment else bool(filename) and unquote(url).endswith(filename)
            if self.lists_memos and where == chat and is_it:
                return Memo(MemoId(f"M{number}"))
        return None

    async def look(self, memo: MemoId) -> Receipt | None:
        _raise(self.trouble, "look")
        return self.says.get(memo)

    async def chat(self, chat: ChatId) -> Chat:
        for known in self.chats:
            if known.id == chat:
                return known
        raise Refused("There is no such chat.", code="2001")

    async def chats_with(self, handle: str) -> Sequence[Chat]:
        return [c for c in self.chats if handle in c.people]


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
            target.write_bytes(b"AUDIO made of " + body)
            info = AudioInfo(1.5, converted_from="WebM/Opus")
            return AudioFile(target, "audio/x-m4a", "m4a", target.stat().st_size, info)
        raise Refused("This file holds no sound.")


def _raise(trouble: Mapping[str, list[RelayError]], name: str) -> None:
    if trouble.get(name):
        raise trouble[name].pop(0)
