"""What the relay asks of its neighbours: one Protocol for each. Doors, store and audio room fit these shapes.

Every method may raise the three errors of ``errors`` and nothing else, unless it says so.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.relay.model import (
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
    Receipt,
    UserId,
)


class Download(Protocol):
    """An open download. ``size_bytes`` is what the sender promises now (None: unknown); chunks come as they arrive."""

    @property
    def size_bytes(self) -> int | None: ...

    def chunks(self) -> AsyncIterator[bytes]: ...


class Slack(Protocol):
    """Our side of the Slack door."""

    def download(self, clip: Clip) -> AbstractAsyncContextManager[Download]:
        """Open the clip's bytes. A stale address is renewed once through files.info before giving up."""
        ...

    async def post_notice(self, notice: Notice) -> str:
        """Post it once and give its ts. OutcomeUnknown when the post may stand in Slack after all."""
        ...

    async def find_notices(self, notice: Notice) -> Sequence[str]:
        """Every ts under which a post, answered or not, left this notice in the thread; the oldest first."""
        ...

    async def update_notice(self, notice: Notice) -> None: ...

    async def remove_notice(self, notice: Notice, ts: str) -> None:
        """Take away a second notice that should not be there."""
        ...

    async def is_admin(self, user: UserId) -> bool:
        """Whether Slack calls this person an admin or owner of the workspace."""
        ...

    def words(self, notice: Notice) -> str:
        """What the notice would show now, as text."""
        ...

    async def alarm(self, notice: Notice, delivery: Delivery) -> None:
        """A reply beside the notice that mentions the uploader: an edit notifies nobody."""
        ...


@dataclass(frozen=True)
class Upload:
    """Where the bytes of one attachment go, and the headers its signature demands."""

    attachment: AttachmentId
    url: str
    headers: Mapping[str, str]
    content_type: str
    size_bytes: int


class Linq(Protocol):
    """Our side of the Linq door."""

    async def create_attachment(self, filename: str, content_type: str, size_bytes: int) -> Upload: ...

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None: ...

    async def send(self, chat: ChatId, *, attachment: AttachmentId | None = None, url: str = "") -> Memo:
        """The one act that must not be repeated. Exactly one of the two. OutcomeUnknown when it may have been done."""
        ...

    async def find_memo(
        self, chat: ChatId, since: datetime, *, attachment: AttachmentId | None, filename: str
    ) -> Memo | None:
        """Look through the chat's messages since then for the one that carries this attachment.

        A memo sent by url has an attachment of Linq's own making: only then the file's (unique) name decides.
        """
        ...

    async def look(self, memo: MemoId) -> Receipt | None:
        """What Linq says of this memo now; None when it does not know it."""
        ...

    async def chat(self, chat: ChatId) -> Chat: ...

    async def chats_with(self, handle: str) -> Sequence[Chat]: ...


@dataclass(frozen=True)
class AudioFile:
    """A file that the receiving side takes: the clip itself, or a converted copy of it."""

    path: Path
    content_type: str
    extension: str
    size_bytes: int
    info: AudioInfo


class Audio(Protocol):
    """The room that listens."""

    def declare(self, head: bytes, name: str) -> tuple[str, str] | None:
        """Linq's content type and extension for a clip that begins so and may pass untouched; None: not as it is."""
        ...

    async def convert(self, path: Path, target: Path) -> AudioFile:
        """The clip itself where the receiving side takes it and phones play it, else a converted copy at ``target``.
        Refused says why not."""
        ...


class DeliveryStore(Protocol):
    """The memory of deliveries. A method with a fence answers False when another worker has taken the row over."""

    async def accept(self, deliveries: Sequence[Delivery]) -> Sequence[DeliveryId]:
        """Commit the new ones with their errands, together; gives the ids that were new.

        One without a chat goes where its channel is linked at this moment; without a link it is dropped.
        """
        ...

    async def claim(self, chat: ChatId) -> Delivery | None:
        """Take the chat's oldest open delivery with a new fence; None when nothing is open."""
        ...

    async def told(self, delivery: DeliveryId) -> DeliveryWithReceipts | None:
        """One delivery with its receipts."""
        ...

    async def of_message(self, channel: ChannelId, message_ts: str) -> Sequence[DeliveryWithReceipts]:
        """Every delivery of one Slack message that no other replaces, with their receipts."""
        ...

    async def postpone(
        self, delivery: DeliveryId, fence: Fence, *, due_at: datetime, reason: str, code: str, counts: bool
    ) -> bool:
        """Surely not sent: not to be tried before ``due_at``. An intent is taken back, what was prepared stays.

        ``counts``: it was one of the tries that end some day. Where the message is gone meanwhile, the delivery is
        cancelled instead, and the answer is False too.
        """
        ...

    async def intend(
        self,
        delivery: DeliveryId,
        fence: Fence,
        *,
        attachment: AttachmentId | None,
        sound: AudioInfo | None,
        at: datetime,
    ) -> bool:
        """Store "about to send" and what was prepared."""
        ...

    async def lend(self, delivery: DeliveryId, token: str, until: datetime) -> None:
        """Let the holder of this token fetch the clip until then."""
        ...

    async def lent(self, token: str, now: datetime) -> Delivery | None:
        """The unfinished delivery whose clip this token opens now."""
        ...

    async def fetched(self, delivery: DeliveryId, at: datetime) -> None:
        """Linq fetched the clip: evidence that it got our request."""
        ...

    async def record(self, delivery: DeliveryId, memo: Memo) -> bool:
        """Store the memo's id and its first receipt. A fact needs no fence; False when that memo already belongs to
        another delivery."""
        ...

    async def close(
        self, delivery: DeliveryId, fence: Fence, step: DeliveryState, *, reason: str, code: str
    ) -> bool: ...

    async def cancel(self, channel: ChannelId, message_ts: str, kept_files: Sequence[str]) -> None:
        """The message was deleted (or lost files): cancel what has not been sent and is not among ``kept_files``, and
        what is being sent just now as soon as it turns out that it surely was not."""
        ...


class ReceiptStore(Protocol):
    """The memory of receipts, and of who is still owed one."""

    async def add(self, receipts: Sequence[Receipt]) -> None:
        """Commit receipts with the announcements they cause; a known id changes nothing."""
        ...

    async def silent(self, now: datetime, limit: int) -> Sequence[tuple[DeliveryWithReceipts, int]]:
        """Recorded and unconfirmed deliveries due for a look, and how many looks each had."""
        ...

    async def looked(self, delivery: DeliveryId, next_look_at: datetime | None) -> None: ...


class NoticeStore(Protocol):
    """The memory of notices."""

    async def take(self, notice: NoticeId, at: datetime) -> Notice | None:
        """The notice with all it has to tell; later changes will ask for another turn.

        One that is not known to stand in Slack is stored as being posted since ``at``; what is given is since when
        turns before may have posted it.
        """
        ...

    async def posted(self, notice: Notice, ts: str, shown: str) -> str:
        """It shows this. Gives the ts under which it stands: not ours when another process has posted it before.

        Where another has taken a later turn meanwhile, what shows now may be old, and one more turn is asked for.
        """
        ...

    async def not_posted(self, notice: Notice) -> None:
        """This turn has surely not posted it: the next one need not look for that."""
        ...

    async def alarmed(self, delivery: DeliveryId) -> None: ...


class LinkStore(Protocol):
    """The memory of links."""

    async def linked(self, channel: ChannelId) -> Link | None: ...

    async def save(self, link: Link) -> None: ...

    async def remove(self, channel: ChannelId) -> Link | None: ...

    async def all(self) -> Sequence[Link]: ...

    async def open_in(self, chat: ChatId) -> int:
        """How many deliveries are still on their way into that chat."""
        ...
